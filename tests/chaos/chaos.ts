import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { digestOf } from '@ptychofleet/base';
import { CoordinatorClient, toStruct } from '@ptychofleet/wire';
import { insistent } from '../e2e/client.test-support.ts';
import { ChaosFleet } from './fleet.ts';
import { chaosText, type ChaosFault } from './schedule.ts';

export interface ChaosSpec {
  readonly scanFile: string;
  readonly folder: string;
  readonly workers: number;
  /** Fields of the run, by their upstream names. */
  readonly overrides: Readonly<Record<string, number>>;
  readonly durationMs: number;
  readonly faults: readonly ChaosFault[];
  readonly say: (line: string) => void;
}

export interface Struck {
  readonly fault: ChaosFault;
  /** Until the coordinator knew; null where it never had to, as with a line that is merely slow. */
  readonly detectedMs: number | null;
  /** Until the next step was finished; null when the last run ended before. */
  readonly stepMs: number | null;
}

export interface ChaosOutcome {
  /** sha256 of the bundle of the calm run. */
  readonly calm: string;
  /** Those of the runs under faults. */
  readonly digests: readonly string[];
  readonly struck: readonly Struck[];
  readonly steps: number;
}

/** Kinds that the coordinator is bound to notice, and what it says then. */
const noticed: Partial<Record<ChaosFault['kind'], RegExp>> = {
  kill: /^worker (w\d+) left/,
  cut: /^worker (w\d+) left/,
  term: /^worker (w\d+) takes no more tasks/,
  stop: /^worker (w\d+) is silent/,
};

/**
 * Trains calmly once, then again and again under the faults until the time is over, in real processes. Every run has the same
 * specification, so that every bundle must have the same bytes.
 */
export async function chaos(spec: ChaosSpec): Promise<ChaosOutcome> {
  const { say, folder } = spec;
  await mkdir(folder, { recursive: true });
  const watch = new Watch();
  const fleet = await ChaosFleet.start(folder, spec.workers, (line) => watch.line(line));
  try {
    const client = new CoordinatorClient(fleet.address);
    const dataset = digestOf(await readFile(spec.scanFile));
    const train = (): Promise<string> => runOnce(client, spec, dataset, watch);
    const calm = await train();
    say(`calm run: ${calm}`);
    const startedMs = performance.now();
    const over = new AbortController();
    const striking = strikeAll(fleet, spec, watch, startedMs, over.signal);
    const digests: string[] = [];
    while (digests.length === 0 || performance.now() - startedMs < spec.durationMs) {
      const digest = await Promise.race([train(), striking.then(() => new Promise<never>(() => undefined))]);
      digests.push(digest);
      say(`run ${digests.length}: ${digest}${digest === calm ? '' : ' DIFFERS'}`);
    }
    over.abort();
    await striking;
    client.close();
    return { calm, digests, struck: watch.struck(), steps: watch.steps };
  } finally {
    await fleet.stop();
  }
}

/** One run from its submission to the digest of its bundle, whatever becomes of the coordinator meanwhile. */
async function runOnce(
  client: CoordinatorClient,
  { scanFile, overrides }: ChaosSpec,
  dataset: string,
  watch: Watch,
): Promise<string> {
  const bytes = await readFile(scanFile);
  const request = {
    requestId: randomUUID(),
    trainingOverrides: toStruct({ ...overrides }),
    datasetDigest: dataset,
  };
  const { runId } = await insistent(async () => {
    await client.getDataset(dataset).catch(() => client.uploadDataset('scan.npz', bytes));
    return client.createRun(request);
  });
  for (;;) {
    const run = await insistent(() => client.getRun(runId));
    watch.step(runId, run.progress?.step ?? 0);
    if (run.state === 'RUN_STATE_SUCCEEDED') {
      return run.artifacts.find(({ name }) => name === 'wts.h5.zip')?.digest ?? 'no bundle';
    }
    if (run.state === 'RUN_STATE_FAILED' || run.state === 'RUN_STATE_CANCELLED')
      throw new Error(`run ${runId}: ${run.reason || run.state}`);
    await setTimeout(50);
  }
}

async function strikeAll(
  fleet: ChaosFleet,
  { faults, say }: ChaosSpec,
  watch: Watch,
  startedMs: number,
  over: AbortSignal,
): Promise<void> {
  const ends: Promise<void>[] = [];
  for (const fault of faults) {
    const waitMs = Math.max(0, fault.atMs - (performance.now() - startedMs));
    await setTimeout(waitMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) break;
    // A worker that is still out from the fault before has nothing to lose.
    if (fault.kind !== 'coordinator' && fleet.workers[fault.worker] == null) continue;
    say(`  ${chaosText(fault)}`);
    watch.strike(fault);
    ends.push(strike(fleet, fault));
  }
  await Promise.all(ends);
}

async function strike(fleet: ChaosFleet, { kind, worker, pauseMs }: ChaosFault): Promise<void> {
  const child = fleet.workers[worker];
  const proxy = fleet.proxies[worker]!;
  const gone = new Promise<true>((resolve) => child?.once('exit', () => resolve(true)));
  switch (kind) {
    case 'kill':
      child?.kill('SIGCONT');
      child?.kill('SIGKILL');
      await Promise.all([gone, setTimeout(pauseMs)]);
      return fleet.startWorker(worker);
    case 'term': {
      child?.kill('SIGCONT');
      child?.kill('SIGTERM');
      // On a busy machine what it holds may take long: nobody waits for it longer than an operator would.
      if ((await Promise.race([gone, setTimeout(20_000)])) !== true) {
        child?.kill('SIGKILL');
        await gone;
      }
      await setTimeout(pauseMs);
      return fleet.startWorker(worker);
    }
    case 'stop':
      child?.kill('SIGSTOP');
      await setTimeout(pauseMs);
      child?.kill('SIGCONT');
      return;
    case 'cut':
      proxy.cut();
      return;
    case 'delay':
      proxy.delayMs = 40;
      await setTimeout(pauseMs);
      proxy.delayMs = 0;
      return;
    case 'throttle':
      proxy.bytesPerSecond = 2_000_000;
      await setTimeout(pauseMs);
      proxy.bytesPerSecond = null;
      return;
    case 'coordinator':
      fleet.killCoordinator();
      await setTimeout(pauseMs);
      return fleet.startCoordinator();
  }
}

interface Open {
  readonly fault: ChaosFault;
  readonly atMs: number;
  /** Of the life that was struck; undefined for the coordinator. */
  readonly workerId: string | undefined;
  detectedMs: number | null;
  stepMs: number | null;
}

/** Puts together what was done to the fleet, what the coordinator said and which steps were finished. */
class Watch {
  steps = 0;
  readonly #open: Open[] = [];
  readonly #lives = new Map<string, string>();
  #seen = '';
  /** Faults before it were struck under a coordinator that is gone. */
  #firstOfCoordinator = 0;

  line({ msg, name, workerId }: { msg: string; name?: string; workerId?: string }): void {
    if (msg === 'worker joined' && name !== undefined && workerId !== undefined) {
      this.#lives.set(name, workerId);
      return;
    }
    if (msg === 'listening') {
      // Started again, it counts its workers from one, and knows nothing of what struck them before.
      this.#lives.clear();
      this.#firstOfCoordinator = this.#open.length;
      return;
    }
    const atMs = performance.now();
    for (const open of this.#open.slice(this.#firstOfCoordinator)) {
      if (open.detectedMs !== null) continue;
      const pattern = noticed[open.fault.kind];
      // Who is stopped for a moment may well go unnoticed; what is said of it later has another reason.
      const mayTakeMs = open.fault.kind === 'stop' ? open.fault.pauseMs : Infinity;
      if (atMs - open.atMs > mayTakeMs) continue;
      if (pattern?.exec(msg)?.[1] === open.workerId && open.workerId !== undefined)
        open.detectedMs = atMs - open.atMs;
    }
  }

  strike(fault: ChaosFault): void {
    const workerId = fault.kind === 'coordinator' ? undefined : this.#lives.get(`chaos-${fault.worker}`);
    this.#open.push({ fault, atMs: performance.now(), workerId, detectedMs: null, stepMs: null });
  }

  step(runId: string, step: number): void {
    const seen = `${runId} ${step}`;
    if (step === 0 || seen === this.#seen) return;
    this.#seen = seen;
    this.steps += 1;
    const atMs = performance.now();
    for (const open of this.#open) open.stepMs ??= atMs - open.atMs;
  }

  struck(): Struck[] {
    return this.#open.map(({ fault, detectedMs, stepMs }) => ({ fault, detectedMs, stepMs }));
  }
}
