import type { ObjectImage, ProbeStack } from '@ptychofleet/data';
import { Diffractometer, photonScale } from '../../../libs/data/src/simulation/diffraction.ts';
import { gaussianBlur } from '../../../libs/data/src/simulation/gaussian-blur.ts';
import { lineMap, lineRaster, tanhPhase } from '../../../libs/data/src/simulation/lines.ts';
import { cutPatch } from '../../../libs/data/src/simulation/patches.ts';
import { idealDisk } from '../../../libs/data/src/simulation/probe.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Parts of the scan simulator (inference spec §9–§12). */
export const simulator: GoldenKind = {
  name: 'simulator',
  signature: 'line_ends and line_raster, or patch_obj and patch_xy',
  matches: (file) => file.has('line_ends', 'line_raster') || file.has('patch_obj', 'patch_xy'),
  check(file, checks) {
    if (file.has('line_ends', 'line_raster')) checkLines(file, checks);
    if (file.has('patch_obj', 'patch_xy')) checkPatches(file, checks);
    for (const [side] of file.captures(/^lowpass_g_(\d+)$/)) checkWindow(file, checks, Number(side));
    const like = (pattern: RegExp) => file.keys.filter((key) => pattern.test(key));
    checks.leave(like(/^torch_beamstop\d+$/), 'a beam stop is not offered');
    const grid = 'scans on the TensorFlow back end’s regular grid of groups are not offered';
    checks.leave(like(/^grid_(?:offsets|global)_\w+$/), grid);
  },
};

function checkLines(file: GoldenFile, checks: Checks): void {
  const [side] = file.shapeOf('line_raster', 2);
  const raster = lineRaster(file.integers('line_ends'), side);
  checks.array('line_raster', raster, tolerances.whole);
  for (const [sigma] of file.captures(/^gauss_s([\d.]+)$/)) {
    const blurred = gaussianBlur(raster, side, side, Number(sigma));
    checks.array(`gauss_s${sigma}`, blurred, tolerances.forward);
  }
  const map = lineMap(raster, side);
  for (const key of ['line_blur', 'mk_lines_img_channel0']) {
    if (file.has(key)) checks.array(key, map, tolerances.forward);
  }
  if (file.has('dummy_phi')) checks.array('dummy_phi', tanhPhase(map), tolerances.forward);
}

/** A Gaussian window, of which the default probe is the thresholded and blurred outer product. */
function checkWindow(file: GoldenFile, checks: Checks, side: number): void {
  const window = file.numbers(`lowpass_g_${side}`);
  const disk = Float64Array.from({ length: side * side }, (_, i) =>
    window[Math.floor(i / side)] * window[i % side] > 0.5 ? 1 : 0,
  );
  const expected = gaussianBlur(disk, side, side, 1).map((value) => value + 1e-9);
  checks.values(`probe from lowpass_g_${side}`, idealDisk(side, 0.7), expected, tolerances.forward, {
    shape: [side, side],
  });
}

function checkPatches(file: GoldenFile, checks: Checks): void {
  const [height, width] = file.shapeOf('patch_obj', 2);
  const object: ObjectImage = { height, width, data: file.f32('patch_obj') };
  const xy = file.numbers('patch_xy');
  const [x, y] = [0, 1].map((axis) => xy.filter((_, i) => i % 2 === axis));
  const patchesAt = (key: string, shift: number) => {
    const [n, N] = file.shapeOf(key, 3);
    const patches = new Float64Array(2 * n * N * N);
    for (let i = 0; i < n; i++)
      cutPatch(object, x[i] + shift, y[i] + shift, N, patches.subarray(2 * i * N * N, 2 * (i + 1) * N * N));
    return patches;
  };
  if (file.has('patch_out')) checks.array('patch_out', patchesAt('patch_out', 0), tolerances.forward);
  // The PyTorch generator's patches have their middle, (N - 1)/2, on the position, half a pixel off ours.
  const half = 0.5;
  if (file.has('torch_patches'))
    checks.array('torch_patches', patchesAt('torch_patches', half), tolerances.forward);
  if (!file.has('sim_probe')) return;
  const N = file.shape('sim_probe')[0];
  const probe: ProbeStack = { modes: 1, ...file.complex('sim_probe') };
  const amplitudes = (shift: number, scale: number) => {
    const diffractometer = new Diffractometer(object, probe, N);
    const all = new Float64Array(x.length * N * N);
    x.forEach((_, i) =>
      diffractometer.amplitudeAt(x[i] + shift, y[i] + shift, scale, all.subarray(i * N * N, (i + 1) * N * N)),
    );
    return all;
  };
  const scaleFor = (shift: number, nphotons: number) =>
    photonScale(
      object,
      probe,
      x.map((v) => v + shift),
      y.map((v) => v + shift),
      N,
      nphotons,
    );
  if (file.has('sim_nphotons')) {
    const scale = scaleFor(0, file.scalar('sim_nphotons'));
    checks.scalar('sim_intensity_scale', scale, tolerances.scale32);
    const key = 'sim_clean_amplitude_times_scale';
    if (file.has(key)) checks.array(key, amplitudes(0, scale), tolerances.forward);
  }
  if (file.has('torch_nphotons')) {
    const scale = scaleFor(half, file.scalar('torch_nphotons'));
    const intensity = amplitudes(half, scale).map((value) => value * value);
    if (file.has('torch_intensity')) checks.array('torch_intensity', intensity, tolerances.forward);
    const scaled = Float64Array.from(
      { length: 2 * N * N },
      (_, i) => scale * (i % 2 === 0 ? probe.re : probe.im)[i >> 1],
    );
    if (file.has('torch_scaled_probe')) checks.array('torch_scaled_probe', scaled, tolerances.forward);
  }
}
