import { readFileSync } from 'node:fs';
import { digestOf } from '@ptychofleet/base';
import { slabToBytes } from '@ptychofleet/params';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from './cluster.ts';
import { drawFaults, faultKinds, faultText, parseFaults } from './faults.ts';
import { check, calmDigest, commandOf, scheduleOf, smallestFailure } from './schedule.ts';
import { mutants } from './mutants.ts';
import { scenarios, transcriptOf } from './scenarios.ts';
import { shrink, type Shrinkable } from './shrink.ts';
import { initialWeights, syntheticGradient, weightCount } from './synthetic-gradient.ts';
import { VirtualTime } from './virtual-time.ts';

const chunks = Array.from({ length: 8 }, (_, i) => ({ first: 1 + 250 * i, last: 250 * (i + 1) }));

describe('schedules of 100 steps and more, 1 to 64 workers, all kinds of faults', () => {
  it.each(chunks)('seeds $first to $last end with the bits of the calm run', ({ first, last }) => {
    for (let seed = first; seed <= last; seed++) {
      const choice = { seed, steps: 100 };
      try {
        check(scheduleOf(choice));
      } catch (error) {
        const { command, failure } = smallestFailure(choice);
        throw new Error(`seed ${seed} fails; smallest: ${failure}\n  ${command}`, { cause: error });
      }
    }
  });

  it('hold every number of workers from one to many, every fault, and lost and refused work', () => {
    const schedules = Array.from({ length: 2000 }, (_, i) => scheduleOf({ seed: i + 1, steps: 100 }));
    const workers = schedules.map((schedule) => schedule.workers);
    expect(Math.min(...workers)).toBe(1);
    expect(Math.max(...workers)).toBe(64);
    expect(new Set(schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind)))).toEqual(
      new Set(faultKinds),
    );
    const outcomes = schedules.slice(0, 20).map((schedule) => simulate(schedule));
    expect(outcomes.some(({ refused }) => refused > 0)).toBe(true);
    expect(outcomes.some(({ dismissed }) => dismissed > 0)).toBe(true);
  });
});

describe('schedules that failed once', () => {
  it.each([
    // A hung worker comes back, fails at rounds that are over, and what it holds is given to another.
    { seed: 6348, workers: 3, steps: 51, faults: 'hang@729:w1:953,hang@737:w0:907,join@982:w0:0' },
    // A liar and one honest worker alone vote on a block again and again; with the liar in quarantine the others come back.
    { seed: 50668, workers: 4, steps: 16, faults: 'lie@148:w3:1183,hang@429:w1:1755,hang@436:w0:1715' },
    {
      seed: 58196,
      workers: 3,
      steps: 63,
      faults: 'lie@779:w2:1372,partition@1169:w0:1520,coordinator@654:w2:41',
    },
    { seed: 62048, workers: 4, steps: 3, faults: 'lie@571:w3:888,hang@151:w1:1823,hang@148:w2:2058' },
    { seed: 75776, workers: 3, steps: 19, faults: 'partition@303:w0:1817,lie@223:w2:636' },
    { seed: 81204, workers: 3, steps: 13, faults: 'join@1463:w0:0,lie@236:w2:1133' },
    {
      seed: 43064,
      workers: 4,
      steps: 7,
      faults:
        'restart@74:w2:443,coordinator@83:w1:404,reorder@103:w0:1588,lie@610:w3:1398,partition@145:w2:2516',
    },
    // The coordinator is killed just after the run has succeeded.
    {
      seed: 76847,
      workers: 10,
      steps: 91,
      faults:
        'duplicate@155:w5:78,restart@429:w4:326,coordinator@1280:w6:189,drain@1221:w7:0,drain@1239:w8:0,disk@873:w3:194,duplicate@115:w1:1252',
    },
  ])('seed $seed ends with the bits of the calm run', ({ faults, ...choice }) => {
    check(scheduleOf({ ...choice, ...parseFaults(faults) }));
  });
});

describe('a simulation', () => {
  it('is the same to the last line when it is repeated', () => {
    const transcript = (): string[] => {
      const lines: string[] = [];
      simulate(scheduleOf({ seed: 11, steps: 40, workers: 6 }), (line) => lines.push(line));
      return lines;
    };
    const first = transcript();
    expect(first.length).toBeGreaterThan(100);
    expect(transcript()).toEqual(first);
  });

  it('ends with other bits for another plan', () => {
    const digests = [1, 2, 3].map((seed) => calmDigest(scheduleOf({ seed, steps: 20 }).plan));
    expect(new Set(digests).size).toBe(3);
  });
});

describe.each(scenarios)('scenario $name', (scenario) => {
  // After a meant change: npx vitest run tests/simulation --update
  it('is told as in tests/scenarios', async () => {
    await expect(transcriptOf(scenario)).toMatchFileSnapshot(`../scenarios/${scenario.name}.txt`);
  });
});

describe('synthetic gradient', () => {
  it('has sums whose bits depend on the order of addition in nearly all orders', () => {
    const weights = initialWeights();
    const slabs = Array.from({ length: 16 }, (_, i) => syntheticGradient(weights, Int32Array.of(i)).gradient);
    const sums = Array.from({ length: 16 }, (_, turn) => {
      const sum = new Float32Array(weightCount);
      for (let i = 0; i < slabs.length; i++) {
        slabs[(i + turn) % slabs.length].forEach((value, place) => (sum[place] += value));
      }
      return digestOf(slabToBytes(sum));
    });
    expect(new Set(sums).size).toBeGreaterThan(12);
  });

  it('leaves padding out', () => {
    const weights = initialWeights();
    const padded = syntheticGradient(weights, Int32Array.of(3, -1, 5, -1));
    expect(padded).toEqual(syntheticGradient(weights, Int32Array.of(3, 5)));
    expect(padded.groupCount).toBe(2);
  });
});

describe('planted bugs', () => {
  it.each(mutants)('$bug: the edit fits the code', ({ edits }) => {
    for (const { file, find } of edits) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(text.split(find)).toHaveLength(2);
    }
  });
});

describe('virtual time', () => {
  it('runs actions by instant, and those of one instant in the order of planning', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (delays) => {
        const time = new VirtualTime();
        const ran: { delay: number; order: number; nowMs: number }[] = [];
        delays.forEach((delay, order) =>
          time.after(delay, () => ran.push({ delay, order, nowMs: time.nowMs })),
        );
        while (time.step());
        const sorted = delays.map((delay, order) => ({ delay, order, nowMs: delay }));
        expect(ran).toEqual(sorted.sort((a, b) => a.delay - b.delay || a.order - b.order));
      }),
    );
  });
});

describe('faults', () => {
  it('are read as they are printed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 64 }), (seed, workers) => {
        const faults = drawFaults(seed, workers, 1500, faultKinds);
        const text = faults.length === 0 ? 'none' : faults.map(faultText).join(',');
        expect(parseFaults(text)).toEqual({ faults });
      }),
    );
  });

  it('are refused with what is allowed', () => {
    expect(() => parseFaults('crash,flood')).toThrow(
      /--faults: received crash, expected none, kinds among join/,
    );
  });
});

describe('shrinking', () => {
  const large: Shrinkable = {
    seed: 4,
    workers: 40,
    steps: 100,
    faults: drawFaults(4, 40, 1500, ['crash', 'hang', 'partition']),
  };

  it('ends with the culprits alone and the least workers and steps that show them', () => {
    const culprits = large.faults.filter((_, place) => place === 1 || place === large.faults.length - 1);
    const fails = ({ steps, faults }: Shrinkable): boolean =>
      steps >= 17 && culprits.every((culprit) => faults.includes(culprit));
    expect(culprits).toHaveLength(2);
    expect(shrink(large, fails)).toEqual({
      seed: 4,
      workers: Math.max(...culprits.map(({ worker }) => worker)) + 1,
      steps: 17,
      faults: culprits,
    });
  });

  it('prints a command that names the schedule whole', () => {
    const faults = parseFaults('hang@120:w3:1500,clock@7:w0:-200');
    expect(
      commandOf({ seed: 3, workers: 4, steps: 9, faults: 'faults' in faults ? faults.faults : [] }),
    ).toBe('npm run sim -- --seed 3 --workers 4 --steps 9 --faults hang@120:w3:1500,clock@7:w0:-200');
  });
});
