import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, invalidInput } from '@ptychofleet/base';
import { createTrainingPayload, type TrainingPayload } from '@ptychofleet/config';
import { firstDifference, parseLedger, type Ledger } from '@ptychofleet/store';
import type { CoordinatorClient } from '@ptychofleet/wire';
import { factoryPorts } from '../factory-ports.ts';
import { followRun } from '../follow-run.ts';
import { printResult, reporterFor, type OutputOptions } from '../output.ts';
import { sourcesOf } from '../run-options.ts';
import { readTrainingScans, submitTraining, type TrainingScans } from '../train.ts';
import { withFleet, workerCount, type FleetChoice } from '../with-fleet.ts';
import { computedBy, rangeOf, readLedger, whereOf, type LedgerOfRun } from './run-folder.ts';

interface Start {
  /** Steps that lie before it. */
  readonly stepsBefore: number;
  readonly checkpoint: Uint8Array | null;
}

/**
 * `runs verify RUN`: computes steps again from the settings, scans and checkpoints that the run left, and compares them with its
 * ledger.
 * @throws Fault run-failed naming the first step and tensor that come out otherwise
 */
export async function verifyRun(
  folder: string,
  steps: string | null,
  fleet: Omit<FleetChoice, 'logFolder' | 'execution'>,
  output: OutputOptions,
  interrupt: AbortSignal,
): Promise<void> {
  workerCount(fleet);
  const run = await readLedger(folder);
  if (run.folder === null) throw invalidInput('<run>', folder, 'the output folder of a run');
  const range = rangeWithin(steps, run);
  const payload = createTrainingPayload(
    sourcesOf('train', [{ flag: '--config', text: join(folder, 'run.json') }]),
    factoryPorts,
  );
  const scans = await readTrainingScans(payload);
  const start = await nearestStart(run, range.first);
  const logFolder = await mkdtemp(join(tmpdir(), 'ptychofleet-verify-'));
  try {
    const again = await withFleet(
      { ...fleet, logFolder, execution: payload.spec.execution },
      interrupt,
      (client) => computeAgain(client, payload, scans, start, range.last, output),
    );
    tell(run, again, { first: start.stepsBefore + 1, last: range.last }, output);
  } finally {
    await rm(logFolder, { recursive: true, force: true });
  }
}

/** `A..B`, `A` or nothing for all. */
function rangeWithin(text: string | null, run: LedgerOfRun): { first: number; last: number } {
  const held = rangeOf(run);
  if (text === null) return held;
  const [, a, b = a] = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text) ?? [];
  const [first, last] = [Number(a), Number(b)];
  if (first >= held.first && first <= last && last <= held.last) return { first, last };
  throw invalidInput('--steps', text, `A..B within ${held.first}..${held.last}`);
}

/** The newest checkpoint of an epoch before the range; the start of the run where there is none. */
async function nearestStart(run: LedgerOfRun, first: number): Promise<Start> {
  const checkpoints = join(run.path, 'checkpoints');
  const names = await readdir(checkpoints).catch(() => []);
  const starts = names.flatMap((name) => {
    const epoch = Number(/^epoch=(\d{1,9})-/.exec(name)?.[1] ?? NaN);
    const last = run.ledger.steps.findLast((step) => step.epoch === epoch)?.step;
    return last === undefined || last >= first ? [] : [{ name, stepsBefore: last }];
  });
  const best = starts.sort((a, b) => b.stepsBefore - a.stepsBefore)[0];
  if (best !== undefined)
    return { stepsBefore: best.stepsBefore, checkpoint: await readFile(join(checkpoints, best.name)) };
  if (run.ledger.steps[0]?.step === 1) return { stepsBefore: 0, checkpoint: null };
  throw new Fault(
    'failed-precondition',
    `${run.path}: its ledger begins with step ${run.ledger.steps[0]?.step ?? 0} and no checkpoint before step ${first} is there`,
  );
}

async function computeAgain(
  client: CoordinatorClient,
  payload: TrainingPayload,
  scans: TrainingScans,
  { checkpoint }: Start,
  last: number,
  output: OutputOptions,
): Promise<Ledger> {
  const { runId } = await submitTraining(client, payload, scans, checkpoint, last);
  await followRun(client, runId, reporterFor(output, 'step'));
  const text = new TextDecoder().decode(await client.downloadArtifact(runId, 'ledger.jsonl'));
  return parseLedger(text, 'the ledger of the repetition');
}

function tell(
  run: LedgerOfRun,
  again: Ledger,
  { first, last }: { readonly first: number; readonly last: number },
  output: OutputOptions,
): void {
  if (again.head.genesis !== run.ledger.head.genesis)
    throw new Fault(
      'run-failed',
      `${run.path}: settings, scans or first weights are not those of the ledger: run.json or a scan was changed since, or this is another version of the program`,
    );
  const difference = firstDifference(run.ledger, again);
  if (difference !== null) {
    const by = computedBy(run, difference.step);
    throw new Fault(
      'run-failed',
      `${run.path}: ${whereOf(difference)} comes out otherwise${by === null ? '' : ` (computed then: ${by})`}`,
    );
  }
  const compared = again.steps.length;
  printResult(output, { type: 'result', command: 'runs verify', verified: true, first, last, compared }, [
    `steps ${first} to ${last} computed again: the same bits`,
  ]);
}
