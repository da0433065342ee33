import { tensorflow, type Tensor } from '../../libs/compute/src/runtime.ts';
import { translationMatrix } from '../../libs/compute/src/translation.ts';

/** Added to a weight by the merge of the TensorFlow back end (model spec §6.4). */
const WEIGHT_OFFSET = 1e-3;

/**
 * How the TensorFlow back end merges: whole patches over the count of their central halves, with weights up to 1,000 at
 * the rim. We do not offer it; it stands here, made of our translations, to check these and what goes through it.
 *
 * @param patches (b, 2, C, N, N)
 * @param relative (b, C, 2) as (x, y), pixels; the mean over the batch, which that back end subtracts, is taken off.
 */
export function kerasMerge(
  patches: Tensor,
  relative: Float32Array,
  M: number,
): { canvas: Tensor; cut(): Tensor } {
  const tf = tensorflow();
  const [b, , C, N] = patches.shape as [number, number, number, number];
  const pad = Math.floor((M - N) / 2);
  const means = [0, 1].map((axis) => mean(relative.filter((_, i) => i % 2 === axis)));
  /** (b, 1, C, rows, columns) along one axis of every patch. */
  const matrices = (axis: 0 | 1, rows: number, columns: number, origin: number, sign: 1 | -1) =>
    tf.tensor(
      Float32Array.from(
        Array.from({ length: b * C }, (_, i) => {
          const shift = sign * (relative[2 * i + axis] - means[axis]);
          return [...translationMatrix(rows, columns, origin, shift)];
        }).flat(),
      ),
      [b, 1, C, rows, columns],
    );
  const [rows, columns] = [matrices(1, M, N, -pad, -1), matrices(0, M, N, -pad, -1)];
  const place = (images: Tensor) => tf.matMul(tf.matMul(rows, images), columns, false, true);
  const inside = (i: number) => i >= N / 4 && i < N / 4 + N / 2;
  const block = Float32Array.from({ length: N * N }, (_, i) =>
    inside(Math.floor(i / N)) && inside(i % N) ? 1 : 0,
  );
  const masks = tf.tile(tf.tensor(block, [1, 1, 1, N, N]), [b, 1, C, 1, 1]);
  const canvas = tf.div(tf.sum(place(patches), 2), tf.add(tf.sum(place(masks), 2), WEIGHT_OFFSET)); // (b, 2, M, M)
  return {
    canvas,
    /** The patches, cut out again: (b, 2, C, N, N). */
    cut() {
      const whole = tf.tile(tf.expandDims(canvas, 2), [1, 1, C, 1, 1]);
      const back = tf.matMul(matrices(1, N, M, pad, 1), whole);
      return tf.matMul(back, matrices(0, N, M, pad, 1), false, true);
    },
  };
}

function mean(values: Float32Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
