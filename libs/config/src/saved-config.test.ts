import { Fault } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInferencePayload } from './factories/inference.ts';
import { portsWith } from './factories/ports.test-support.ts';
import { createTrainingPayload } from './factories/training.ts';
import { companionsOf, isOpen, samplesOf } from './field-samples.test-support.ts';
import type { Field } from './fields/field.ts';
import { registryOf, type RunKind } from './fields/registry.ts';
import { configFileLevel } from './levels/config-file.ts';
import { environmentLevel } from './levels/environment.ts';
import { emptyLevel } from './levels/level.ts';
import type { Overrides } from './levels/overrides.ts';
import { configOfRunRecord, savedConfigText } from './saved-config.ts';
import type { PayloadSources } from './factories/levels.ts';

const inputs = {
  training: { trainDataFile: 'scan.npz', testDataFile: 'valid.npz', outputDir: 'out/a b' },
  inference: { modelPath: 'out/s', testDataFile: 'scan.npz', outputDir: 'out/rec' },
};

function resolve(kind: RunKind, sources: PayloadSources) {
  const request = { commandLine: emptyLevel('command-line'), ...sources };
  const ports = portsWith({ nphotons: 5e8 });
  return kind === 'training' ? createTrainingPayload(request, ports) : createInferencePayload(request, ports);
}

/** The payload of these overrides, or `null` for fields that do not go together. */
function legal(kind: RunKind, overrides: Overrides) {
  try {
    return resolve(kind, { overrides: { ...inputs[kind], ...overrides } });
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

/** What the rules among fields ask for beside `onlyWith`. */
const needs: Readonly<Record<string, Overrides>> = {
  'model.probeScale': { probeNormalization: 'none' },
  'model.amplitudePhysicsGain': { probeNormalization: 'none' },
  'loss.realspaceWeight': { tvWeight: 1 },
  'loss.maePredL2MatchTarget': { torchLossMode: 'mae' },
  'training.stage2Epochs': { stage1Epochs: 2 },
  'training.stage3LrFactor': { stage1Epochs: 2 },
  'training.physicsWeightSchedule': { stage1Epochs: 2 },
};

// What the saved file has to win over: a shell that says something else.
const noise = environmentLevel('training', { PTYCHOFLEET_LEARNING_RATE: '0.7', PTYCHOFLEET_SEED: '13' });

function expectSame(kind: RunKind, payload: NonNullable<ReturnType<typeof legal>>): void {
  const text = savedConfigText(payload);
  const file = configFileLevel(kind, text, 'saved.yaml');
  const again = resolve(kind, { file, ...(kind === 'training' && { environment: noise }) });
  expect({ spec: again.spec, inputs: again.inputs }).toStrictEqual({
    spec: payload.spec,
    inputs: payload.inputs,
  });
  expect(savedConfigText(again)).toBe(text);
}

describe.each(['training', 'inference'] as const)('a saved %s configuration', (kind) => {
  const { specFields } = registryOf(kind);
  const live = specFields.filter(isOpen);
  const bare = live.filter((field) => field.onlyWith === undefined);

  it.each(live.map((field) => [field.path, field] as const))('holds %s', (_, field) => {
    const found = samplesOf(field)
      .map((value) =>
        legal(kind, { ...companionsOf(field, live), ...needs[field.path], [field.name]: value }),
      )
      .filter((payload) => payload !== null);
    expect(found.length).toBeGreaterThan(0);
    for (const payload of found) expectSame(kind, payload);
  });

  it('resolves to what it was saved from, for any fields together', () => {
    const statement = (field: Field) =>
      fc.constantFrom(field.default, ...samplesOf(field)).map((value) => [field.name, value] as const);
    const statements = fc
      .subarray([...bare], { maxLength: 6 })
      .chain((fields) => fc.tuple(...fields.map(statement)));
    const profile = fc.constantFrom('default', 'upstream');
    let tried = 0;
    fc.assert(
      fc.property(statements, profile, (list, name) => {
        const chosen = kind === 'training' ? { profile: name } : {};
        const payload = legal(kind, { ...chosen, ...Object.fromEntries(list) });
        fc.pre(payload !== null);
        tried += 1;
        expectSame(kind, payload);
      }),
      { numRuns: 200, maxSkipsPerRun: 200 },
    );
    expect(tried).toBe(200);
  });

  it('comes from the record of the run, too', () => {
    const payload = legal(kind, { seed: undefined });
    expect(payload).not.toBeNull();
    if (payload === null) return;
    const { spec, inputs: paths } = payload;
    const record = JSON.stringify({ runId: 'r1', spec, inputs: paths, overrides_applied: [] });
    expect(configOfRunRecord(record)).toEqual({ kind, text: savedConfigText(payload) });
  });
});

it.each(['seed: 3', '{"seed": 3}', '{"spec": 3}', '{', '[]', ''])('%s is no record of a run', (text) => {
  expect(configOfRunRecord(text)).toBeNull();
});

it('a record of another version is refused by name', () => {
  expect(() => configOfRunRecord('{"spec": {"schemaVersion": 99, "kind": "training"}}')).toThrow(Fault);
});
