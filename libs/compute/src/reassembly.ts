import type { Tensor5D } from '@tensorflow/tfjs-core';
import { assert } from '@ptychofleet/base';
import type { ModelSpec } from '@ptychofleet/config';
import type { Tensor, TensorFlow } from './runtime.ts';
import { fillTranslation, translationMatrix } from './translation.ts';

export type PatchWeighting = ModelSpec['trainingPatchWeighting'];

/** Below this weight a canvas pixel belongs to no patch (model spec §6.3). */
const WEIGHT_MIN = 1e-6;
/** Added to the weight by `central_mask`. */
const WEIGHT_OFFSET = 1e-3;
/** Floor of the weight under the other two weightings. */
const WEIGHT_FLOOR = 1e-12;

/**
 * The distance that a model states, or twice the farthest offset of any group: then no patch loses its rim (model spec §6.1
 * reads what lies beyond the canvas as zero). Never more than a canvas of 2N, since patches N apart share nothing.
 * @param relative (G, C, 2) offsets of the members, pixels.
 */
export function neighborDistance(
  { N, gridsize, maxNeighborDistance }: Pick<ModelSpec, 'N' | 'gridsize' | 'maxNeighborDistance'>,
  relative: Float32Array,
): number {
  if (maxNeighborDistance !== null || gridsize === 1) return maxNeighborDistance ?? 0;
  const farthest = relative.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0);
  return Math.min(2 * farthest, N) / (gridsize - 1);
}

/** Side M of a group's canvas: even(ceil(distance)) pixels more than a patch for every further row of the group (model spec §6.1). */
export function canvasSide(N: number, gridsize: number, maxNeighborDistance: number): number {
  const step = Math.ceil(maxNeighborDistance);
  return N + (gridsize - 1) * (step % 2 === 0 ? step : step + 1);
}

/**
 * The linear maps of one micro-batch's groups, built on the CPU from scan positions alone. The mask m_c of the central
 * weightings is separable, too, so it is folded into the merge matrices; the `probe` weighting keeps it as `patchWeights`.
 */
export interface GroupGeometry {
  /** (b, 1, M, C·N): place rows of every member, side by side, so that one product also adds the members up. */
  readonly mergeRows: Tensor;
  /** (b, 1, C, N, M): place columns, transposed. */
  readonly mergeColumns: Tensor;
  /** (b, 1, C, M, M) for `probe`, else null. */
  readonly patchWeights: Tensor | null;
  /** (b, 1, M, M): 1/weight inside the union of the patches, 0 outside. */
  readonly normaliser: Tensor;
  /** (b, 1, C·N, M): cut rows of every member out of the canvas. */
  readonly cutRows: Tensor;
  /** (b, 1, C, M, N): cut columns, transposed. */
  readonly cutColumns: Tensor;
}

export interface ReassemblyPlan {
  readonly N: number;
  readonly C: number;
  readonly M: number;
  readonly weighting: PatchWeighting;
  /** Σ_p |P_p|², (N, N): read by the `probe` weighting only. */
  readonly probeIntensity: Float32Array;
}

/**
 * @param relative (b, C, 2) as (x, y), pixels: -(r - mean r) of each member (training spec §3.2).
 */
export function groupGeometry(tf: TensorFlow, plan: ReassemblyPlan, relative: Float32Array): GroupGeometry {
  const { N, C, M, weighting } = plan;
  assert(relative.length % (2 * C) === 0, 'relative must hold (b, C, 2) numbers');
  const b = relative.length / (2 * C);
  const pad = Math.floor((M - N) / 2);
  const mergeRows = new Float32Array(b * M * C * N);
  const mergeColumns = new Float32Array(b * C * M * N);
  const cutRows = new Float32Array(b * C * N * M);
  const cutColumns = new Float32Array(b * C * N * M);
  const patchWeights = weighting === 'probe' ? new Float32Array(b * C * M * M) : null;
  const normaliser = new Float32Array(b * M * M);
  const weight = new Float64Array(M * M);
  for (let group = 0; group < b; group++) {
    weight.fill(0);
    for (let member = 0; member < C; member++) {
      const index = group * C + member;
      const x = relative[2 * index] as number;
      const y = relative[2 * index + 1] as number;
      // translate(pad(O), -rel): canvas row r reads patch row r - pad + rel.
      const rows = translationMatrix(M, N, -pad, -y);
      const columns = translationMatrix(M, N, -pad, -x);
      fillTranslation(cutRows, index * N * M, M, N, M, pad, y);
      transposeInto(cutColumns, index * N * M, N, translationMatrix(N, M, pad, x), N, M);
      if (patchWeights === null) {
        const rowMask = centralMask(rows, M, N);
        const columnMask = centralMask(columns, M, N);
        scaleRows(rows, rowMask, N);
        scaleRows(columns, columnMask, N);
        for (let r = 0; r < M; r++) {
          for (let c = 0; c < M; c++)
            weight[r * M + c] =
              (weight[r * M + c] as number) + (rowMask[r] as number) * (columnMask[c] as number);
        }
      } else {
        const place = patchWeights.subarray(index * M * M, (index + 1) * M * M);
        sandwich(place, rows, plan.probeIntensity, columns, M, N);
        for (let i = 0; i < M * M; i++) weight[i]! += place[i] as number;
      }
      for (let r = 0; r < M; r++) {
        mergeRows.set(rows.subarray(r * N, (r + 1) * N), ((group * M + r) * C + member) * N);
      }
      transposeInto(mergeColumns, index * M * N, M, columns, M, N);
    }
    invert(normaliser.subarray(group * M * M, (group + 1) * M * M), weight, weighting);
  }
  return {
    mergeRows: tf.tensor(mergeRows, [b, 1, M, C * N]),
    mergeColumns: tf.tensor(mergeColumns, [b, 1, C, N, M]),
    patchWeights: patchWeights === null ? null : tf.tensor(patchWeights, [b, 1, C, M, M]),
    normaliser: tf.tensor(normaliser, [b, 1, M, M]),
    cutRows: tf.tensor(cutRows, [b, 1, C * N, M]),
    cutColumns: tf.tensor(cutColumns, [b, 1, C, M, N]),
  };
}

/**
 * Merges each group's patches into one canvas (model spec §6.3).
 * patches (b, 2, C, N, N), axis 1 = real, imaginary → (b, 2, M, M)
 */
export function merge(tf: TensorFlow, patches: Tensor, geometry: GroupGeometry): Tensor {
  const [b, , C, N] = patches.shape as [number, number, number, number];
  const M = geometry.normaliser.shape[2] as number;
  const columnsPlaced = tf.matMul(patches, geometry.mergeColumns); // (b, 2, C, N, M)
  if (geometry.patchWeights === null) {
    const stacked = tf.reshape(columnsPlaced, [b, 2, C * N, M]);
    return tf.mul(tf.matMul(geometry.mergeRows, stacked), geometry.normaliser);
  }
  // (b, 1, M, C·N) → (b, 1, C, M, N): members stay apart until each has its own weight.
  const rows = tf.transpose(tf.reshape(geometry.mergeRows, [b, 1, M, C, N]), [0, 1, 3, 2, 4]);
  const placed = tf.mul(tf.matMul(rows, columnsPlaced), geometry.patchWeights); // (b, 2, C, M, M)
  return tf.mul(tf.sum(placed, 2), geometry.normaliser);
}

/** Cuts each member's patch out of the canvas again (model spec §6.5). (b, 2, M, M) → (b, 2, C, N, N) */
export function extract(tf: TensorFlow, canvas: Tensor, geometry: GroupGeometry): Tensor5D {
  const [b, , C, M, N] = geometry.cutColumns.shape as [number, number, number, number, number];
  const rowsCut = tf.reshape(tf.matMul(geometry.cutRows, canvas), [b, 2, C, N, M]);
  return tf.matMul(rowsCut, geometry.cutColumns) as Tensor5D;
}

/** One axis of the translated central block: row sums over columns [N/4, N/4 + N/2). */
function centralMask(matrix: Float32Array, rows: number, N: number): Float32Array {
  const mask = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = N / 4; column < N / 4 + N / 2; column++) sum += matrix[row * N + column] as number;
    mask[row] = sum;
  }
  return mask;
}

function scaleRows(matrix: Float32Array, factors: Float32Array, columns: number): void {
  for (let i = 0; i < matrix.length; i++) {
    matrix[i] = (matrix[i] as number) * (factors[Math.floor(i / columns)] as number);
  }
}

/** target (columns, rows) at `offset` with row length `stride` = matrixᵀ of matrix (rows, columns). */
function transposeInto(
  target: Float32Array,
  offset: number,
  stride: number,
  matrix: Float32Array,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      target[offset + column * stride + row] = matrix[row * columns + column] as number;
    }
  }
}

/** target (M, M) = rows (M, N) · image (N, N) · columnsᵀ (N, M). Rows have at most two entries, zeros are skipped. */
function sandwich(
  target: Float32Array,
  rows: Float32Array,
  image: Float32Array,
  columns: Float32Array,
  M: number,
  N: number,
): void {
  const half = new Float32Array(N * M); // image · columnsᵀ
  for (let column = 0; column < M; column++) {
    for (let j = 0; j < N; j++) {
      const factor = columns[column * N + j] as number;
      if (factor === 0) continue;
      for (let i = 0; i < N; i++) half[i * M + column]! += factor * (image[i * N + j] as number);
    }
  }
  for (let row = 0; row < M; row++) {
    for (let i = 0; i < N; i++) {
      const factor = rows[row * N + i] as number;
      if (factor === 0) continue;
      for (let column = 0; column < M; column++) {
        target[row * M + column]! += factor * (half[i * M + column] as number);
      }
    }
  }
}

function invert(target: Float32Array, weight: Float64Array, weighting: PatchWeighting): void {
  const threshold =
    weighting === 'probe' ? WEIGHT_MIN * weight.reduce((a, b) => Math.max(a, b), 0) : WEIGHT_MIN;
  for (let i = 0; i < target.length; i++) {
    const n = weight[i] as number;
    if (n <= threshold) continue;
    target[i] = 1 / (weighting === 'central_mask' ? n + WEIGHT_OFFSET : Math.max(n, WEIGHT_FLOOR));
  }
}
