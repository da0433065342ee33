import { dirname } from 'node:path';
import {
  defaultSimulation,
  encodeScan,
  simulateScan,
  type ScanDataset,
  type SimulationSpec,
} from '@ptychofleet/data';
import { amplitudeOf, fromInterleaved, phaseOf, renderPanels } from '@ptychofleet/imaging';
import { writeFileAtomic } from '@ptychofleet/store';
import { prepareOutput } from './files.ts';
import { printResult, type OutputOptions } from './output.ts';
import type { NamedFile } from './pictures.ts';

export interface SimulateArguments {
  readonly N: number;
  readonly object: string;
  readonly objectSide: number;
  readonly probe: string;
  readonly scan: string;
  readonly count: number;
  readonly photons: number;
  /** Transmission at the darkest place of the object. */
  readonly amplitudeMin?: number;
  /** Phase at the thickest place of the object, radians; 0 at the thinnest. */
  readonly phaseMax?: number;
  readonly noise: boolean;
  readonly seed: number;
  /** Seed of the scan positions and the noise; another one gives a second scan of the same object. */
  readonly scanSeed?: number;
}

/** A realistic defocused beam: an annular aperture out of focus, as a zone plate or a lens with a stop gives it. */
const defocusedProbe = {
  kind: 'defocused',
  aperture: 0.35,
  centralStop: 0.3,
  defocus: 60,
  meanModulus: 16,
} as const;

export function simulationOf(chosen: SimulateArguments): SimulationSpec {
  const side = chosen.objectSide;
  const { amplitude, phase } = defaultSimulation.object;
  return {
    ...defaultSimulation,
    N: chosen.N,
    object: {
      ...defaultSimulation.object,
      kind: chosen.object as SimulationSpec['object']['kind'],
      side,
      seed: chosen.seed,
      amplitude: { ...amplitude, min: chosen.amplitudeMin ?? amplitude.min },
      phase: chosen.phaseMax === undefined ? phase : { min: 0, max: chosen.phaseMax },
    },
    probe: chosen.probe === 'disk' ? defaultSimulation.probe : defocusedProbe,
    scan: {
      kind: chosen.scan as SimulationSpec['scan']['kind'],
      count: chosen.count,
      margin: Math.max(chosen.N / 2 + 4, 36),
      jitter: 0.3,
      seed: chosen.scanSeed ?? chosen.seed + 1,
    },
    nphotons: chosen.photons,
    noise: chosen.noise,
    noiseSeed: (chosen.scanSeed ?? chosen.seed) + 2,
  };
}

/** Object, probe and one pattern of a scan in one picture. */
export function scanPicture(title: string, scan: ScanDataset): NamedFile {
  const { N, object, probe } = scan;
  const panels = [];
  if (object !== null) {
    const truth = fromInterleaved(object.height, object.width, object.data);
    panels.push({ title: 'Object amplitude', image: amplitudeOf(truth), colormap: 'gray' as const });
    panels.push({ title: 'Object phase', image: phaseOf(truth), colormap: 'viridis' as const, unit: 'rad' });
  }
  const beam = { height: N, width: N, re: probe.re.slice(0, N * N), im: probe.im.slice(0, N * N) };
  panels.push({ title: 'Probe amplitude', image: amplitudeOf(beam), colormap: 'gray' as const });
  const log = scan.diffraction.slice(0, N * N).map((amplitude) => Math.log1p(amplitude * amplitude));
  panels.push({
    title: 'First pattern, log(1 + intensity)',
    image: { height: N, width: N, values: log },
    colormap: 'viridis' as const,
  });
  return { name: 'scan.png', bytes: renderPanels(title, [panels]) };
}

/** The `simulate` command. */
export async function simulate(
  chosen: SimulateArguments,
  file: string,
  output: OutputOptions,
): Promise<void> {
  const spec = simulationOf(chosen);
  await prepareOutput(dirname(file));
  const scan = simulateScan(spec);
  await writeFileAtomic(file, encodeScan(scan));
  const picture = scanPicture(`${scan.n} patterns of a simulated ${spec.object.kind} object`, scan);
  const pictureFile = file.replace(/(\.npz)?$/, '.png');
  await writeFileAtomic(pictureFile, picture.bytes);
  printResult(
    output,
    { type: 'result', command: 'simulate', file, picture: pictureFile, patterns: scan.n, simulation: spec },
    [
      `wrote ${file}`,
      `  ${scan.n} patterns of ${scan.N}×${scan.N} pixels, ${spec.nphotons} photons each; picture in ${pictureFile}`,
      `next: ptychofleet train --train_data_file ${file} --output_dir out --gridsize 1 --max_epochs 10`,
    ],
  );
}
