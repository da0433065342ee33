export {
  amplitudeOf,
  cropComplex,
  fromInterleaved,
  phaseOf,
  toInterleaved,
  type Box,
  type ComplexImage,
  type RealImage,
} from './complex-image.ts';
export { type Canvas } from './canvas.ts';
export { centralCrops, patchesOfObject, type PatchStack } from './patches.ts';
export { consistentPhases, turnPatches, type PatchPhases } from './patch-phases.ts';
export { shiftAndSum, ShiftAndSumStitcher, stitchTruePatches } from './shift-and-sum.ts';
export {
  BarycentricStitcher,
  probeWeights,
  stitchBarycentric,
  type BarycentricCanvas,
} from './barycentric.ts';
export { amplitudeScale, centredPhase, phaseDifference, withoutPhase } from './phase-alignment.ts';
export { type Plane } from './plane-fit.ts';
export { fourierShift, registerShift, type Shift } from './registration.ts';
export { cropToScanBox, largestLitSquare } from './scan-area.ts';
export { multiScaleSimilarity, structuralSimilarity } from './similarity.ts';
export { fourierRingCorrelation, ringCutoff } from './ring-correlation.ts';
export {
  evalLitPixels,
  evalReconstruction,
  pixelErrors,
  type PhaseTrend,
  type PixelMetrics,
  type QuantityMetrics,
  type ReconstructionMetrics,
} from './evaluation.ts';
export { compareObjects, type ComparableObject } from './object-comparison.ts';
export { compareToTruth, type TruthComparison, type TruthComparisonInput } from './truth-comparison.ts';
export { type ColorMap } from './color-maps.ts';
export { robustRange, type DisplayRange } from './display-range.ts';
export { grayPng } from './png.ts';
export { thumbnailPng, type ThumbnailLimits } from './thumbnail.ts';
export { renderImageFigure, renderPanels, type ImagePanel } from './image-figure.ts';
export { renderCurves, type CurveFigure, type CurveSeries } from './curve-figure.ts';
export { renderComparison, type ShownComparison } from './quality-figures.ts';
