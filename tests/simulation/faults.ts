import { invalidInput, RandomSequence, RandomStream } from '@ptychofleet/base';

/**
 * join: the worker is absent until then · crash: killed for good · restart: killed, back after the duration as a new
 * incarnation · reboot: the same by a power cut, which closes no connection · drain: SIGTERM · partition: nothing passes for the duration · delay, duplicate, reorder: of its messages, for the
 * duration · slow: computes 20 times slower · hang: SIGSTOP for the duration · fail: its next task fails · stray: its next answer
 * comes under the lease of another worker first · stall: computes on and on while its heartbeats come · lie: one bit of what it computes is wrong for the duration ·
 * clock: the coordinator's clock jumps by the duration, which may be negative · coordinator: killed between two of its deeds, back after
 * the duration · disk: its journal cannot be written for the duration · pause: a client holds the run for the duration.
 */
export const faultKinds = [
  'join',
  'crash',
  'restart',
  'reboot',
  'drain',
  'partition',
  'delay',
  'duplicate',
  'reorder',
  'slow',
  'hang',
  'fail',
  'stray',
  'stall',
  'lie',
  'clock',
  'coordinator',
  'disk',
  'pause',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  /** Counted from 0; of no meaning for what happens to the coordinator. */
  readonly worker: number;
  readonly durationMs: number;
}

const durationsMs: Record<FaultKind, readonly [number, number]> = {
  join: [0, 0],
  crash: [0, 0],
  restart: [5, 800],
  reboot: [5, 800],
  drain: [0, 0],
  partition: [20, 3500],
  delay: [20, 1000],
  duplicate: [50, 2000],
  reorder: [50, 2000],
  slow: [50, 1500],
  hang: [20, 3500],
  fail: [0, 0],
  stray: [0, 0],
  stall: [20, 5000],
  lie: [50, 1500],
  clock: [-1500, 8000],
  coordinator: [5, 800],
  disk: [5, 400],
  pause: [5, 400],
};

const finalKinds: readonly FaultKind[] = ['crash', 'drain', 'lie'];

/**
 * Faults within [0, horizonMs). Many come in bursts, as a failing rack or switch makes them: shortly after the one before, of the same
 * kind, or on the same worker. Workers 0 and 1 never leave for good and never lie, so that the run can always end.
 */
export function drawFaults(
  seed: number,
  workers: number,
  horizonMs: number,
  kinds: readonly FaultKind[],
): PlannedFault[] {
  const random = new RandomSequence(new RandomStream(seed, 'faults'));
  if (kinds.length === 0) return [];
  const faults: PlannedFault[] = [];
  for (let left = random.integer(6 + Math.min(workers, 24)); left > 0; left--) {
    const before = random.uniform() < 0.5 ? faults.at(-1) : undefined;
    const drawnKind = kinds[random.integer(kinds.length)];
    const kind = before !== undefined && random.uniform() < 0.6 ? before.kind : drawnKind;
    const drawnWorker = random.integer(workers);
    const worker = before !== undefined && random.uniform() < 0.3 ? before.worker : drawnWorker;
    const anyTimeMs = random.integer(Math.max(1, Math.ceil(horizonMs)));
    const atMs = before === undefined ? anyTimeMs : before.atMs + random.integer(20);
    const [least, most] = durationsMs[kind];
    const durationMs = least + random.integer(most - least + 1);
    if (worker > 1 || !finalKinds.includes(kind)) faults.push({ kind, atMs, worker, durationMs });
  }
  return faults;
}

/** `hang@120:w3:1500`: kind, instant, worker, duration in milliseconds. */
export function faultText({ kind, atMs, worker, durationMs }: PlannedFault): string {
  return `${kind}@${atMs}:w${worker}:${durationMs}`;
}

/** Reads `--faults`: `none`, kinds to draw from (`crash,hang`), or faults one by one as {@link faultText} prints them. */
export function parseFaults(text: string): { kinds: readonly FaultKind[] } | { faults: PlannedFault[] } {
  if (text === 'none') return { faults: [] };
  const parts = text.split(',');
  if (parts.every(isFaultKind)) return { kinds: parts };
  const faults = parts.map((part): PlannedFault => {
    const match = /^([a-z]+)@(\d+):w(\d+):(-?\d+)$/.exec(part);
    const kind = match?.[1] ?? '';
    if (match === null || !isFaultKind(kind)) {
      const expected = `none, kinds among ${faultKinds.join(', ')}, or faults such as hang@120:w3:1500`;
      throw invalidInput('--faults', part, expected, 'separate them by commas');
    }
    return { kind, atMs: Number(match[2]), worker: Number(match[3]), durationMs: Number(match[4]) };
  });
  return { faults };
}

function isFaultKind(text: string): text is FaultKind {
  return (faultKinds as readonly string[]).includes(text);
}
