import { assert, digestOf, type Digest } from '@ptychofleet/base';
import type { LossSpec, ModelSpec } from '@ptychofleet/config';
import { writeNpz, type PreparedScan } from '@ptychofleet/data';
import { probeWeights, ShiftAndSumStitcher, stitchBarycentric, type Canvas } from '@ptychofleet/imaging';
import { slabToBytes } from '@ptychofleet/params';
import { consecutiveGroups, inferenceTasks, type Block, type InferencePlan } from '@ptychofleet/run';
import type { Job, MadeFile, RoundOutcome, RoundPlace, TaskAnswer, TaskDescription } from './job.ts';
import type { PublishedScan } from './training-job.ts';

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
  readonly warnings: readonly string[];
}

/** Reconstruction: object patches of all groups, each member placed at its own scan position. */
export class InferenceJob implements Job {
  readonly plan: InferencePlan;
  readonly patternsPerGroup: number;
  readonly warnings: readonly string[];
  readonly ledger = null;
  readonly position = undefined;
  readonly #settings: InferenceSettings;
  readonly #weightBytes: Uint8Array;
  readonly #weightsDigest: Digest;
  readonly #patches: (Float32Array | null)[];

  constructor(settings: InferenceSettings) {
    this.#settings = settings;
    this.plan = settings.plan;
    this.warnings = settings.warnings;
    this.patternsPerGroup = settings.scan.scan.C;
    this.#weightBytes = slabToBytes(settings.weights);
    this.#weightsDigest = digestOf(this.#weightBytes);
    this.#patches = new Array<Float32Array | null>(inferenceTasks(settings.plan)).fill(null);
  }

  learningRate(): number {
    return 0;
  }

  valueCount(): number {
    const { plan, cropSide, scan } = this.#settings;
    return plan.batchSize * scan.scan.C * cropSide * cropSide * 2;
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
    ]);
  }

  blob(digest: Digest): Uint8Array | null {
    if (digest === this.#settings.scan.digest) return this.#settings.scan.bytes;
    return digest === this.#weightsDigest ? this.#weightBytes : null;
  }

  #stitch(): Canvas {
    const { scan, patchWeighting } = this.#settings;
    const positions = memberPositions(scan.scan);
    const canvas =
      patchWeighting === 'uniform' ? this.#shiftAndSum(positions) : this.#weightByProbe(positions);
    // From the network's units to the file's: |FFT(probe·object)| then matches the measured amplitude.
    const factor = scan.scan.scales.object;
    const scaled = (values: Float32Array): Float32Array => values.map((value) => value * factor);
    return {
      ...canvas,
      image: { ...canvas.image, re: scaled(canvas.image.re), im: scaled(canvas.image.im) },
    };
  }

  #shiftAndSum(positions: Float64Array): Canvas {
    const { cropSide, plan, scan } = this.#settings;
    const stitcher = new ShiftAndSumStitcher(positions, cropSide);
    this.#patches.forEach((_, task) =>
      stitcher.add(task * plan.batchSize * scan.scan.C, this.#patchesOf(task)),
    );
    return stitcher.result();
  }

  #weightByProbe(positions: Float64Array): Canvas {
    const { cropSide } = this.#settings;
    const { N, probeRe, probeIm } = this.#settings.scan.scan;
    const count = positions.length / 2;
    const values = new Float32Array(count * cropSide * cropSide * 2);
    let filled = 0;
    this.#patches.forEach((_, task) => {
      const patches = this.#patchesOf(task);
      values.set(patches, filled);
      filled += patches.length;
    });
    const weights = probeWeights(probeRe, probeIm, N, cropSide);
    return stitchBarycentric({ count, side: cropSide, values }, positions, cropSide, weights).canvas;
  }

  /** The answer to a task without its padding. */
  #patchesOf(task: number): Float32Array {
    const { cropSide, scan, plan } = this.#settings;
    const patches = this.#patches[task];
    assert(patches != null, 'all predictions are in');
    const groups = Math.min(plan.batchSize, scan.scan.groupCount - task * plan.batchSize);
    return patches.subarray(0, groups * scan.scan.C * cropSide * cropSide * 2);
  }
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
