import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portsWith } from './factories/ports.test-support.ts';
import { createTrainingPayload, type TrainingPayloadRequest } from './factories/training.ts';
import { commandLineLevel } from './levels/command-line.ts';
import { configFileLevel } from './levels/config-file.ts';
import { environmentLevel } from './levels/environment.ts';

/** How one value of `learningRate` and the like is said at each level that a user writes. */
interface Said {
  readonly key: string;
  readonly path: string;
  readonly flag: string;
  readonly variable: string;
}

const said = (path: string, key: string, flag: string): Said => ({
  key,
  path,
  flag,
  variable: `PTYCHOFLEET_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`,
});

/** One field of each kind, with two values that differ from each other and from the default. */
const samples = [
  {
    kind: 'float',
    ...said('training.learningRate', 'learningRate', '--learning-rate'),
    values: [5e-4, 2e-3],
  },
  {
    kind: 'optional float',
    ...said('training.gradientClipVal', 'gradientClipVal', '--gradient-clip-val'),
    values: [1, 2.5],
  },
  {
    kind: 'choice',
    ...said('execution.accelerator', 'accelerator', '--accelerator'),
    values: ['cpu', 'gpu'],
  },
] as const;

type WrittenLevel = 'override' | 'execution-config' | 'command-line' | 'config-file' | 'environment';

/** The order of docs/adr/0002-precedence.md, written down a second time on purpose. */
const order: readonly WrittenLevel[] = [
  'override',
  'execution-config',
  'command-line',
  'config-file',
  'environment',
];

type Statement = readonly [field: Said, value: unknown];

/** A request in which these levels say these things, each in the level's own form. */
function requestOf(statements: Partial<Record<WrittenLevel, readonly Statement[]>>): TrainingPayloadRequest {
  const objectOf = (list: readonly Statement[]) =>
    Object.fromEntries(list.map(([field, v]) => [field.key, v]));
  const { override = [], 'execution-config': execution = [], environment = [] } = statements;
  const file = statements['config-file'] ?? [];
  const flags = statements['command-line'] ?? [];
  return {
    trainDataFile: 'scan.npz',
    overrides: { nGroups: 256, ...objectOf(override) },
    executionConfig: objectOf(execution),
    commandLine: commandLineLevel(
      'train',
      flags.map(([field, value]) => ({ flag: field.flag, text: String(value) })),
    ),
    file: configFileLevel(
      'training',
      file.map(([field, v]) => `${field.key}: ${String(v)}\n`).join(''),
      'run.yaml',
    ),
    environment: environmentLevel(
      'training',
      Object.fromEntries(environment.map(([field, value]) => [field.variable, String(value)])),
    ),
  };
}

function valueAt(spec: object, path: string): unknown {
  return path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], spec);
}

describe('levels that users write', () => {
  const pairs = order.flatMap((stronger, i) =>
    order.slice(i + 1).map((weaker) => [stronger, weaker] as const),
  );
  const cases = pairs.flatMap(([stronger, weaker]) =>
    samples.map((sample) => ({ stronger, weaker, ...sample })),
  );

  it.each(cases)('$stronger beats $weaker for a $kind', ({ stronger, weaker, values, ...field }) => {
    const request = requestOf({ [stronger]: [[field, values[0]]], [weaker]: [[field, values[1]]] });
    const { spec, overridesApplied } = createTrainingPayload(request, portsWith());
    expect(valueAt(spec, field.path)).toBe(values[0]);
    const trail = overridesApplied.filter((entry) => entry.field === field.path);
    expect(trail.map(({ level, newValue }) => [level, newValue])).toEqual([
      [weaker, values[1]],
      [stronger, values[0]],
    ]);
    expect(trail[1]?.oldValue).toBe(values[1]);
  });

  it('the last word belongs to the strongest level, whatever the mixture', () => {
    const fields = [
      { ...said('training.learningRate', 'learningRate', '--learning-rate'), start: 1.2e-4 },
      { ...said('training.gradientClipVal', 'gradientClipVal', '--gradient-clip-val'), start: null },
    ] as const;
    const value = fc.option(
      fc.integer({ min: 1, max: 1000 }).map((n) => n / 8),
      { nil: undefined },
    );
    const statement = fc.array(fc.tuple(fc.constantFrom(...order), value, value));
    fc.assert(
      fc.property(statement, (entries) => {
        const byLevel = new Map(entries.map(([level, ...values]) => [level, values]));
        const statements: Partial<Record<WrittenLevel, readonly Statement[]>> = {};
        for (const [level, values] of byLevel) {
          statements[level] = fields.flatMap((field, i): Statement[] =>
            values[i] === undefined ? [] : [[field, values[i]]],
          );
        }
        const { spec } = createTrainingPayload(requestOf(statements), portsWith());
        fields.forEach((field, i) => {
          const winner = order.find((level) => byLevel.get(level)?.[i] !== undefined);
          const expected = winner === undefined ? field.start : byLevel.get(winner)?.[i];
          expect(valueAt(spec, field.path)).toBe(expected);
        });
      }),
    );
  });
});

describe('levels that nobody writes', () => {
  const written = order.map((level) => ({ level }));
  const N = { ...said('model.N', 'N', '--N'), variable: 'PTYCHOFLEET_N' };
  const objectBig = said('model.objectBig', 'objectBig', '--object-big');
  const epochs = said('training.epochs', 'epochs', '--epochs');
  const probe = said('data.probeNormalization', 'probeNormalization', '--probe-normalization');
  const initialization = said('training.initialization', 'initialization', '--initialization');
  const progress = said('execution.enableProgressBar', 'enableProgressBar', '--enable-progress-bar');

  it.each(written.filter(({ level }) => level !== 'execution-config'))(
    '$level beats the probe of the file',
    ({ level }) => {
      const request = requestOf({ [level]: [[N, 256]] });
      const { spec, warnings, overridesApplied } = createTrainingPayload(request, portsWith({ N: 128 }));
      expect(spec.model.N).toBe(256);
      expect(warnings).toContain('N is stated as 256, but the probe of scan.npz has 128 pixels a side');
      expect(overridesApplied.some((entry) => entry.level === 'inferred' && entry.field === 'model.N')).toBe(
        false,
      );
    },
  );

  it.each(['override', 'config-file', 'environment'] as const)('%s beats an inferred switch', (level) => {
    const flags = { ...requestOf({ [level]: [[objectBig, true]] }) };
    const request = { ...flags, commandLine: commandLineLevel('train', [{ flag: '--gridsize', text: '1' }]) };
    expect(createTrainingPayload(request, portsWith()).spec.model.objectBig).toBe(true);
    expect(createTrainingPayload({ ...request, ...without(level) }, portsWith()).spec.model.objectBig).toBe(
      false,
    );
  });

  it.each(written.filter(({ level }) => level !== 'execution-config'))(
    '$level beats a profile',
    ({ level }) => {
      const request = {
        ...requestOf({
          [level]: [
            [probe, 'target'],
            [initialization, 'glorot'],
          ],
        }),
        profile: 'upstream',
      };
      const { spec } = createTrainingPayload(request, portsWith());
      expect([spec.data.probeNormalization, spec.training.initialization]).toEqual(['target', 'glorot']);
    },
  );

  it('a profile beats defaults and an inferred value beats the default', () => {
    const { spec } = createTrainingPayload(
      { ...requestOf({}), profile: 'upstream' },
      portsWith({ N: 128, nphotons: 5e8 }),
    );
    expect([spec.data.probeNormalization, spec.training.initialization]).toEqual(['none', 'torch']);
    expect([spec.model.N, spec.data.nphotons]).toEqual([128, 5e8]);
  });

  it.each(written.filter(({ level }) => level !== 'execution-config'))(
    "$level beats a command's default",
    ({ level }) => {
      const { spec } = createTrainingPayload(requestOf({ [level]: [[epochs, 7]] }), portsWith());
      expect(spec.training.epochs).toBe(7);
    },
  );

  it.each(['override', 'execution-config', 'config-file', 'environment'] as const)(
    "%s beats a command's default switch",
    (level) => {
      const value = level === 'override' || level === 'execution-config' ? false : 'off';
      const { spec } = createTrainingPayload(requestOf({ [level]: [[progress, value]] }), portsWith());
      expect(spec.execution.enableProgressBar).toBe(false);
    },
  );

  it("a command's default beats the library's, and only where a command asks", () => {
    const request = { trainDataFile: 'scan.npz', overrides: { nGroups: 64 } };
    const library = createTrainingPayload(request, portsWith()).spec;
    const command = createTrainingPayload(
      { ...request, commandLine: commandLineLevel('train', []) },
      portsWith(),
    ).spec;
    expect([library.training.epochs, library.model.gridsize, library.model.objectBig]).toEqual([50, 1, true]);
    expect([command.training.epochs, command.model.gridsize, command.model.objectBig]).toEqual([
      100,
      2,
      true,
    ]);
    expect([library.execution.enableProgressBar, command.execution.enableProgressBar]).toEqual([false, true]);
  });

  function without(level: 'override' | 'config-file' | 'environment'): Partial<TrainingPayloadRequest> {
    const { overrides, file, environment } = requestOf({});
    return level === 'override'
      ? { overrides: overrides ?? {} }
      : { ...(file && { file }), ...(environment && { environment }) };
  }
});
