import { createDiffraction } from '../../../libs/compute/src/diffraction.ts';
import { complexParts, type ObjectMaps } from '../../../libs/compute/src/network.ts';
import { illumination } from '../../../libs/compute/src/probe.ts';
import { tensorflow, type Tensor } from '../../../libs/compute/src/runtime.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { interleaved, modelWith, planesOf, tensorOf, transposed, valuesOf } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Illumination and propagation (model spec §5, §7, §9.1). */
export const diffraction: GoldenKind = {
  name: 'diffraction',
  signature: '<tag>_obj, <tag>_probe and <tag>_amp or <tag>_coherent_amp',
  matches: (file) =>
    file.captures(/^(.+?)(?:_coherent)?_amp$/).some(([tag]) => file.has(`${tag}_obj`, `${tag}_probe`)),
  check(file, checks) {
    for (const [tag] of file.captures(/^(.+)_amp$/)) {
      if (file.has(`${tag}_obj`)) checkAmplitude(file, checks, tag);
      else if (file.has(`${tag}_phase`, `${tag}_out`)) checkComplexMap(file, checks, tag);
    }
    for (const [tag] of file.captures(/^(.+)_coherent_amp$/)) checkModes(file, checks, tag);
    for (const [tag] of file.captures(/^(.+)_psi_a$/)) checkRectangular(file, checks, tag);
  },
};

function unscaledIllumination(re: Float32Array, im: Float32Array, N: number) {
  return illumination(modelWith({ N, probeScale: 1 }), re, im);
}

function diffractionOf(file: GoldenFile, probe: string) {
  const { re, im } = file.complex(probe);
  const N = file.shape(probe).at(-1) as number;
  return createDiffraction(tensorflow(), N, unscaledIllumination(re, im, N));
}

function checkAmplitude(file: GoldenFile, checks: Checks, tag: string): void {
  const tf = tensorflow();
  const N = file.shape(`${tag}_obj`).at(-1) as number;
  const optics = diffractionOf(file, `${tag}_probe`);
  const amplitude = (object: Tensor) => optics.amplitude(optics.farField(object));
  const object = planesOf(file, `${tag}_obj`);
  checks.array(`${tag}_amp`, transposed(valuesOf(amplitude(object)), N), tolerances.forward);
  if (!file.has(`${tag}_w`)) return;
  const weights = tf.reshape(tf.tensor(transposed(file.f32(`${tag}_w`), N)), [-1, N, N]);
  const slope = tf.grad((x) => tf.sum(tf.mul(amplitude(x as Tensor), weights)))(object);
  const [re, im] = tf.unstack(slope, 1);
  checks.array(`${tag}_grad_re`, valuesOf(re), tolerances.gradient);
  checks.array(`${tag}_grad_im`, valuesOf(im), tolerances.gradient);
}

/** Modes are added before the modulus, also behind a zero padding by N/4. */
function checkModes(file: GoldenFile, checks: Checks, tag: string): void {
  const tf = tensorflow();
  const N = file.shape(`${tag}_obj`).at(-1) as number;
  const object = planesOf(file, `${tag}_obj`);
  const optics = diffractionOf(file, `${tag}_probe`);
  const amplitude = valuesOf(optics.amplitude(optics.farField(object)));
  checks.array(`${tag}_coherent_amp`, transposed(amplitude, N), tolerances.forward);
  const padded = `${tag}_coherent_amp_padded`;
  if (!file.has(padded)) return;
  const side = file.shape(padded).at(-1) as number;
  const before = Math.floor((side - N) / 2);
  const edge: [number, number] = [before, side - N - before];
  const { re, im } = file.complex(`${tag}_probe`);
  const pad = (modes: Float32Array) =>
    valuesOf(tf.pad(tf.tensor(modes, [modes.length / (N * N), N, N]), [[0, 0], edge, edge]));
  const wide = createDiffraction(tf, side, unscaledIllumination(pad(re), pad(im), side));
  const field = wide.farField(tf.pad(object, [[0, 0], [0, 0], edge, edge]));
  // The reference divides by the unpadded side, ours is unitary.
  const rescaled = valuesOf(tf.mul(wide.amplitude(field), side / N));
  checks.array(padded, transposed(rescaled, side), tolerances.forward);
}

/** Real and imaginary part with a factor each, modes added as intensities: our transform, mode by mode. */
function checkRectangular(file: GoldenFile, checks: Checks, tag: string): void {
  const tf = tensorflow();
  const [stack] = file.captures(/^(.+)_probe$/).find(([name]) => file.shape(`${name}_probe`).length === 3) ?? ['modes']; // prettier-ignore
  const [modes, N] = file.shapeOf(`${stack}_probe`, 3);
  const probe = file.complex(`${stack}_probe`);
  const [re, im] = tf.unstack(planesOf(file, `${stack}_obj`), 1);
  const n = re.shape[0];
  const nothing = tf.zerosLike(re);
  const [s1, s2] = [file.scalar(`${tag}_s1`), file.scalar(`${tag}_s2`)];
  const scale = tf.reshape(tensorOf(file, `${tag}_scale`), [-1, 1, 1, 1]);
  const objects = {
    psi_a: tf.stack([re, nothing], 1),
    psi_b: tf.stack([nothing, im], 1),
    intensity: tf.mul(tf.stack([tf.mul(re, s1), tf.mul(im, s2)], 1), scale),
  };
  const perMode = Array.from({ length: modes }, (_, mode) => {
    const of = (part: Float32Array) => part.slice(mode * N * N, (mode + 1) * N * N);
    return createDiffraction(tf, N, unscaledIllumination(of(probe.re), of(probe.im), N));
  });
  for (const part of ['psi_a', 'psi_b'] as const) {
    // (n, column, 2, row) of each mode → (n·modes, 2, row, column)
    const fields = perMode.map((optics) => tf.transpose(optics.farField(objects[part]), [0, 2, 3, 1]));
    const stacked = tf.reshape(tf.stack(fields, 1), [n * modes, 2, N, N]);
    checks.array(`${tag}_${part}`, interleaved(stacked), tolerances.forward);
  }
  const intensities = perMode.map((optics) => tf.sum(tf.square(optics.farField(objects.intensity)), 2));
  const intensity = valuesOf(tf.addN(intensities));
  checks.array(`${tag}_intensity`, transposed(intensity, N), tolerances.forward);
}

/** amplitude·exp(i·phase) and its gradients (model spec §5). */
function checkComplexMap(file: GoldenFile, checks: Checks, tag: string): void {
  const tf = tensorflow();
  const map = (name: string) => tensorOf(file, `${tag}_${name}`) as ObjectMaps['amplitude'];
  const parts = (amplitude: Tensor, phase: Tensor) =>
    tf.stack(complexParts(tf, { amplitude, phase } as ObjectMaps), 4);
  const maps = [map('amp'), map('phase')] as const;
  checks.array(`${tag}_out`, valuesOf(parts(...maps)), tolerances.forward);
  if (!file.has(`${tag}_wr`, `${tag}_wi`)) return;
  const weights = tf.stack([map('wr'), map('wi')], 4);
  const weighed = (amplitude: Tensor, phase: Tensor) => tf.sum(tf.mul(parts(amplitude, phase), weights));
  const [byAmplitude, byPhase] = tf.grads(weighed)([...maps]);
  checks.array(`${tag}_grad_amp`, valuesOf(byAmplitude), tolerances.gradient);
  checks.array(`${tag}_grad_phase`, valuesOf(byPhase), tolerances.gradient);
}
