import type { Tensor3D } from '@tensorflow/tfjs-core';
import type { Field } from './probe.ts';
import type { Tensor, TensorFlow } from './runtime.ts';

/** Keeps the square root differentiable at 0, below anything float32 resolves in a measured pixel (model spec §10). */
const INTENSITY_FLOOR = 1e-20;

/** Illumination and propagation to the detector (model spec §7). */
export interface Diffraction {
  /**
   * Object patches (n, 2, N, N), axis 1 = real, imaginary → far field (n, N, 2, N): [column, real|imaginary, row] of the
   * centred unitary transform. It stays transposed because that costs nothing here and a transposition everywhere else.
   */
  farField(patches: Tensor): Tensor;
  /** Far field (n, N, 2, N) → amplitude (n, N, N), still [column, row]. */
  amplitude(farField: Tensor): Tensor3D;
  /** Frees the matrices. */
  dispose(): void;
}

export function createDiffraction(tf: TensorFlow, N: number, illumination: Field): Diffraction {
  const matrix = tf.tensor2d(transformMatrix(N), [2 * N, 2 * N]);
  const probeRe = tf.tensor3d(illumination.re, [1, N, N]);
  const probeIm = tf.tensor3d(illumination.im, [1, N, N]);
  /** (n, N, 2, N) → (n, N, 2, N): the transform along the last axis of every row. */
  const alongLast = (field: Tensor, n: number) =>
    tf.reshape(tf.matMul(tf.reshape(field, [n * N, 2 * N]), matrix), [n, N, 2, N]);

  return {
    farField(patches) {
      const n = patches.shape[0] as number;
      const [re, im] = tf.unstack(patches, 1) as [Tensor, Tensor];
      const exitWave = tf.stack(
        [tf.sub(tf.mul(re, probeRe), tf.mul(im, probeIm)), tf.add(tf.mul(re, probeIm), tf.mul(im, probeRe))],
        2,
      ); // (n, row, 2, column)
      const columns = alongLast(exitWave, n);
      return alongLast(tf.transpose(columns, [0, 3, 2, 1]), n);
    },

    amplitude(farField) {
      const layer = tf.customGrad((field, save) => {
        const value = tf.sqrt(tf.sum(tf.square(field as Tensor), 2));
        (save as unknown as (tensors: Tensor[]) => void)([field as Tensor, value]);
        const gradFunc = (dy: Tensor, [field, value]: Tensor[]) => {
          const floored = tf.maximum(value as Tensor, Math.sqrt(INTENSITY_FLOOR));
          return tf.mul(field as Tensor, besideParts(tf, tf.div(dy, floored)));
        };
        return { value, gradFunc };
      });
      return layer(farField) as Tensor3D;
    },

    dispose() {
      tf.dispose([matrix, probeRe, probeIm]);
    },
  };
}

/** (n, N, N) → (n, N, 1, N), one value for both parts of a far field. Not expandDims: tfjs leaves its types to be guessed, and a graph needs them. */
export function besideParts(tf: TensorFlow, values: Tensor): Tensor {
  const [n, columns, rows] = values.shape as [number, number, number];
  return tf.reshape(values, [n, columns, 1, rows]);
}

/**
 * The unitary DFT with its output centred (a roll by floor(N/2)), as a real matrix that acts on rows [re | im] from the right:
 * [[Dᵣᵀ, Dᵢᵀ], [-Dᵢᵀ, Dᵣᵀ]], (2N, 2N) row-major. D[k, x] = exp(-2πi (k - floor(N/2)) x / N)/√N.
 */
export function transformMatrix(N: number): Float32Array {
  const matrix = new Float32Array(4 * N * N);
  const scale = 1 / Math.sqrt(N);
  for (let x = 0; x < N; x++) {
    for (let k = 0; k < N; k++) {
      const turns = ((k - Math.floor(N / 2)) * x) % N; // exact, so that the angle keeps full precision
      const re = scale * Math.cos((-2 * Math.PI * turns) / N);
      const im = scale * Math.sin((-2 * Math.PI * turns) / N);
      matrix[x * 2 * N + k] = re;
      matrix[x * 2 * N + N + k] = im;
      matrix[(N + x) * 2 * N + k] = -im;
      matrix[(N + x) * 2 * N + N + k] = re;
    }
  }
  return matrix;
}
