import { randomUUID } from 'node:crypto';
import { assert, digestOfText, Fault } from '@ptychofleet/base';
import { canonicalJson } from '@ptychofleet/config';
import { workerId, type WorkerId, type WorkerStanding } from '@ptychofleet/run';
import {
  fromStruct,
  protocolVersion,
  toStruct,
  type JsonObject,
  type OpenSessionRequest__Output,
  type OpenSessionResponse,
  type Worker,
} from '@ptychofleet/wire';

type Hello = NonNullable<OpenSessionRequest__Output['hello']>;

/** One life of a worker: the machine knows its id, the wire its stream. */
export interface WorkerLife {
  readonly id: WorkerId;
  readonly sessionId: string;
  readonly name: string;
  readonly slots: number;
  readonly numerics: JsonObject;
  /** Equal classes compute equal bits. */
  readonly numericsClass: string;
  readonly processId: number;
  send(message: OpenSessionResponse): void;
  close(): void;
}

const slotsMax = 8;

/** The lives that are connected now. A worker that comes back is a new life with a new id (its incarnation). */
export class Workers {
  readonly #byId = new Map<WorkerId, WorkerLife>();
  readonly #bySession = new Map<string, WorkerLife>();
  readonly #classes = new Map<string, JsonObject>();
  /** Whether workers of several numerics classes may be here at a time; a run takes those of one unless it says otherwise. */
  readonly #mixed: boolean;
  #next = 1;

  constructor(mixed: boolean) {
    this.#mixed = mixed;
  }

  /** Checks a hello; the numerics class of the first worker binds all others, since bits must not depend on who computes. */
  admit(hello: Hello, wire: Pick<WorkerLife, 'send' | 'close'>): WorkerLife {
    const [major] = hello.protocolVersion.split('.');
    const [ours] = protocolVersion.split('.');
    if (major !== ours) {
      const message = `the worker speaks protocol ${hello.protocolVersion || 'unknown'}, this coordinator ${protocolVersion}; update the older of the two`;
      throw new Fault('failed-precondition', message, { field: 'protocol_version' });
    }
    const numerics = fromStruct(hello.numerics);
    const [other] = this.#byId.values();
    if (other !== undefined && !this.#mixed) refuseOtherClass(other.numerics, numerics);
    const slots = Math.max(1, Math.min(slotsMax, hello.slotCount));
    const name = hello.name.slice(0, 80) || 'worker';
    const id = workerId(`w${this.#next++}`);
    const life: WorkerLife = {
      id,
      sessionId: randomUUID(),
      name,
      slots,
      numerics,
      numericsClass: numericsClassOf(numerics),
      processId: hello.processId,
      ...wire,
    };
    this.#byId.set(id, life);
    this.#classes.set(life.numericsClass, classOf(numerics));
    this.#bySession.set(life.sessionId, life);
    return life;
  }

  byId(id: WorkerId): WorkerLife | undefined {
    return this.#byId.get(id);
  }

  bySession(sessionId: string): WorkerLife | undefined {
    return this.#bySession.get(sessionId);
  }

  remove(life: WorkerLife): void {
    assert(this.#byId.delete(life.id), `worker ${life.id} is not here`);
    this.#bySession.delete(life.sessionId);
  }

  all(): WorkerLife[] {
    return [...this.#byId.values()];
  }

  /**
   * What a run's files say about the numerics: the class of the fleet, or for a run that takes workers of any, which they were
   * and that its bits depend on who did what.
   */
  numerics(mixed: boolean): JsonObject {
    if (mixed) return { promise: 'not bitwise', classes: [...this.#classes.keys()].sort() };
    const [first] = this.#byId.values();
    return this.#classes.get(first?.numericsClass ?? '') ?? [...this.#classes.values()].at(-1) ?? {};
  }
}

/** The name of a numerics class. */
export function numericsClassOf(numerics: JsonObject): string {
  return digestOfText(canonicalJson(classOf(numerics)));
}

/** What is compared: all of it but the processor's name, which claims and proves nothing. */
function classOf({ processor: _processor, ...rest }: JsonObject): JsonObject {
  return rest;
}

function refuseOtherClass(present: JsonObject, candidate: JsonObject): void {
  const [have, got] = [classOf(present), classOf(candidate)];
  // The probe last: where a claim differs as well, that is why the bits do.
  const keys = [...new Set([...Object.keys(have), ...Object.keys(got)])]
    .filter((key) => key !== 'probe')
    .sort();
  for (const key of [...keys, 'probe']) {
    const [ours, theirs] = [have[key], got[key]].map((value) => JSON.stringify(value) ?? 'nothing');
    if (ours === theirs) continue;
    const what = key === 'probe' ? 'the bits of a probe gradient' : key;
    const message = `numerics differ in ${what}: the fleet has ${ours}, the worker ${theirs}; equal bits need equal numerics, so start it in the same environment, or the coordinator with --numerics mixed`;
    throw new Fault('failed-precondition', message, {
      field: key,
      received: theirs ?? '',
      expected: ours ?? '',
    });
  }
}

export function describeWorker(life: WorkerLife, { leases, tasks, state, reason }: WorkerStanding): Worker {
  return {
    workerId: life.id,
    name: life.name,
    leaseCount: leases,
    taskCount: tasks,
    numerics: toStruct(life.numerics) as Worker['numerics'],
    processId: life.processId,
    state,
    reason,
  };
}
