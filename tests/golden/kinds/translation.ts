import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import { translationMatrix } from '../../../libs/compute/src/translation.ts';
import type { GoldenKind } from '../kind.ts';
import { interleaved, planesOf, tensorOf, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Bilinear translation and its adjoint (model spec §6.2). */
export const translation: GoldenKind = {
  name: 'translation',
  signature: 'img and offset_xy',
  matches: (file) => file.has('img', 'offset_xy'),
  check(file, checks) {
    const tf = tensorflow();
    const [n, height, width] = file.shapeOf('img', 3);
    const offsets = file.f32('offset_xy');
    const matrices = (side: number, axis: 0 | 1) =>
      tf.stack(
        Array.from({ length: n }, (_, i) =>
          tf.tensor2d(translationMatrix(side, side, 0, offsets[2 * i + axis]), [side, side]),
        ),
      );
    const rows = tf.expandDims(matrices(height, 1), 1);
    const columns = tf.expandDims(matrices(width, 0), 1);
    const shift = (image: Tensor) => tf.matMul(tf.matMul(rows, image), columns, false, true);
    const image = planesOf(file, 'img');
    const moved = interleaved(shift(image));
    for (const key of ['out_torch', 'out_tf'])
      if (file.has(key)) checks.array(key, moved, tolerances.forward);
    if (!file.has('wr', 'wi')) return;
    const weights = tf.stack([tensorOf(file, 'wr'), tensorOf(file, 'wi')], 1);
    const slope = tf.grad((x) => tf.sum(tf.mul(shift(x as Tensor), weights)))(image);
    const [re, im] = tf.unstack(slope, 1);
    checks.array('grad_re', valuesOf(re), tolerances.gradient);
    checks.array('grad_im', valuesOf(im), tolerances.gradient);
  },
};
