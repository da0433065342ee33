import { assert, valuesDigestOf, type ContentDigest, type ValuesDigest } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import { NeighbourIndex, writeNpz, type PreparedScan } from '@ptychofleet/data';
import {
  consistentPhases,
  probeWeights,
  shiftAndSum,
  stitchBarycentric,
  turnPatches,
  type Canvas,
  type PatchStack,
} from '@ptychofleet/imaging';
import { slabToBytes } from '@ptychofleet/params';
import { consecutiveGroups, inferenceTasks, type Block, type InferencePlan } from '@ptychofleet/run';
import { lasting, type LentBytes } from '@ptychofleet/wire';
import type { Job, MadeFile, RoundOutcome, RoundPlace, TaskAnswer, TaskDescription } from './job.ts';
import { patchStatisticsFiles } from './patch-statistics.ts';
import type { PublishedScan } from './training-settings.ts';

export interface InferenceSettings {
  readonly plan: InferencePlan;
  readonly model: ModelSpec;
  readonly loss: LossSpec;
  readonly weights: Float32Array;
  readonly scan: PublishedScan;
  /** Side of the central crop of each patch that is stitched, pixels. */
  readonly cropSide: number;
  /** `probe` weighs every pixel by the illumination there (inference spec §4), `uniform` all alike (§3). */
  readonly patchWeighting: 'uniform' | 'probe';
  /** `aligned` gives every patch the phase under which it agrees with its neighbours, `predicted` takes the network's. */
  readonly patchPhases: 'aligned' | 'predicted';
  /** Batches whose patches are described, from the first on. */
  readonly patchStatisticsBatches: number;
  readonly warnings: readonly string[];
}

/** Reconstruction: object patches of all groups, each member placed at its own scan position. */
export class InferenceJob implements Job {
  readonly plan: InferencePlan;
  readonly patternsPerGroup: number;
  readonly warnings: readonly string[];
  readonly ledger = null;
  readonly position = undefined;
  readonly numerics = null;
  readonly #settings: InferenceSettings;
  readonly #weightBytes: Uint8Array;
  readonly #weightsDigest: ValuesDigest;
  readonly #patches: (Float32Array | null)[];

  constructor(settings: InferenceSettings) {
    this.#settings = settings;
    this.plan = settings.plan;
    this.warnings = settings.warnings;
    this.patternsPerGroup = settings.scan.scan.C;
    this.#weightBytes = slabToBytes(settings.weights);
    this.#weightsDigest = valuesDigestOf(this.#weightBytes);
    this.#patches = new Array<Float32Array | null>(inferenceTasks(settings.plan)).fill(null);
  }

  learningRate(): number {
    return 0;
  }

  valueCount(): number {
    const { plan, cropSide, scan } = this.#settings;
    return plan.batchSize * scan.scan.C * cropSide * cropSide * 2;
  }

  memory(): Float32Array {
    return new Float32Array(this.valueCount());
  }

  describe(_place: RoundPlace, { index: task }: Block): TaskDescription {
    const { plan, model, loss, scan, cropSide } = this.#settings;
    return {
      kind: 'TASK_KIND_PREDICTION',
      model,
      loss,
      scanDigest: scan.digest,
      weightsDigest: this.#weightsDigest,
      microBatches: [consecutiveGroups(plan.batchSize, plan.groupCount, task)],
      cropSide,
    };
  }

  accept(_place: RoundPlace, { index: task }: Block, answer: TaskAnswer): void {
    this.#patches[task] = answer.values;
  }

  voidRound(): void {
    this.#patches.fill(null);
  }

  closeRound(): Promise<RoundOutcome> {
    return Promise.resolve({ loss: null });
  }

  checkpoint(): null {
    return null;
  }

  finish(): Promise<readonly MadeFile[]> {
    const canvas = this.#stitch();
    return Promise.resolve([
      {
        name: 'reconstruction.npz',
        bytes: encodeReconstruction(canvas, memberPositions(this.#settings.scan.scan)),
      },
      ...this.#describePatches(),
    ]);
  }

  blob(digest: ContentDigest): LentBytes | null {
    if (digest === this.#settings.scan.digest) return lasting(this.#settings.scan.bytes);
    return digest === this.#weightsDigest ? lasting(this.#weightBytes) : null;
  }

  #describePatches(): readonly MadeFile[] {
    const { patchStatisticsBatches, cropSide: side, plan, scan } = this.#settings;
    if (patchStatisticsBatches === 0) return [];
    const { values } = this.#allPatches(scan.scan.groups.length);
    const perBatch = plan.batchSize * scan.scan.C * side * side * 2;
    const count = Math.min(patchStatisticsBatches, this.#patches.length);
    return patchStatisticsFiles(
      Array.from({ length: count }, (_, i) => ({
        side,
        values: values.subarray(i * perBatch, (i + 1) * perBatch),
      })),
    );
  }

  #stitch(): Canvas {
    const { cropSide, patchPhases, patchWeighting, scan } = this.#settings;
    const { N, probeRe, probeIm } = scan.scan;
    const positions = memberPositions(scan.scan);
    const predicted = this.#allPatches(positions.length / 2);
    const patches = patchPhases === 'aligned' ? phasesAligned(predicted, positions, scan.scan.C) : predicted;
    const canvas =
      patchWeighting === 'uniform'
        ? shiftAndSum(patches, positions, cropSide)
        : stitchBarycentric(patches, positions, cropSide, probeWeights(probeRe, probeIm, N, cropSide)).canvas;
    // From the network's units to the file's: |FFT(probe·object)| then matches the measured amplitude.
    const factor = scan.scan.scales.object;
    const scaled = (values: Float32Array): Float32Array => values.map((value) => value * factor);
    return {
      ...canvas,
      image: { ...canvas.image, re: scaled(canvas.image.re), im: scaled(canvas.image.im) },
    };
  }

  /** The answers of all tasks without their padding. */
  #allPatches(count: number): PatchStack {
    const { cropSide, scan, plan } = this.#settings;
    const size = cropSide * cropSide * 2;
    const values = new Float32Array(count * size);
    this.#patches.forEach((patches, task) => {
      assert(patches !== null, 'all predictions are in');
      const first = task * plan.batchSize;
      const groups = Math.min(plan.batchSize, scan.scan.groupCount - first);
      values.set(patches.subarray(0, groups * scan.scan.C * size), first * scan.scan.C * size);
    });
    return { count, side: cropSide, values };
  }
}

/** Every patch is held to its nearest so many, and for members of groups so many more, since groups repeat patterns. */
const neighboursPerPatch = 12;

function phasesAligned(patches: PatchStack, positions: Float64Array, C: number): PatchStack {
  const axis = (at: number) => Float64Array.from({ length: patches.count }, (_, i) => positions[2 * i + at]);
  const index = new NeighbourIndex(axis(0), axis(1));
  const near = (patch: number) => index.nearest(patch, neighboursPerPatch * C);
  return turnPatches(patches, consistentPhases(patches, positions, near));
}

/** Scan position (x, y) of every member of every group, (G·C, 2). */
function memberPositions(scan: PreparedScan): Float64Array {
  const positions = new Float64Array(scan.groups.length * 2);
  scan.groups.forEach((pattern, member) => {
    positions[2 * member] = scan.positions[2 * pattern] as number;
    positions[2 * member + 1] = scan.positions[2 * pattern + 1] as number;
  });
  return positions;
}

/**
 * `object` complex64 (H, W), `origin` float64 (x, y) of pixel (0, 0) in the scan's coordinates, `lit` bool (H, W);
 * `positions` float64 (G·C, 2) are those that were stitched, so that a truth can be stitched alike.
 */
function encodeReconstruction({ image, originX, originY, lit }: Canvas, positions: Float64Array): Uint8Array {
  const { height, width, re, im } = image;
  const interleaved = new Float32Array(2 * height * width);
  for (let i = 0; i < re.length; i++) {
    interleaved[2 * i] = re[i] as number;
    interleaved[2 * i + 1] = im[i] as number;
  }
  return writeNpz([
    ['object', { dtype: 'complex64', shape: [height, width], data: interleaved }],
    ['origin', { dtype: 'float64', shape: [2], data: Float64Array.of(originX, originY) }],
    ['lit', { dtype: 'bool', shape: [height, width], data: lit }],
    ['positions', { dtype: 'float64', shape: [positions.length / 2, 2], data: positions }],
  ]);
}
