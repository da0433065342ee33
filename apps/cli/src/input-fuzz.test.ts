import { fieldCatalog, flagsOf } from '@ptychofleet/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benchWithScan, runProgram, type Outcome } from './program.test-support.ts';

const bench = benchWithScan();
const train = ['--train_data_file', bench.scan, '--gridsize', '1', '--n_images', '8'];
const resolve = ['config', 'resolve', 'train'];
const acting = fieldCatalog('train').filter(
  ({ refused, field }) => refused === null && !field.startsWith('input.'),
);
const flags = flagsOf('train').flatMap((flag) => [...flag.flags, ...flag.negations]);

/** Near misses, odd texts and values that some field takes. */
const word = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('0', '1', '2', '-1', '64', '0.5', '1e-3', 'NaN', '1e999', 'true', 'none', ''),
  },
  fc.constantFrom(
    'cpu',
    'adamw',
    'probe',
    '__proto__',
    'constructor',
    '~',
    '[]',
    '{}',
    '&a',
    '*a',
    '!!binary x',
    '\0',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const name = fc.oneof(
  fc.constantFrom(...acting.map(({ field }) => field.slice(field.indexOf('.') + 1))),
  fc.constantFrom('model', 'training', 'data', '__proto__', 'toString', 'batchSise'),
  fc.string({ maxLength: 8 }),
);

/** One sentence and exit code 2, or a result and exit code 0: nothing else, and never a place in our code. */
function expectOrderly({ code, stdout, stderr }: Outcome): void {
  expect([0, 2]).toContain(code);
  expect(stderr).not.toMatch(/internal error|^\s+at .*[:(]\d+|\.ts:\d+/m);
  if (code === 2) {
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^ptychofleet: .+\n$/s);
  } else expect(JSON.parse(stdout)).toHaveProperty('spec');
}

const runs = { numRuns: 100 };

describe('whatever is said, the answer is a payload or a sentence', () => {
  it('on the command line', async () => {
    const argument = fc.oneof(
      fc.constantFrom(...flags),
      word,
      fc.string({ maxLength: 8 }).map((text) => `--${text}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(argument, { maxLength: 6 }), async (args) => {
        fc.pre(!args.some((one) => one.startsWith('-h') || one === '--help' || one === '--json'));
        const outcome = await runProgram([...resolve, ...train, ...args]);
        expect([0, 2]).toContain(outcome.code);
        expect(outcome.stderr).not.toMatch(/internal error|^\s+at /m);
        if (outcome.code === 2) expect(outcome.stdout).toBe('');
      }),
      runs,
    );
  });

  it('in a file of any text', async () => {
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const file = bench.file('any.yaml', content);
        const { stdout, stderr, ...rest } = await runProgram([...resolve, ...train, '--config', file]);
        expect([0, 2]).toContain(rest.code);
        expect(`${stdout}${stderr}`).not.toMatch(/internal error|^\s+at /m);
      }),
      runs,
    );
  });

  it('in a mapping of any values, as YAML and as JSON', async () => {
    const value = fc.oneof(word, fc.jsonValue({ maxDepth: 2 }), fc.dictionary(name, word, { maxKeys: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 4 }), fc.boolean(), async (values, flow) => {
        const lines = Object.entries(values).map(
          ([key, one]) => `${JSON.stringify(key)}: ${JSON.stringify(one)}\n`,
        );
        const file = bench.file('map.yaml', flow ? JSON.stringify(values) : lines.join(''));
        const outcome = await runProgram([...resolve, ...train, '--config', file, '--json'], {});
        const { code, stdout, stderr } = outcome;
        expect([0, 2]).toContain(code);
        if (code === 2) expect(JSON.parse(stderr)).toMatchObject({ type: 'error' });
        else expect(JSON.parse(stdout)).toHaveProperty('spec');
        if (code === 2) expect(JSON.parse(stderr).kind).not.toBe('internal');
      }),
      runs,
    );
  });

  it('in the environment', async () => {
    const variable = fc.oneof(
      fc.constantFrom(...acting.map((field) => field.variable)),
      fc.stringMatching(/^PTYCHOFLEET_[A-Z_]{1,10}$/),
    );
    const text = word.filter((one) => !one.includes('\0'));
    const known = ['PTYCHOFLEET_ACCELERATOR', 'PTYCHOFLEET_DEBUG'];
    await fc.assert(
      fc.asyncProperty(
        variable.filter((one) => !known.includes(one)),
        text,
        async (key, value) => {
          expectOrderly(
            withoutWarnings(await runProgram([...resolve, ...train, '--json'], { [key]: value })),
          );
        },
      ),
      runs,
    );
  });
});

/** The JSON form of a fault as the sentence that people get. */
function withoutWarnings({ code, stdout, stderr }: Outcome): Outcome {
  if (code === 0) return { code, stdout, stderr };
  return { code, stdout, stderr: `ptychofleet: ${JSON.parse(stderr).message}\n` };
}

describe('nothing is dropped in silence', () => {
  const field = fc.constantFrom(...acting);
  const said = (path: string, stdout: string): boolean =>
    JSON.parse(stdout).overrides_applied.some(
      (entry: { field: string; level: string }) =>
        entry.field === path && !/default|profile|inferred/.test(entry.level),
    );

  it.each(['flag', 'key', 'variable'] as const)('a %s is in the trail or is refused', async (place) => {
    const ended = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        field,
        word.filter((one) => !/^-|\0/.test(one)),
        async (one, value) => {
          fc.pre(one.variable !== 'PTYCHOFLEET_ACCELERATOR');
          // A switch takes no value on the command line.
          const typed = one.negation === null ? [one.flag, value] : [one.flag];
          const key = one.field.slice(one.field.indexOf('.') + 1);
          const section = one.field.slice(0, one.field.indexOf('.'));
          const file = bench.file('one.json', JSON.stringify({ [section]: { [key]: value } }));
          const args = ['--train_data_file', bench.scan, '--json'];
          const grid = one.field === 'model.gridsize' ? [] : ['--gridsize', '1'];
          const outcome =
            place === 'flag'
              ? await runProgram([...resolve, ...args, ...grid, ...typed])
              : place === 'key'
                ? await runProgram([...resolve, ...args, ...grid, '--config', file])
                : await runProgram([...resolve, ...args, ...grid], { [one.variable]: value });
          expect([0, 2]).toContain(outcome.code);
          ended[outcome.code === 0 ? 'taken' : 'refused'] += 1;
          if (outcome.code === 0)
            expect([one.field, said(one.field, outcome.stdout)]).toEqual([one.field, true]);
          else expect(JSON.parse(outcome.stderr)).toMatchObject({ type: 'error' });
        },
      ),
      runs,
    );
    // Else the property would hold for a program that refuses everything, or nothing.
    expect(Math.min(ended.taken, ended.refused)).toBeGreaterThan(0);
  });
});
