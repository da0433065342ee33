import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { digestOf, Fault, valuesDigestOf } from '@ptychofleet/base';
import {
  commandLineLevel,
  configFileLevel,
  configFileOf,
  createInferencePayload,
  createTrainingPayload,
  flagsOf,
  type InferencePayload,
  type RunCommand,
  type RunSpec,
  type TrainingPayload,
  type TrainingRunSpec,
} from '@ptychofleet/config';
import { defaultSimulation, encodeScan, simulateScan } from '@ptychofleet/data';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { factoryPorts } from '../../apps/cli/src/factory-ports.ts';
import { readScan } from '../../apps/cli/src/files.ts';
import { checkFleet, workerArguments, type FleetNumerics } from '../../apps/cli/src/fleet-execution.ts';
import { reporterOfRun } from '../../apps/cli/src/output.ts';
import { reconstructionPictures } from '../../apps/cli/src/pictures.ts';
import { readTrainingScans } from '../../apps/cli/src/train.ts';
import { openTrainingLog } from '../../apps/cli/src/training-log.ts';
import {
  checkpointName,
  checkpointPolicy,
  keptEpochs,
} from '../../apps/coordinator/src/checkpoint-policy.ts';
import { trainInProcess } from '../../apps/coordinator/src/train-in-process.test-support.ts';
import { Loaders } from '../../apps/worker/src/loaders.ts';
import { TrackingServer } from '../../libs/telemetry/src/mlflow/tracking-server.test-support.ts';
import { filesBelow } from '../e2e/processes.test-support.ts';
import { leasesOf } from './leases.test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ptychofleet-liveness-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const servers = [new TrackingServer(), new TrackingServer()] as const;
const scan = simulateScan({ ...defaultSimulation, scan: { ...defaultSimulation.scan, count: 4 } });

beforeAll(async () => {
  writeFileSync(path('scan.npz'), encodeScan(scan));
  writeFileSync(path('other.npz'), encodeScan({ ...scan, x: scan.x.map((x) => x + 1) }));
  for (const name of ['model', 'model2']) {
    mkdirSync(path(name));
    writeFileSync(path(`${name}/wts.h5.zip`), name);
  }
  for (const [folder, name] of [['folder', 'scan.npz'], ['folder2', 'other.npz']] as const) {
    mkdirSync(path(folder));
    copyFileSync(path(name), path(`${folder}/${name}`));
  } // prettier-ignore
  writeFileSync(path('loud.yaml'), 'logger: tensorboard');
  writeFileSync(path('mute.yaml'), 'logger: none\nenable_progress_bar: false');
  for (const server of servers) await server.start();
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** What the rows look at; each at what its command has. */
interface Payload {
  readonly spec: Pick<TrainingPayload['spec'], 'training' | 'execution'> &
    Pick<InferencePayload['spec'], 'inference'>;
  readonly inputs: TrainingPayload['inputs'] & InferencePayload['inputs'];
}

/** What the command makes of its flags, from the file that they name on. */
function payloadOf(command: RunCommand, flags: readonly (readonly string[])[]): Payload {
  const raw = flags.map(([flag = '', text]) => (text === undefined ? { flag } : { flag, text }));
  const commandLine = commandLineLevel(command, raw);
  const kind = command === 'train' ? 'training' : 'inference';
  const file = configFileOf(commandLine, { name: 'environment', assignments: [], warnings: [] });
  const texts: Record<string, string> = {
    [path('loud.yaml')]: 'logger: tensorboard',
    [path('mute.yaml')]: 'logger: none\nenable_progress_bar: false',
  };
  const sources = {
    commandLine,
    ...(file === null ? {} : { file: configFileLevel(kind, texts[file] ?? '', file) }),
  };
  const payload =
    command === 'train'
      ? createTrainingPayload(sources, factoryPorts)
      : createInferencePayload(sources, factoryPorts);
  return payload as unknown as Payload;
}

/** Whether a fleet of these numerics takes the run; a refusal is its sentence. */
function fleetTakes(numerics: FleetNumerics, payload: Payload): string {
  try {
    checkFleet(numerics, payload.spec.execution);
    return 'takes it';
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
const onCpu = (payload: Payload) => fleetTakes({ device: 'cpu' }, payload);
const onLooseFleet = (payload: Payload) =>
  fleetTakes({ device: 'cpu', pins: { deterministicKernels: false } }, payload);

const workerFlag = (payload: Payload, flag: string): string => {
  const all = workerArguments(payload.spec.execution);
  return all[all.indexOf(flag) + 1] ?? '';
};

/** Threads that a worker with these flags uses for two rounds of fetched content with a pause between them. */
async function loaderThreads(payload: Payload) {
  const all = workerArguments(payload.spec.execution);
  const thread = new URL('../../apps/worker/dist/loader-thread.js', import.meta.url);
  const loaders = new Loaders(
    Number(workerFlag(payload, '--loaders')),
    all.includes('--keep-loaders'),
    thread,
  );
  const round = async () => {
    const contents = Array.from({ length: 6 }, (_, i) => new Uint8Array(1e6).fill(i));
    const digests = contents.map((bytes) => valuesDigestOf(bytes));
    const checked = await Promise.all(contents.map((bytes) => loaders.digest(bytes, 'blake3')));
    expect(checked.map(({ digest }) => digest)).toEqual(digests);
  };
  await round();
  await setTimeout(1500);
  await round();
  const { started } = loaders.counts;
  await loaders.stop();
  return started;
}

let runs = 0;
/** What a log of two steps leaves: files below the output folder, and what a tracking server was told. */
async function logged(payload: Payload) {
  for (const server of servers) {
    server.calls = 0;
    server.experiments.length = server.runs.length = 0;
  }
  const { outputDir, mlflowTrackingUri: trackingUri } = payload.inputs;
  const backends = payload.spec.execution.loggerBackend;
  const warn = (text: string): void => expect.fail(text);
  const log = openTrainingLog(
    { backends, outputDir, runId: `r${++runs}`, spec: payload.spec, trackingUri },
    warn,
  );
  log.step({ step: 1, epoch: 1, loss: 1, learningRate: 1 });
  await log.close('succeeded');
  const files = filesBelow(folder)
    .filter((name) => /lightning_logs|mlflow/.test(name))
    .map((name) => name.replace(/tfevents.*/, 'tfevents').replace(/version_\d+|r\d+/, ''));
  for (const name of ['lightning_logs', 'mlflow'])
    rmSync(join(outputDir, name), { recursive: true, force: true });
  const told = servers.map(({ experiments, runs: made, calls }) => ({
    experiments: [...experiments],
    tags: made.map(({ tags }) => [...tags].filter(([key]) => !key.startsWith('ptychofleet'))),
    calls: calls > 0,
  }));
  return { files, told };
}

/** What the person at the terminal sees of an epoch. */
function shown(payload: Payload): string {
  let text = '';
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((part) => ((text += String(part)), true));
  const reporter = reporterOfRun(payload.spec.execution, { quiet: false, json: false }, 'step');
  reporter.epoch({ epoch: 1, trainLoss: 1, learningRate: 1, patternsPerSecond: 1, seconds: 1 }, 1);
  reporter.stop();
  write.mockRestore();
  return text;
}

async function sent(payload: Payload) {
  const { training, validation } = await readTrainingScans(payload as unknown as TrainingPayload);
  return [digestOf(training.bytes), validation === null ? null : digestOf(validation.bytes)];
}

const norms = async (payload: Payload) => {
  const { logGradNorm, gradNormLogFreq } = payload.spec.execution;
  const small = {
    nFiltersScale: 1,
    cbamEncoder: false,
    nGroups: 2,
    batchSize: 1,
    virtualShards: 1,
    epochs: 1,
  };
  return (await trainInProcess({ ...small, logGradNorm, gradNormLogFreq }, scan, null)).norms.map(
    (norm) => norm !== null,
  );
};

const image = { height: 8, width: 8, re: new Float32Array(64).map((_, i) => Math.cos(i / 20)), im: new Float32Array(64).map((_, i) => Math.sin(i / 20)) }; // prettier-ignore
const phasePicture = (payload: Payload) =>
  digestOf(
    reconstructionPictures({ image, lit: null }, payload.spec.inference)[1]?.bytes ?? new Uint8Array(),
  );

const epochs = [
  { epoch: 1, trainLoss: 3, validationLoss: 2 },
  { epoch: 2, trainLoss: 2, validationLoss: 1 },
  { epoch: 3, trainLoss: 1, validationLoss: 3 },
];
/** Checkpoints that a run with these losses leaves in its folder. */
const checkpoints = ({ spec }: Payload) => {
  const policy = checkpointPolicy(spec as unknown as TrainingRunSpec, true);
  return epochs.filter(({ epoch }) => keptEpochs(policy, epochs).has(epoch)).map((one) => checkpointName(policy, one));
}; // prettier-ignore

const leases = ({ spec }: Payload) => leasesOf(spec as unknown as RunSpec);

type Flag = readonly string[];
interface Row {
  /** Two ways to say it that must differ in what is seen. */
  readonly said: readonly [readonly Flag[], readonly Flag[]];
  readonly see: (payload: Payload) => unknown;
  readonly with?: readonly Flag[];
}
const row = (first: Flag, second: Flag, see: Row['see'], more: readonly Flag[] = []): Row => ({
  said: [[first], [second]],
  see,
  with: more,
});

const mlflow: readonly Flag[] = [['--logger', 'mlflow']];
const shared: Record<string, Row> = {
  'execution.accelerator': row(['--accelerator', 'cpu'], ['--accelerator', 'gpu'], onCpu),
  'execution.deterministic': row(['--deterministic'], ['--no-deterministic'], onLooseFleet),
  'execution.numWorkers': row(['--num-workers', '1'], ['--num-workers', '3'], loaderThreads, [['--persistent-workers']]),
  'execution.persistentWorkers': row(['--persistent-workers'], ['--no-persistent-workers'], loaderThreads, [['--num-workers', '1']]),
  'execution.prefetchFactor': row(['--prefetch-factor', '1'], ['--prefetch-factor', '4'], (payload) => workerFlag(payload, '--slots'), [['--num-workers', '1']]),
  'execution.enableProgressBar': row(['--enable-progress-bar'], ['--quiet'], shown),
  'execution.numerics': row(['--numerics', 'same'], ['--numerics', 'mixed'], leases),
  'execution.redundancy': row(['--redundancy', '1'], ['--redundancy', '2'], leases),
  'input.device': row(['--device', 'cpu'], ['--device', 'cuda'], onCpu),
  'input.configFile': { said: [[['--config', path('loud.yaml')]], [['--config', path('mute.yaml')]]], see: shown },
}; // prettier-ignore

/** Every field that does not reach what is computed: how, where, and what is told about it. */
const rows: Record<RunCommand, Record<string, Row>> = {
  train: {
    ...shared,
    'execution.enableCheckpointing': row(['--enable-checkpointing'], ['--disable-checkpointing'], checkpoints),
    'execution.checkpointSaveTopK': row(['--checkpoint-save-top-k', '1'], ['--checkpoint-save-top-k', '-1'], checkpoints),
    'execution.checkpointMonitorMetric': row(['--checkpoint-monitor-metric', 'val_loss'], ['--checkpoint-monitor', 'train_loss'], checkpoints),
    'execution.checkpointMode': row(['--checkpoint-mode', 'min'], ['--checkpoint-mode', 'max'], checkpoints),
    'execution.auditEverySteps': row(['--audit-every-steps', '0'], ['--audit-every-steps', '1'], leases),
    'execution.loggerBackend': row(['--logger', 'csv'], ['--logger', 'csv,tensorboard'], logged),
    'execution.logGradNorm': row(['--log-grad-norm'], ['--no-log-grad-norm'], norms),
    'execution.gradNormLogFreq': row(['--grad-norm-log-freq', '1'], ['--grad-norm-log-freq', '2'], norms, [['--log-grad-norm']]),
    'execution.experimentName': row(['--experiment-name', 'a'], ['--experiment-name', 'b'], logged, mlflow),
    'execution.modelName': row(['--model-name', 'a'], ['--model-name', 'b'], logged, mlflow),
    'execution.notes': row(['--notes', 'none'], ['--notes', 'b'], logged, mlflow),
    'input.mlflowTrackingUri': { said: [[], [['--mlflow-tracking-uri', 'second server']]], see: logged, with: mlflow },
    'input.trainDataFile': row(['--train_data_file', path('scan.npz')], ['--train_data_file', path('other.npz')], sent),
    'input.testDataFile': row(['--test_data_file', path('scan.npz')], ['--test_data_file', path('other.npz')], sent),
    'input.ptychoDir': row(['--ptycho_dir', path('folder')], ['--ptycho_dir', path('folder2')], sent),
    'input.outputDir': row(['--output_dir', path('a')], ['--output_dir', path('b')], async (payload) => (await logged(payload)).files),
    'input.profile': row(['--profile', 'default'], ['--profile', 'upstream'], async ({ spec }) => {
      const { initialization } = spec.training;
      const small = { nFiltersScale: 1, cbamEncoder: false, nGroups: 1, batchSize: 1, virtualShards: 1, epochs: 1 };
      return (await trainInProcess({ ...small, initialization }, scan, null)).weights;
    }),
  },
  infer: {
    ...shared,
    'inference.phaseVmin': row(['--phase-vmin', '-3'], ['--phase-vmin', '0'], phasePicture),
    'inference.phaseVmax': row(['--phase-vmax', '3'], ['--phase-vmax', '1'], phasePicture),
    'input.modelPath': row(['--model_path', path('model')], ['--model_path', path('model2')], async ({ inputs }) => filesBelow(inputs.modelArchive.replace('/wts.h5.zip', '')).concat(inputs.modelArchive)),
    'input.testDataFile': row(['--test_data', path('scan.npz')], ['--test_data', path('other.npz')], async ({ inputs }) => digestOf((await readScan('--test_data', inputs.testDataFile)).bytes)),
    'input.outputDir': row(['--output_dir', path('a')], ['--output_dir', path('b')], ({ inputs }) => relative(folder, inputs.outputDir)),
  },
}; // prettier-ignore

/** What the tables of the fields that are computed with show, by their rows. */
const rowsOf = (name: string): readonly string[] => {
  const text = readFileSync(new URL(`../../apps/coordinator/src/${name}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^ {2}'(\w+\.\w+)': row\(/gm)].map(([, field = '']) => field);
};
const computed: Record<RunCommand, readonly string[]> = {
  train: rowsOf('liveness.test.ts'),
  infer: rowsOf('liveness-inference.test.ts'),
};

const basics: Record<RunCommand, readonly Flag[]> = {
  train: [
    ['--train_data_file', path('scan.npz')],
    ['--output_dir', path('out')],
    ['--gridsize', '1'],
  ],
  infer: [
    ['--model_path', path('model')],
    ['--test_data', path('scan.npz')],
    ['--output_dir', path('out')],
  ],
};

function wordsOf(command: RunCommand, said: readonly Flag[], more: readonly Flag[]): readonly Flag[] {
  const uris = servers.map(({ address }) => address);
  const own = [...said, ...more].map((flag) =>
    flag.map((word) => (word === 'second server' ? (uris[1] ?? '') : word)),
  );
  const asksForServer = own.some(([, value]) => value === 'mlflow');
  const server: readonly Flag[] =
    asksForServer && !own.some(([flag]) => flag === '--mlflow-tracking-uri') ? [['--mlflow-tracking-uri', uris[0] ?? '']] : []; // prettier-ignore
  const given = new Set(own.map(([flag]) => flag));
  // The older interface goes without the two flags that make the new one.
  if (given.has('--ptycho_dir')) for (const flag of ['--train_data_file', '--output_dir']) given.add(flag);
  return [...basics[command].filter(([flag]) => !given.has(flag)), ...own, ...server];
}

describe.each(['train', 'infer'] as const)(
  'every field of %s that does not reach what is computed',
  (command) => {
    it('is in the table, or is refused', () => {
      const live = flagsOf(command).filter(({ refused, field, choices }) => {
        const served = choices === null || choices.length > 1;
        return refused === null && served && !computed[command].includes(field);
      });
      expect(Object.keys(rows[command]).sort()).toEqual([...new Set(live.map(({ field }) => field))].sort());
    });

    it.each(Object.keys(rows[command]))('%s shows', async (field) => {
      const { said, see, with: more = [] } = rows[command][field] as Row;
      const [first, second] = said.map((flags) => payloadOf(command, wordsOf(command, flags, more)));
      expect(await see(first as Payload)).not.toEqual(await see(second as Payload));
    });
  },
);
