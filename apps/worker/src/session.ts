import { Fault, isContentDigest, isDigest, messageOf, type Logger } from '@ptychofleet/base';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import {
  faultOf,
  type Digester,
  type FleetLink,
  fromStruct,
  letGo,
  protocolVersion,
  toStruct,
  type TaskAssignment,
} from '@ptychofleet/wire';
import type { BlobSource, ComputeClient } from './compute-client.ts';
import type { ComputeTask, TaskKind } from './compute-messages.ts';

export interface SessionOptions {
  readonly name: string;
  readonly slots: number;
  readonly connectTimeoutMs: number;
  /** Checks what was fetched, off this thread; left out where this thread does it. */
  readonly digestElsewhere?: Digester;
  readonly logger: Logger;
}

/** How a session ended, and whether coming back can help. */
export interface SessionEnd {
  readonly reason: string;
  readonly mayReturn: boolean;
  /** Whether the coordinator had taken it in. */
  readonly joined: boolean;
  /** Whether the worker was asked to go, and nothing is wrong with it. */
  readonly orderly?: boolean;
}

const kinds: Record<string, TaskKind> = {
  TASK_KIND_GRADIENT: 'gradient',
  TASK_KIND_LOSS: 'loss',
  TASK_KIND_PREDICTION: 'prediction',
};

const askedToStop: SessionEnd = { reason: 'asked to stop', mayReturn: false, joined: false };

/** How bulk data will travel; null when `leave` fired before. A coordinator that never answers is a {@link Fault}. */
async function connected(link: FleetLink, timeoutMs: number, leave: AbortSignal) {
  if (leave.aborted) return null;
  const left = new Promise<null>((resolve) => {
    leave.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([link.connect(timeoutMs), left]);
}

/** One life of a worker: joins, computes what it is given, leaves when `leave` fires. Never throws for an expected loss. */
export async function runSession(
  link: FleetLink,
  compute: Pick<ComputeClient, 'numerics' | 'died' | 'run' | 'foresee' | 'abandon'>,
  options: SessionOptions,
  leave: AbortSignal,
): Promise<SessionEnd> {
  const { logger, digestElsewhere } = options;
  const numerics = await compute.numerics;
  const bulk = await connected(link, options.connectTimeoutMs, leave);
  if (bulk === null) return askedToStop;
  const stream = link.openSession();
  const over = new AbortController();
  let sessionId = '';
  let heartbeat: NodeJS.Timeout | undefined;
  let busy = 0;
  let leaving = leave.aborted;

  const end = await new Promise<Omit<SessionEnd, 'joined'>>((resolve, reject) => {
    const lose = (reason: string): void => {
      stream.cancel();
      resolve({ reason, mayReturn: true });
    };
    const finishIfLeaving = (): void => {
      if (leaving && busy === 0) stream.end();
    };
    const onLeave = (): void => {
      leaving = true;
      stream.write({ leaving: { reason: askedToStop.reason } });
      finishIfLeaving();
    };
    leave.addEventListener('abort', onLeave, { once: true });
    compute.died.catch((error: Error) => {
      stream.cancel();
      reject(error);
    });
    stream.on('error', (error) => resolve({ reason: faultOf(error, 'session').message, mayReturn: true }));
    stream.on('end', () => resolve({ reason: 'the coordinator closed the session', mayReturn: true }));
    stream.on('data', (message) => {
      if (message.message === 'welcome' && message.welcome) {
        sessionId = message.welcome.sessionId;
        logger.info({ workerId: message.welcome.workerId, coordinator: link.address, bulk }, 'joined');
        heartbeat = setInterval(() => stream.write({ heartbeat: {} }), message.welcome.heartbeatIntervalMs);
        if (leaving) onLeave();
      } else if (message.message === 'task' && message.task) {
        busy += 1;
        const task = message.task;
        void doTask(task).finally(() => {
          busy -= 1;
          finishIfLeaving();
        });
      } else if (message.message === 'goodbye' && message.goodbye) {
        const { reason, mayReturn, orderly } = message.goodbye;
        resolve({ reason, mayReturn, orderly });
      }
    });
    const { name, slots } = options;
    const hello = {
      name,
      protocolVersion,
      numerics: toStruct({ ...numerics, pins: { ...numerics.pins } }),
      slotCount: slots,
      processId: process.pid,
    };
    stream.write({ hello });

    const doTask = async (assignment: TaskAssignment): Promise<void> => {
      const { leaseId } = assignment;
      const session = { id: sessionId, over: over.signal };
      try {
        const source: BlobSource = {
          pull: (digest, spare) => link.pull(session, digest, { digestElsewhere, spare }),
          next: (digest) => link.next(session, digest, digestElsewhere),
        };
        const task = decodeTask(assignment);
        const givenMs = performance.now();
        let pullMs = 0;
        const ready = (): void => void (pullMs = Math.round(performance.now() - givenMs));
        const result = await compute.run(task, source, ready);
        const computedMs = performance.now();
        if (task.kind === 'gradient') void compute.foresee(task.weightsDigest, source);
        const accepted = await link.push(session, { leaseId, ...result });
        letGo(result.values);
        const pushMs = Math.round(performance.now() - computedMs);
        const { length: microBatches } = assignment.microBatches;
        const computeMs = Math.round(result.computeMs);
        logger.debug({ leaseId, microBatches, pullMs, computeMs, pushMs, accepted }, 'task done');
      } catch (error) {
        if (over.signal.aborted) return;
        // Not the task's fault: with the session, its leases go back to the pool.
        if (error instanceof Fault && error.kind === 'unavailable') return lose(error.message);
        logger.warn({ leaseId, reason: messageOf(error) }, 'task failed');
        if (!stream.destroyed) stream.write({ failure: { leaseId, reason: messageOf(error) } });
      }
    };
  });
  clearInterval(heartbeat);
  over.abort();
  compute.abandon();
  stream.cancel();
  return { ...end, mayReturn: end.mayReturn && !leaving, joined: sessionId !== '' };
}

/** A task as it came from the wire, checked: nothing from outside reaches the compute thread unseen. */
export function decodeTask(assignment: TaskAssignment): ComputeTask {
  const kind = kinds[assignment.kind];
  const { scanDigest, weightsDigest, microBatches } = assignment;
  if (kind === undefined)
    throw new Fault('unsupported', `task kind ${assignment.kind} is not known to this worker`);
  if (!isDigest(scanDigest) || !isContentDigest(weightsDigest))
    throw new Fault('data-loss', 'the task names no content');
  const blocks = kind === 'gradient' ? [1, 2, 4, 8, 16, 32, 64] : [1];
  if (!blocks.includes(microBatches.length))
    throw new Fault('data-loss', `a ${kind} task has ${microBatches.length} micro-batches`);
  return {
    kind,
    model: modelSpecSchema.parse(fromStruct(assignment.modelSpec)),
    loss: lossSpecSchema.parse(fromStruct(assignment.lossSpec)),
    scanDigest,
    weightsDigest,
    microBatches: microBatches.map(({ groupIndices }) => Int32Array.from(groupIndices)),
    cropSide: assignment.cropSide,
  };
}
