import { decodeScan } from '@ptychofleet/data';
import { Diffractometer, photonScale } from '../../../libs/data/src/simulation/diffraction.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Counts below this share their Poisson noise with too few neighbours for a χ² per pixel. */
const smallestCount = 20;
/** Above it, a count's square root in float32 does not tell neighbours apart. */
const resolvedCount = 1e4;
/** Patterns that the χ² looks at. */
const sampled = 20;

/** A simulated scan with its truth: our simulator explains its patterns (golden sim read-me). */
export const scan: GoldenKind = {
  name: 'scan',
  signature: 'diff3d or diffraction, xcoords, ycoords and probeGuess',
  matches: (file) =>
    (file.has('diff3d') || file.has('diffraction')) && file.has('xcoords', 'ycoords', 'probeGuess'),
  check(file, checks) {
    const { n, N, diffraction, x, y, probe, object } = decodeScan(file.bytes, file.name);
    const key = file.has('diff3d') ? 'diff3d' : 'diffraction';
    file.setAside('xcoords_start', 'ycoords_start', 'scan_index', '_metadata', 'probeGuess', 'objectGuess');
    checks.array(key, diffraction, tolerances.whole);
    checks.array('xcoords', x, tolerances.whole);
    checks.array('ycoords', y, tolerances.whole);
    if (object === null || !file.has('intensity_scale', 'nphotons')) {
      checks.leave(['intensity_scale', 'nphotons'], 'needs the true object beside it');
      return;
    }
    const scale = file.scalar('intensity_scale');
    checks.scalar(
      'intensity_scale',
      photonScale(object, probe, x, y, N, file.scalar('nphotons')),
      tolerances.scale32,
    );
    const counts = diffraction.map((value) => (value * scale) ** 2);
    checks.values(`${key}: whole counts`, counts, counts.map(Math.round), tolerances.counts, {
      shape: [n, N, N],
      where: (i) => counts[i] < resolvedCount,
    });

    const diffractometer = new Diffractometer(object, probe, N);
    const amplitude = new Float64Array(N * N);
    let chiSquare = 0;
    let pixels = 0;
    for (let i = 0; i < Math.min(n, sampled); i++) {
      diffractometer.amplitudeAt(x[i], y[i], scale, amplitude);
      amplitude.forEach((value, p) => {
        const mean = value ** 2;
        if (mean < smallestCount) return;
        chiSquare += (counts[i * N * N + p] - mean) ** 2 / mean;
        pixels++;
      });
    }
    // Poisson counts vary by their mean, so the ratio is 1 within a few times √(2/pixels).
    const noise = { kind: 'metric', limit: 5 * Math.sqrt(2 / pixels), relativeTo: 'one' } as const;
    checks.values(`${key}: χ² per pixel against our simulator`, [chiSquare / pixels], [1], noise);
  },
};
