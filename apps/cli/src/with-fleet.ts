import { availableParallelism } from 'node:os';
import { Fault, invalidInput } from '@ptychofleet/base';
import { CoordinatorClient, fromStruct } from '@ptychofleet/wire';
import { checkFleet, checkForSharedFleet, workerArguments, type Execution } from './fleet-execution.ts';
import { PrivateFleet } from './private-fleet.ts';

export interface FleetChoice {
  /** Address of a running coordinator; null starts a private fleet. */
  readonly coordinator: string | null;
  /** Workers of the private fleet; null takes one per core. */
  readonly workers: number | null;
  readonly logFolder: string;
  /** How the workers of the private fleet are to work; what a running fleet has to be like. */
  readonly execution?: Execution;
}

const workersMax = 256;
const connectTimeoutMs = 5000;

/** Checks what the user asked for before anything starts. */
export function workerCount(choice: Pick<FleetChoice, 'workers'>): number {
  const count = choice.workers ?? Math.max(1, availableParallelism());
  if (!Number.isInteger(count) || count < 1 || count > workersMax) {
    throw invalidInput('--workers', choice.workers, `an integer from 1 to ${workersMax}`);
  }
  return count;
}

/** Runs `work` against the chosen coordinator, or against a private fleet that lives exactly as long. */
export async function withFleet<Result>(
  choice: FleetChoice,
  interrupt: AbortSignal,
  work: (client: CoordinatorClient, fleet: PrivateFleet | null) => Promise<Result>,
): Promise<Result> {
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Fault('interrupted', 'interrupted'));
    if (interrupt.aborted) stop();
    interrupt.addEventListener('abort', stop, { once: true });
  });
  interrupted.catch(() => undefined);
  if (choice.coordinator !== null) {
    checkForSharedFleet(choice.execution);
    const client = new CoordinatorClient(choice.coordinator);
    try {
      await Promise.race([client.connect(connectTimeoutMs), interrupted]);
      const [worker] = await client.listWorkers();
      checkFleet(worker === undefined ? null : fromStruct(worker.numerics), choice.execution);
      return await Promise.race([work(client, null), interrupted]);
    } finally {
      client.close();
    }
  }
  const { logFolder, execution } = choice;
  const fleet = await PrivateFleet.start({
    workers: workerCount(choice),
    logFolder,
    coordinatorArguments: execution === undefined ? [] : ['--numerics', execution.numerics],
    workerArguments: workerArguments(execution),
  });
  const client = new CoordinatorClient(fleet.address);
  const lost = fleet.watch();
  lost.catch(() => undefined);
  try {
    await Promise.race([client.connect(connectTimeoutMs), lost, interrupted]);
    return await Promise.race([work(client, fleet), lost, interrupted]);
  } finally {
    client.close();
    await fleet.stop();
  }
}
