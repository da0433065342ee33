import { illumination, softMask } from '../../../libs/compute/src/probe.ts';
import { amplitudeScale } from '../../../libs/data/src/prepare.ts';
import { idealDisk } from '../../../libs/data/src/simulation/probe.ts';
import type { ModelSpec } from '@ptychofleet/config';
import { prepare } from '../bare-scan.ts';
import type { Checks } from '../comparison.ts';
import type { ComplexParts, GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { modelWith } from '../tensors.ts';
import { tolerances } from '../tolerances.ts';

/** Scale factors of patterns and probes, and probe masks (training spec §2, model spec §7, §8). */
export const normalisation: GoldenKind = {
  name: 'normalisation',
  signature: 'normalize_data, or probe_norm_<mask>, or soft_mask_<N>',
  matches: (file) =>
    file.has('amp', 'normalize_data') || file.captures(/^(?:probe_norm_(.+)|soft_mask_(.+))$/).length > 0,
  check(file, checks) {
    if (file.has('amp')) checkPatterns(file, checks);
    if (file.has('probe')) checkProbes(file, checks);
    checkMasks(file, checks);
  },
};

function checkPatterns(file: GoldenFile, checks: Checks): void {
  const [groups, C, N] = file.shapeOf('amp', 4);
  const diffraction = file.f32('amp');
  const of = (nphotons: number) => prepare({ diffraction, N }, { nphotons });
  if (file.has('normalize_data')) checks.array('normalize_data', of(1).patterns, tolerances.forward);
  for (const [power] of file.captures(/^intensity_scale_from_amplitudes_(\d+)$/)) {
    const { physics } = of(10 ** Number(power)).scales;
    checks.scalar(`intensity_scale_from_amplitudes_${power}`, physics, tolerances.scale32);
  }
  const asGiven = { scales: { amplitude: 1 } };
  if (file.has('intensity_scale_from_amplitudes_channel_last')) {
    const raw = prepare({ diffraction, N }, { nphotons: 1e6, ...asGiven });
    checks.scalar('intensity_scale_from_amplitudes_channel_last', raw.scales.physics, tolerances.scale32);
  }
  // The directory route scales to an energy of N², ours to (N/2)², and its physics scale is the mean sum of amplitudes.
  const parts = (per: number) =>
    Array.from({ length: (groups * C) / per }, (_, i) => {
      const patterns = diffraction.slice(i * per * N * N, (i + 1) * per * N * N);
      const each = Int32Array.from({ length: per }, (_, at) => at);
      const { meanAmplitude } = prepare({ diffraction: patterns, N }, asGiven).scales;
      return { rms: 2 * amplitudeScale(patterns, each, N), physics: 1 / ((meanAmplitude - 1e-8) * N * N) };
    });
  for (const [name, per] of [
    ['Batch', groups * C],
    ['Group', C],
  ] as const) {
    for (const scale of ['rms', 'physics'] as const) {
      const key = `${scale}_parseval_${name}`;
      if (file.has(key))
        checks.array(
          key,
          parts(per).map((part) => part[scale]),
          tolerances.scale32,
        );
    }
  }
  checks.leave(['max_Batch', 'max_Group'], 'data_scaling Max is not offered');
  if (!file.has('ci_rms_input_scale')) return;
  const counts = { diffraction: diffraction.map((value) => (100 * value) ** 2), N };
  checks.scalar('ci_rms_input_scale', prepare(counts).scales.amplitude, tolerances.scale32);
  const { meanAmplitude } = prepare(counts, asGiven).scales;
  checks.scalar('ci_mean_intensity', meanAmplitude, tolerances.scale32);
}

/** The mask that a key's ending names, such as `mask_s0` for a sigma of 0; `_d` is a diameter of 0.6 N (golden read-me). */
const maskKey = /^probe_norm_(?:nomask|mask(?:_s([\d.]+))?(_d)?)$/;

function maskOf(key: string, N: number): Partial<ModelSpec> {
  const [, sigma, diameter] = maskKey.exec(key) ?? [];
  return {
    probeMask: !key.includes('nomask'),
    ...(sigma && { probeMaskSigma: Number(sigma) }),
    ...(diameter && { probeMaskDiameter: 0.6 * N }),
  };
}

/** The reference's default; files do not say it. */
const probeScale = 4;

function checkProbes(file: GoldenFile, checks: Checks): void {
  const N = file.shape('probe').at(-1) as number;
  const probe = file.complex('probe');
  for (const key of file.keys.filter((name) => maskKey.test(name))) {
    const lit = illumination(modelWith({ N, probeScale: 1, ...maskOf(key, N) }), probe.re, probe.im);
    const factor = 1 / (probeScale * meanModulus(lit));
    if (file.has(`${key}_scale_f64`)) checks.scalar(`${key}_scale_f64`, factor, tolerances.scale);
    checks.array(key, scaled(probe, factor), tolerances.forward);
  }
  if (file.has('tf_set_probe')) {
    const hard = softMask(N, N / 2, 0);
    const lit = { re: probe.re.map((v, i) => v * hard[i]), im: probe.im.map((v, i) => v * hard[i]) };
    checks.array('tf_set_probe', scaled(probe, 1 / (probeScale * meanModulus(lit))), tolerances.forward);
  }
  if (!file.has('unit_energy_probe')) return;
  // Normalised to an amplitude of N/2, a probe has the energy 1 (training spec §2.4).
  const pattern = new Float32Array(N * N).fill(1);
  const target = { probeNormalization: 'target', targetAmplitude: N / 2 } as const;
  const unit = prepare({ diffraction: pattern, N, probe: { modes: 1, ...probe } }, target);
  checks.array('unit_energy_probe', scaled({ re: unit.probeRe, im: unit.probeIm }, 1), tolerances.forward);
}

function checkMasks(file: GoldenFile, checks: Checks): void {
  for (const [side, sigma, diameter] of file.captures(/^soft_mask_(\d+)(?:_s([\d.]+))?(?:_d([\d.]+))?$/)) {
    const suffix = `${sigma === undefined ? '' : `_s${sigma}`}${diameter === undefined ? '' : `_d${diameter}`}`;
    const mask = softMask(Number(side), diameter === undefined ? null : Number(diameter), Number(sigma ?? 1));
    checks.array(`soft_mask_${side}${suffix}`, mask, tolerances.forward);
  }
  if (file.has('tf_hard_mask')) {
    const side = file.shape('tf_hard_mask')[0];
    checks.array('tf_hard_mask', softMask(side, side / 2, 0), tolerances.whole);
  }
  for (const [name] of file.captures(/^tf_default_probe_(\d+|N)$/)) {
    const key = `tf_default_probe_${name}`;
    checks.array(key, idealDisk(file.shape(key)[0], 0.7), tolerances.forward);
  }
  for (const [side, nphotons] of file.captures(/^tf_intensity_scale_N(\d+)_([\de.+]+)$/)) {
    const N = Number(side);
    const { physics } = prepare({ diffraction: new Float32Array(N * N).fill(1), N }, { nphotons: Number(nphotons) }).scales; // prettier-ignore
    checks.scalar(`tf_intensity_scale_N${side}_${nphotons}`, physics, tolerances.scale32);
  }
}

function meanModulus({ re, im }: ComplexParts): number {
  return re.reduce((sum, value, i) => sum + Math.hypot(value, im[i]), 0) / re.length;
}

function scaled({ re, im }: ComplexParts, factor: number): Float64Array {
  return Float64Array.from({ length: 2 * re.length }, (_, i) => factor * (i % 2 === 0 ? re : im)[i >> 1]);
}
