import { parseArgs } from 'node:util';
import { assert, Fault, invalidInput, messageOf } from '@ptychofleet/base';
import { parseFaults } from './faults.ts';
import { plainTraining } from './plain-training.ts';
import { relayedTraining, type Traffic } from './relays.ts';
import { calmDigest, check, scheduleOf, smallestFailure, type ScheduleChoice } from './schedule.ts';

const usage = `npm run sim -- --seed S [--workers N] [--steps K] [--count M] [--faults LIST] [--relays R] [--json]

Simulates a cluster under faults and compares its weights with those of the calm run.
  --seed S       first seed (default 1)
  --workers N    workers (default: drawn from the seed, 1 to 64)
  --steps K      optimiser steps at least (default 100)
  --count M      how many seeds, one after the other (default 1)
  --faults LIST  none, kinds to draw from (crash,hang), or single faults (hang@120:w3:1500); default: all kinds
  --relays R     a calm run instead whose workers report to R relays, and those to the coordinator; needs --workers
  --json         one JSON object instead of text`;

const counted = [
  'events',
  'accepted',
  'refused',
  'again',
  'dismissed',
  'quarantined',
  'restarts',
  'rounds',
] as const;
const zero = Object.fromEntries(counted.map((key) => [key, 0])) as Record<(typeof counted)[number], number>;

function main(): number {
  const { values } = parse();
  if (values.help) {
    console.info(usage);
    return 0;
  }
  const seed = count('--seed', values.seed, 0);
  const steps = count('--steps', values.steps, 1);
  const schedules = count('--count', values.count, 1);
  const workers = values.workers === undefined ? {} : { workers: count('--workers', values.workers, 1) };
  const faults = values.faults === undefined ? {} : parseFaults(values.faults);
  const choice = { steps, ...workers, ...faults };
  if (values.relays !== undefined) return relayed({ ...choice, seed }, values.relays);
  const total = { schedules: 0, faults: 0, ...zero };
  const tell = progressOf(schedules);
  let digest = '';
  let virtualMs = 0;
  let simulatedMs = 0;
  let cpuMs = 0;
  for (let next = seed; next < seed + schedules; next++) {
    const simulation = scheduleOf({ ...choice, seed: next });
    try {
      // The calm run is made first, so that the rate is of the schedules alone.
      calmDigest(simulation.plan);
      const [startedMs, cpuBefore] = [performance.now(), process.cpuUsage()];
      const outcome = check(simulation);
      simulatedMs += performance.now() - startedMs;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuMs += (user + system) / 1000;
      for (const key of counted) total[key] += outcome[key];
      digest = outcome.digest;
      virtualMs = outcome.virtualMs;
    } catch (error) {
      return report({ ...choice, seed: next }, messageOf(error), values.json);
    }
    total.schedules += 1;
    total.faults += simulation.faults.length;
    tell(total.schedules);
  }
  const seconds = simulatedMs / 1000;
  const eventsPerSecond = Math.round(total.events / seconds);
  const cpuMicrosecondsPerEvent = Math.round((1000 * cpuMs) / total.events);
  if (values.json) {
    const pace = { seconds, eventsPerSecond, cpuMicrosecondsPerEvent };
    console.info(JSON.stringify({ ok: true, seed, ...total, ...pace, digest, virtualMs }));
    return 0;
  }
  console.info(
    `${total.schedules} schedule${total.schedules === 1 ? '' : 's'} from seed ${seed} ended as the calm run does: ` +
      `${total.faults} faults, ${total.rounds} rounds, ${total.events} events, ${total.refused} answers refused, ` +
      `${total.again} blocks given out again, ${total.dismissed} workers dismissed, ${total.quarantined} put into quarantine, ` +
      `${total.restarts} restarts of the coordinator; ${seconds.toFixed(1)} s, ${eventsPerSecond} events/s, ${cpuMicrosecondsPerEvent} µs of CPU each`,
  );
  if (schedules === 1) console.info(`${digest} after ${(virtualMs / 1000).toFixed(1)} virtual seconds`);
  return 0;
}

function relayed(choice: ScheduleChoice, text: string): number {
  const { seed, steps, workers = 0 } = choice;
  const relays = count('--relays', text, 1);
  const virtualShards = 2 ** Math.ceil(Math.log2(Math.max(1, workers)));
  const drawn = scheduleOf(choice).plan;
  // Every worker has a shard; the last batch is short.
  const [batchSize, groupCount] = [2 * virtualShards, 2 * virtualShards * steps - 1];
  const plan = { ...drawn, virtualShards, batchSize, groupCount, epochs: 1, validationGroupCount: 0 };
  if (!Number.isInteger(Math.log2(relays)) || relays > workers)
    throw invalidInput('--relays', text, `a power of two up to --workers, ${workers || 'which is missing'}`);
  const [one, several] = [1, relays].map((among) => relayedTraining(plan, workers, among, seed));
  assert(
    several.digest === plainTraining(plan),
    `relays end with ${several.digest}, plain training does not`,
  );
  const slabs = ({ up, down }: Traffic): string => `${up} sums up and ${down} copies of the weights down`;
  console.info(
    `${virtualShards} shards, ${workers} workers, the same bits: in a step the coordinator moves ${slabs(one.relay)}; ` +
      `with ${relays} relays ${slabs(several.coordinator)}, each relay ${slabs(several.relay)}\n${several.digest}`,
  );
  return 0;
}

/** Says every ten seconds, on the standard error, how many of many schedules are done and how long the others will take. */
function progressOf(schedules: number): (done: number) => void {
  const startedMs = performance.now();
  let saidMs = startedMs;
  return (done) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < 10_000 || done === schedules) return;
    saidMs = nowMs;
    const leftSeconds = Math.round(((nowMs - startedMs) / done) * (schedules - done)) / 1000;
    const left = leftSeconds < 90 ? `${Math.ceil(leftSeconds)} s` : `${Math.ceil(leftSeconds / 60)} min`;
    console.error(`${done} of ${schedules} schedules, ${left} left`);
  };
}

function report(choice: ScheduleChoice, failure: string, json: boolean): number {
  const small = smallestFailure(choice);
  if (json) {
    console.info(JSON.stringify({ ok: false, seed: choice.seed, failure, smallest: small }));
  } else {
    console.error(`seed ${choice.seed} fails: ${failure}`);
    console.error(`smallest schedule that fails: ${small.failure}\n  ${small.command}`);
  }
  return 1;
}

function parse(): { values: Flags } {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        workers: { type: 'string' },
        steps: { type: 'string', default: '100' },
        count: { type: 'string', default: '1' },
        faults: { type: 'string' },
        relays: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Fault('invalid-input', messageOf(error));
  }
}

interface Flags {
  readonly seed: string;
  readonly workers?: string;
  readonly steps: string;
  readonly count: string;
  readonly faults?: string;
  readonly relays?: string;
  readonly json: boolean;
  readonly help: boolean;
}

function count(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw invalidInput(flag, text, `a whole number from ${least} up`);
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
