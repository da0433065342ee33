import { join, resolve } from 'node:path';
import { createInferencePayload, createTrainingPayload } from '@ptychofleet/config';
import { encodeScan, simulateScan } from '@ptychofleet/data';
import { formatSeconds } from '@ptychofleet/telemetry';
import { writeFileAtomic } from '@ptychofleet/store';
import { scoreLines, scoresOf } from './evaluate/scores.ts';
import { factoryPorts } from './factory-ports.ts';
import { prepareOutput } from './files.ts';
import { inferOn, readInferenceFiles, shownAs } from './infer.ts';
import { printResult, reporterFor, type OutputOptions } from './output.ts';
import { scanPicture, simulationOf } from './simulate.ts';
import { readTrainingScans, trainOn } from './train.ts';
import { withFleet } from './with-fleet.ts';

export interface DemoArguments {
  readonly outputDir: string;
  readonly workers: number;
  readonly epochs: number;
}

const simulated = {
  N: 64,
  object: 'star',
  objectSide: 232,
  // A thin object: a few minutes are enough for its picture.
  amplitudeMin: 0.6,
  phaseMax: 1,
  probe: 'disk',
  scan: 'jittered',
  count: 512,
  photons: 1e6,
  noise: true,
  seed: 1,
};

/** The `demo` command: from nothing to a picture in one folder. Simulates, trains, reconstructs, compares. */
export async function demo(
  chosen: DemoArguments,
  output: OutputOptions,
  interrupt: AbortSignal,
): Promise<void> {
  const outputDir = resolve(chosen.outputDir);
  await prepareOutput(outputDir);
  const reporter = reporterFor(output, 'step');
  const started = performance.now();
  reporter.note('1/3 simulating a scan of 512 patterns, 1e6 photons each');
  const scan = simulateScan(simulationOf(simulated));
  const scanFile = join(outputDir, 'scan.npz');
  await writeFileAtomic(scanFile, encodeScan(scan));
  const picture = scanPicture('The simulated scan', scan);
  await writeFileAtomic(join(outputDir, 'truth.png'), picture.bytes);

  const training = createTrainingPayload(
    {
      trainDataFile: scanFile,
      outputDir,
      overrides: {
        nGroups: 512,
        gridsize: 1,
        objectBig: false,
        nFiltersScale: 1,
        // As many as the demo has workers: none of a smaller part's overhead.
        virtualShards: 2,
        epochs: chosen.epochs,
      },
    },
    factoryPorts,
  );
  const inferred = await withFleet(
    { coordinator: null, workers: chosen.workers, logFolder: join(outputDir, 'logs') },
    interrupt,
    async (client) => {
      reporter.note(
        `2/3 training with ${chosen.workers} gRPC workers: ${chosen.epochs} epochs of 512 patterns`,
      );
      await trainOn(client, training, await readTrainingScans(training), reporter, interrupt);
      reporter.note('3/3 reconstructing with the same workers');
      const inference = createInferencePayload(
        { modelPath: outputDir, testDataFile: scanFile, outputDir, overrides: { inferenceBatchSize: 16 } },
        factoryPorts,
      );
      return inferOn(client, inference, await readInferenceFiles(inference), reporter);
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const files = [
    'wts.h5.zip',
    'reconstructed_amplitude.png',
    'reconstructed_phase.png',
    'comparison.png',
    'truth.png',
    'loss.png',
  ];
  const { comparison } = inferred;
  const record = {
    type: 'result',
    command: 'demo',
    folder: outputDir,
    files,
    seconds,
    metrics: comparison === null ? null : scoresOf(comparison),
  };
  printResult(output, record, [
    `done in ${formatSeconds(seconds)}; everything is in ${outputDir}:`,
    ...files.map((file) => `  ${file}`),
    ...(comparison === null ? [] : scoreLines(shownAs(comparison), 'the simulated truth')),
    `look at ${join(outputDir, 'comparison.png')} first`,
  ]);
}
