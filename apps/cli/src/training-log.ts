import { basename, join, resolve } from 'node:path';
import { Fault } from '@ptychofleet/base';
import { openRunLog, type MlflowAddress, type MlflowSettings, type RunLog } from '@ptychofleet/telemetry';

export interface TrainingLogRequest {
  /** `csv,mlflow`; null logs nothing. */
  readonly backends: string | null;
  readonly outputDir: string;
  readonly runId: string;
  /** The frozen specification: sections of values. */
  readonly spec: object;
  /** From flag or file; the environment's is taken where it is null. */
  readonly trackingUri: string | null;
}

/** What of the environment belongs to MLflow's clients, ours included. */
type MlflowEnvironment = Readonly<Record<string, string | undefined>>;

/** Whether the log that is asked for can be opened, before any work starts. */
export function checkTrainingLog(
  { backends, trackingUri }: Pick<TrainingLogRequest, 'backends' | 'trackingUri'>,
  environment: MlflowEnvironment = process.env,
): void {
  if (asksForMlflow(backends)) mlflowAddress(trackingUri, environment);
}

/** Opens the logs of a training run in its output folder. */
export function openTrainingLog(
  { backends, outputDir, runId, spec, trackingUri }: TrainingLogRequest,
  warn: (text: string) => void,
): RunLog {
  const parameters = parametersOf(spec);
  return openRunLog({
    backends: backends?.split(',') ?? [],
    outputFolder: resolve(outputDir),
    run: { runId, parameters },
    mlflow: asksForMlflow(backends)
      ? mlflowSettings(parameters, basename(resolve(outputDir)), mlflowAddress(trackingUri, process.env))
      : null,
    clock: { nowMs: () => Date.now() },
    warn,
  });
}

/** What a finished training run leaves for the log, besides its metrics. */
export function logFiles(log: RunLog, outputDir: string, names: readonly string[]): void {
  for (const name of names) log.file(join(resolve(outputDir), name));
}

function asksForMlflow(backends: string | null): boolean {
  return backends?.split(',').includes('mlflow') === true;
}

/**
 * Server and log-in: the flag, or else the variables that MLflow's own clients read.
 * @throws Fault when no server is named
 */
export function mlflowAddress(trackingUri: string | null, environment: MlflowEnvironment): MlflowAddress {
  const { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD } =
    environment;
  const named = trackingUri ?? MLFLOW_TRACKING_URI ?? '';
  const url = URL.canParse(named) ? new URL(named) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const received = named === '' ? 'nothing' : named.replace(/\/\/[^/@]*@/, '//');
    throw new Fault(
      'invalid-input',
      `--mlflow-tracking-uri: received ${received}, expected the http or https address of a tracking server; give it or set MLFLOW_TRACKING_URI`,
      { field: 'input.mlflowTrackingUri', received },
    );
  }
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  let authorization: string | null = null;
  if (MLFLOW_TRACKING_TOKEN) authorization = `Bearer ${MLFLOW_TRACKING_TOKEN}`;
  else if (MLFLOW_TRACKING_USERNAME)
    authorization = basic(MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD ?? '');
  else if (url.username !== '')
    authorization = basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  url.username = url.password = url.search = url.hash = '';
  return { trackingUri: url.href, authorization };
}

function mlflowSettings(
  parameters: Readonly<Record<string, unknown>>,
  runName: string,
  address: MlflowAddress,
): MlflowSettings {
  const said = (key: string): string | null => {
    const value = parameters[`execution.${key}`];
    return typeof value === 'string' ? value : null;
  };
  const notes = said('notes');
  return {
    address,
    runName,
    experiment: said('experimentName') ?? 'Synthetic_Runs',
    tags: [
      { key: 'model_name', value: said('modelName') ?? '' },
      { key: 'mlflow.source.name', value: 'ptychofleet' },
      ...(notes === null ? [] : [{ key: 'mlflow.note.content', value: notes }]),
    ],
  };
}

/** `{ training: { epochs: 5 } }` → `{ 'training.epochs': 5 }` */
function parametersOf(spec: object): Readonly<Record<string, string | number | boolean | null>> {
  const flat: Record<string, string | number | boolean | null> = {};
  for (const [section, values] of Object.entries(spec)) {
    if (typeof values !== 'object' || values === null) continue;
    for (const [key, value] of Object.entries(values)) {
      const plain = ['string', 'number', 'boolean'].includes(typeof value) || value === null;
      flat[`${section}.${key}`] = plain ? (value as string | number | boolean | null) : JSON.stringify(value);
    }
  }
  return flat;
}
