import { RandomSequence, RandomStream } from '@ptychofleet/base';

/**
 * kill: kill -9 of a worker, back after the pause · stop: SIGSTOP, SIGCONT after the pause · term: SIGTERM, back after the pause ·
 * cut: all its connections break · delay, throttle: of its line, for the pause · coordinator: kill -9, started again after the pause.
 */
export const chaosKinds = ['kill', 'stop', 'term', 'cut', 'delay', 'throttle', 'coordinator'] as const;
export type ChaosKind = (typeof chaosKinds)[number];

export interface ChaosFault {
  readonly atMs: number;
  readonly kind: ChaosKind;
  /** Counted from 0; of no meaning for the coordinator. */
  readonly worker: number;
  readonly pauseMs: number;
}

const pausesMs: Record<ChaosKind, readonly [number, number]> = {
  kill: [100, 3000],
  stop: [500, 9000],
  term: [100, 3000],
  cut: [0, 0],
  delay: [500, 4000],
  throttle: [500, 4000],
  coordinator: [100, 2000],
};

/** Faults one after the other with `meanMs` between them, the same for the same seed. */
export function drawChaos(
  seed: number,
  workers: number,
  durationMs: number,
  meanMs: number,
  kinds: readonly ChaosKind[],
): ChaosFault[] {
  const random = new RandomSequence(new RandomStream(seed, 'chaos'));
  const faults: ChaosFault[] = [];
  for (let atMs = meanMs; ; atMs += Math.round(meanMs * (0.4 + 1.2 * random.uniform()))) {
    const kind = kinds[random.integer(kinds.length)] as ChaosKind;
    const worker = random.integer(workers);
    const [least, most] = pausesMs[kind];
    const pauseMs = least + random.integer(most - least + 1);
    if (atMs >= durationMs) return faults;
    faults.push({ atMs, kind, worker, pauseMs });
  }
}

/** `kill@1200:w1:300`: kind, instant, worker, pause in milliseconds. */
export const chaosText = ({ kind, atMs, worker, pauseMs }: ChaosFault): string =>
  `${kind}@${atMs}:${kind === 'coordinator' ? 'c' : `w${worker}`}:${pauseMs}`;
