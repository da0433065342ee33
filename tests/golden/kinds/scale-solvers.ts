import { createDiffraction } from '../../../libs/compute/src/diffraction.ts';
import { illumination } from '../../../libs/compute/src/probe.ts';
import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import type { GoldenKind } from '../kind.ts';
import { modelWith, planesOf, transposed, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Basis images and normal equations of the real/imaginary rescaling (inference spec §5): our diffraction three times. */
export const scaleSolvers: GoldenKind = {
  name: 'scale solvers',
  signature: 'obj, probe, intensity, X1, X2 and X3',
  matches: (file) => file.has('obj', 'probe', 'intensity', 'X1', 'X2', 'X3'),
  check(file, checks) {
    const tf = tensorflow();
    const N = file.shape('obj').at(-1) as number;
    const { re, im } = file.complex('probe');
    const optics = createDiffraction(tf, N, illumination(modelWith({ N, probeScale: 1 }), re, im));
    const intensity = (real: Tensor, imaginary: Tensor) =>
      tf.sum(tf.square(optics.farField(tf.stack([real, imaginary], 1))), 2);
    const [a, b] = tf.unstack(planesOf(file, 'obj'), 1);
    const first = intensity(a, tf.zerosLike(a));
    const second = intensity(tf.zerosLike(b), b);
    // |F(a + ib)|² is the two and the mixed term.
    const mixed = tf.sub(tf.sub(intensity(a, b), first), second);
    const images = [first, second, mixed].map((image) => transposed(valuesOf(image), N));
    images.forEach((image, i) => checks.array(`X${i + 1}`, image, tolerances.forward));

    const dot = (u: ArrayLike<number>, v: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
      return sum;
    };
    const measured = file.f32('intensity');
    const equations = [
      ['ATA_f64', 'ATb_f64', images],
      // The second solver puts the mixed term in the middle.
      ['rect_M_f64', 'rect_b_f64', [images[0], images[2], images[1]]],
    ] as const;
    for (const [matrix, vector, basis] of equations) {
      if (!file.has(matrix, vector)) continue;
      checks.array(
        matrix,
        basis.flatMap((u) => basis.map((v) => dot(u, v))),
        tolerances.forward,
      );
      checks.array(
        vector,
        basis.map((u) => dot(u, measured)),
        tolerances.forward,
      );
    }
    checks.leave(
      ['solve_eig', 'solve_lbfgs', 'solve_newton', 'rect_solution_f64', 'per_sample_coeffs', 'per_sample_s'],
      'the rescaling after training belongs to the count profile, which is refused (model spec §9.1)',
    );
  },
};
