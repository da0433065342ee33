import { Fault } from '@ptychofleet/base';

/** The part of a specification that says how workers work. */
export interface Execution {
  readonly accelerator: string;
  readonly deterministic: boolean;
  readonly numerics: string;
  readonly numWorkers: number;
  readonly prefetchFactor: number | null;
  readonly persistentWorkers: boolean;
}

const prefetchWithLoaders = 2;

/** What of a worker's numerics class a specification may ask for. */
export interface FleetNumerics {
  readonly device?: string;
  readonly pins?: { readonly deterministicKernels?: boolean };
}

/** Flags for the workers of a private fleet. */
export function workerArguments(execution: Execution | undefined): readonly string[] {
  if (execution === undefined) return [];
  const { accelerator, deterministic, numWorkers, prefetchFactor, persistentWorkers } = execution;
  const loading =
    numWorkers === 0
      ? []
      : ['--loaders', String(numWorkers), '--slots', String(1 + (prefetchFactor ?? prefetchWithLoaders))];
  return [
    ...['--accelerator', accelerator],
    ...(deterministic ? [] : ['--no-deterministic']),
    ...loading,
    ...(persistentWorkers ? ['--keep-loaders'] : []),
  ];
}

/** @throws Fault for settings of worker processes that run already */
export function checkForSharedFleet(execution: Execution | undefined): void {
  if (execution === undefined || execution.numWorkers === 0) return;
  const { numWorkers } = execution;
  throw new Fault(
    'invalid-input',
    `execution.numWorkers: ${numWorkers} has no effect with --coordinator, whose workers run already; start them with: ptychofleet worker --loaders ${numWorkers}`,
    { field: 'execution.numWorkers', received: String(numWorkers) },
  );
}

/**
 * @param numerics of any worker, since a fleet has one class; null where none has joined and the run waits for the first
 * @throws Fault when the fleet does not compute as the specification asks
 */
export function checkFleet(numerics: FleetNumerics | null, execution: Execution | undefined): void {
  if (execution === undefined || numerics === null) return;
  const { device, pins } = numerics;
  const { accelerator, deterministic } = execution;
  const wanted = accelerator === 'cuda' ? 'gpu' : accelerator;
  if (wanted !== 'auto' && wanted !== device) {
    throw new Fault(
      'failed-precondition',
      `execution.accelerator: received ${accelerator}, but the workers of this fleet compute on the ${device}; start workers with --accelerator ${accelerator} or leave it out`,
      { field: 'execution.accelerator', received: accelerator, expected: device ?? '' },
    );
  }
  if (deterministic && pins?.deterministicKernels === false) {
    throw new Fault(
      'failed-precondition',
      'execution.deterministic: received true, but the workers of this fleet were started with --no-deterministic; start them without it or say --no-deterministic here, too',
      { field: 'execution.deterministic', received: 'true', expected: 'false' },
    );
  }
}
