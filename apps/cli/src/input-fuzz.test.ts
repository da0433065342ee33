import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldCatalog, flagsOf, type RunCommand } from '@ptychofleet/config';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { benchWithScan, runProgram, type Outcome } from './program.test-support.ts';

// Programs are built by the hundred here; a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000 });

const bench = benchWithScan();
const model = join(bench.folder, 'model');
mkdirSync(model);
writeFileSync(join(model, 'wts.h5.zip'), '');

/** A command with what it cannot go without, and the fields that act there. */
const commandOf = (name: RunCommand, inputs: readonly string[]) => ({
  name,
  inputs,
  resolve: ['config', 'resolve', name],
  acting: fieldCatalog(name).filter(({ refused, field }) => refused === null && !field.startsWith('input.')),
  flags: flagsOf(name).flatMap((flag) => [...flag.flags, ...flag.negations]),
});
const train = commandOf('train', ['--train_data_file', bench.scan]);
const infer = commandOf('infer', ['--model_path', model, '--test_data', bench.scan]);
/** Flags that make a whole run of a scan of 16 patterns; a fuzzed field may be one of them. */
const basics = { train: ['--gridsize', '1', '--n_images', '8'], infer: ['--n_images', '8'] };
const command = fc.constantFrom(train, infer);

function keyOf(field: string): { readonly section: string; readonly key: string } {
  const [section = '', key = ''] = field.split('.');
  return { section, key };
}

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
  fc.constantFrom(...[...train.acting, ...infer.acting].map(({ field }) => keyOf(field).key)),
  fc.constantFrom('data_config', 'model_config', 'training_config', 'C', 'K', 'n_subsample', 'object_big'),
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
    const argument = command.chain((one) =>
      fc
        .array(
          fc.oneof(
            fc.constantFrom(...one.flags),
            word,
            fc.string({ maxLength: 8 }).map((text) => `--${text}`),
          ),
          { maxLength: 6 },
        )
        .map((args) => ({ one, args })),
    );
    await fc.assert(
      fc.asyncProperty(argument, async ({ one, args }) => {
        fc.pre(!args.some((arg) => arg.startsWith('-h') || arg === '--help' || arg === '--json'));
        const outcome = await runProgram([...one.resolve, ...one.inputs, ...basics[one.name], ...args]);
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
      fc.asyncProperty(command, text, async (one, content) => {
        const file = bench.file('any.yaml', content);
        const { stdout, stderr, code } = await runProgram([
          ...one.resolve,
          ...one.inputs,
          ...basics[one.name],
          '--config',
          file,
        ]);
        expect([0, 2]).toContain(code);
        expect(`${stdout}${stderr}`).not.toMatch(/internal error|^\s+at /m);
      }),
      runs,
    );
  });

  it('in a mapping of any values, as YAML and as JSON, with older sections, too', async () => {
    const value = fc.oneof(word, fc.jsonValue({ maxDepth: 2 }), fc.dictionary(name, word, { maxKeys: 3 }));
    const mapping = fc.dictionary(name, value, { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(command, mapping, fc.boolean(), async (one, values, flow) => {
        const lines = Object.entries(values).map(
          ([key, inner]) => `${JSON.stringify(key)}: ${JSON.stringify(inner)}\n`,
        );
        const file = bench.file('map.yaml', flow ? JSON.stringify(values) : lines.join(''));
        const args = [...one.resolve, ...one.inputs, ...basics[one.name], '--config', file, '--json'];
        expectOrderly(withoutWarnings(await runProgram(args)));
      }),
      runs,
    );
  });

  it('in the environment', async () => {
    const variable = fc.oneof(
      fc.constantFrom(...[...train.acting, ...infer.acting].map((field) => field.variable)),
      fc.stringMatching(/^PTYCHOFLEET_[A-Z_]{1,10}$/),
    );
    const text = word.filter((one) => !one.includes('\0'));
    const known = ['PTYCHOFLEET_ACCELERATOR', 'PTYCHOFLEET_DEBUG'];
    await fc.assert(
      fc.asyncProperty(
        command,
        variable.filter((one) => !known.includes(one)),
        text,
        async (one, key, value) => {
          const args = [...one.resolve, ...one.inputs, ...basics[one.name], '--json'];
          expectOrderly(withoutWarnings(await runProgram(args, { [key]: value })));
        },
      ),
      runs,
    );
  });
});

/** The JSON form of a fault as the sentence that people get. */
function withoutWarnings({ code, stdout, stderr }: Outcome): Outcome {
  if (code === 0) return { code, stdout, stderr };
  const { type, kind, message } = JSON.parse(stderr);
  expect(type).toBe('error');
  expect(kind).not.toBe('internal');
  return { code, stdout, stderr: `ptychofleet: ${message}\n` };
}

type Place = 'flag' | 'key' | 'section' | 'variable';
type Field = (typeof train.acting)[number];

/** The same word for one field at one place: what to type, what the file says, what the shell says. */
function saidAt(place: Place, { field, flag, negation, variable }: Field, value: string) {
  const { section, key } = keyOf(field);
  // A switch takes no value on the command line.
  if (place === 'flag') return { flags: negation === null ? [flag, value] : [flag], file: {}, env: {} };
  if (place === 'variable') return { flags: [], file: {}, env: { [variable]: value } };
  if (place === 'section') return { flags: [], file: { [section]: { [key]: value } }, env: {} };
  // Some keys have another name outside their section: that of their variable.
  const flat = variable.replace('PTYCHOFLEET_', '').toLowerCase();
  return { flags: [], file: { [flat === 'n' ? 'N' : flat]: value }, env: {} };
}

const fieldOf = command.chain((one) => fc.constantFrom(...one.acting).map((field) => ({ one, field })));
const plainWord = word.filter((one) => !/^-|\0/.test(one));
const basicsWithout = ({ name: own }: { readonly name: RunCommand }, fields: readonly Field[]) =>
  own === 'train' && !fields.some(({ field }) => field === 'model.gridsize') ? ['--gridsize', '1'] : [];

describe('nothing is dropped in silence', () => {
  const said = (path: string, stdout: string): boolean =>
    JSON.parse(stdout).overrides_applied.some(
      (entry: { field: string; level: string }) =>
        entry.field === path && !/default|profile|inferred/.test(entry.level),
    );

  it.each(['flag', 'key', 'section', 'variable'] as const)(
    'a %s is in the trail or is refused',
    async (place) => {
      const ended = { taken: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(fieldOf, plainWord, async ({ one, field }, value) => {
          fc.pre(field.variable !== 'PTYCHOFLEET_ACCELERATOR');
          const { flags, file, env } = saidAt(place, field, value);
          const config = bench.file('one.json', JSON.stringify(file));
          const more = [...basicsWithout(one, [field]), ...flags, '--config', config, '--json'];
          const outcome = await runProgram([...one.resolve, ...one.inputs, ...more], env);
          expect([0, 2]).toContain(outcome.code);
          ended[outcome.code === 0 ? 'taken' : 'refused'] += 1;
          if (outcome.code === 0)
            expect([field.field, said(field.field, outcome.stdout)]).toEqual([field.field, true]);
          else expect(JSON.parse(outcome.stderr)).toMatchObject({ type: 'error' });
        }),
        runs,
      );
      // Else the property would hold for a program that refuses everything, or nothing.
      expect(Math.min(ended.taken, ended.refused)).toBeGreaterThan(0);
    },
  );
});

it('what is said at any places together resolves, is saved, and resolves to the same', async () => {
  const place = fc.constantFrom<Place>('flag', 'key', 'section', 'variable');
  // Values that are likely to be taken, so that most runs get as far as the file.
  const likely = fc.constantFrom('1', '2', '4', '0.5', 'true', 'none');
  const statements = command.chain((one) =>
    fc
      .array(fc.tuple(fc.constantFrom(...one.acting), place, likely), { minLength: 1, maxLength: 3 })
      .map((list) => ({ one, list })),
  );
  let resolved = 0;
  await fc.assert(
    fc.asyncProperty(statements, async ({ one, list }) => {
      fc.pre(!list.some(([{ variable }]) => variable === 'PTYCHOFLEET_ACCELERATOR'));
      const parts = list.map(([field, where, value]) => saidAt(where, field, value));
      const file = bench.file(
        'some.json',
        JSON.stringify(Object.assign({}, ...parts.map((part) => part.file))),
      );
      const env = Object.assign({}, ...parts.map((part) => part.env)) as Record<string, string>;
      const flags = parts.flatMap((part) => part.flags);
      const fields = list.map(([field]) => field);
      const saved = join(bench.folder, 'saved.yaml');
      const args = [...one.inputs, ...basicsWithout(one, fields), ...flags, '--config', file];
      const first = await runProgram([one.name, ...args, '--print-config', '--save-config', saved], env);
      expect([0, 2]).toContain(first.code);
      if (first.code === 2) return;
      resolved += 1;
      // The shell says the same as before, or nothing: the file is above it.
      for (const shell of [env, {}]) {
        const again = await runProgram([one.name, '--config', saved, '--print-config'], shell);
        expect([again.code, again.stdout]).toEqual([0, first.stdout]);
      }
    }),
    runs,
  );
  // Else the property would hold for a program that refuses everything.
  expect(resolved).toBeGreaterThan(0);
});
