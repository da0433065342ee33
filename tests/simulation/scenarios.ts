import type { TrainingPlan } from '@ptychofleet/run';
import { simulate, type Simulation } from './cluster.ts';
import { faultText, parseFaults } from './faults.ts';

const plan: TrainingPlan = {
  kind: 'training',
  groupCount: 14,
  validationGroupCount: 2,
  batchSize: 8,
  virtualShards: 8,
  epochs: 2,
  seed: 7,
  sequential: false,
  accumulationSteps: 1,
};

interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly workers: number;
  readonly faults: string;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'calm',
    about: 'Two workers, nothing happens.',
    workers: 2,
    faults: 'none',
  },
  {
    name: 'crash-mid-step',
    about: 'One of two workers is killed in the middle of a step; the other takes its shards over.',
    workers: 2,
    faults: 'crash@12:w1:0',
  },
  {
    name: 'drain',
    about: 'One of two workers gets SIGTERM, finishes what it holds and leaves.',
    workers: 2,
    faults: 'drain@12:w1:0',
  },
  {
    name: 'hang',
    about:
      'One of two workers is stopped (SIGSTOP) and continued after it was given up; its answer comes too late.',
    workers: 2,
    faults: 'hang@12:w1:1300',
  },
  {
    name: 'flapping-worker',
    about: 'One worker is killed and comes back again and again, each time as a new incarnation.',
    workers: 2,
    faults: 'restart@12:w1:20,restart@40:w1:20,restart@75:w1:20',
  },
  {
    name: 'slow-worker',
    about: 'One of three workers computes twenty times slower; the steps wait for it and their bits stay.',
    workers: 3,
    faults: 'slow@0:w2:400',
  },
];

/** The transcript of a scenario: milliseconds, then what was said. */
export function transcriptOf({ name, about, workers, faults }: Scenario): string {
  const parsed = parseFaults(faults);
  const planned = 'faults' in parsed ? parsed.faults : [];
  const simulation: Simulation = { seed: 1, plan, workers, workersMin: workers, faults: planned };
  const lines: string[] = [];
  const { digest, refused } = simulate(simulation, (line) => lines.push(line));
  const head = [`# ${name}`, `# ${about}`, `# faults: ${planned.map(faultText).join(', ') || 'none'}`];
  return [...head, ...lines, `# ${refused} answers refused, ends with ${digest}`, ''].join('\n');
}
