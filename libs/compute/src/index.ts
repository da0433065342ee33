export { createEngine, type Engine, type GradientResult, type LossResult } from './engine.ts';
export { type MicroBatch } from './batch.ts';
export { numericsPassport, type NumericsPassport } from './passport.ts';
export { type ScanTensors } from './scan-tensors.ts';
export {
  configureRuntime,
  defaultPins,
  numericsClass,
  tensorCount,
  type NumericsClass,
  type RuntimePins,
} from './runtime.ts';
