import { noChecks, type RunChecks, type TrainingPlan } from '@ptychofleet/run';
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
  readonly checks?: Partial<RunChecks>;
  readonly epochs?: number;
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
    epochs: 8,
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
  {
    name: 'speculation',
    about:
      'One of three workers computes on and on while its heartbeats come; when its block is late the idle ones get it as well, and the late answer is compared.',
    workers: 3,
    faults: 'stall@115:w2:95',
    epochs: 3,
  },
  {
    name: 'deadline',
    about:
      'A worker whose block never ends is given up although its heartbeats come; it returns as a new life.',
    workers: 3,
    faults: 'stall@115:w2:2500,pause@150:w0:2600',
    epochs: 3,
  },
  {
    name: 'audit-finds-a-liar',
    about:
      'One of three workers computes one bit wrongly; the audited block is computed by two, a third decides who is wrong.',
    workers: 3,
    faults: 'lie@30:w1:15',
    checks: { auditEverySteps: 1 },
  },
  {
    name: 'quarantine-and-return',
    about:
      'Every result needs two workers that agree; the one that computes wrongly is kept out, comes back on probation, and is trusted when it agrees.',
    workers: 3,
    faults: 'lie@15:w1:60',
    checks: { redundancy: 2 },
    epochs: 8,
  },
  {
    name: 'coordinator-crash',
    about:
      'The coordinator is killed between two of its deeds and begins again from its journal and checkpoint; nothing that was told is lost.',
    workers: 2,
    faults: 'coordinator@140:w0:40',
    epochs: 3,
  },
  {
    name: 'disk-error',
    about: 'The journal cannot be written for a while: no step is told of that is not written down.',
    workers: 2,
    faults: 'disk@20:w0:60',
  },
  {
    name: 'pause-and-resume',
    about:
      'A client holds the run in the middle of a step; what is at work is finished, then nothing happens.',
    workers: 2,
    faults: 'pause@12:w0:100',
  },
];

/** The transcript of a scenario: milliseconds, then what was said. */
export function transcriptOf({ name, about, workers, faults, checks, epochs = 2 }: Scenario): string {
  const parsed = parseFaults(faults);
  const planned = 'faults' in parsed ? parsed.faults : [];
  const simulation: Simulation = {
    seed: 1,
    plan: { ...plan, epochs },
    workers,
    workersMin: workers,
    faults: planned,
    checks: { ...noChecks, ...checks },
  };
  const lines: string[] = [];
  const { digest, refused } = simulate(simulation, (line) => lines.push(line));
  const checked = checks === undefined ? [] : [`# checks: ${JSON.stringify(checks)}`];
  const head = [
    `# ${name}`,
    `# ${about}`,
    `# faults: ${planned.map(faultText).join(', ') || 'none'}`,
    ...checked,
  ];
  return [...head, ...lines, `# ${refused} answers refused, ends with ${digest}`, ''].join('\n');
}
