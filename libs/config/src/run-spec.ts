import { digestOfText, Fault, type Digest } from '@ptychofleet/base';
import { z } from 'zod';
import { nearestName } from './fields/names.ts';
import { inferenceSections, registryOf, trainingSections, type RunKind } from './fields/registry.ts';
import { canonicalJson } from './canonical-json.ts';
import { refusal, refusalOf } from './levels/level.ts';
import { shown } from './levels/shown.ts';
import { checkRules } from './rules.ts';

/** Raised when a field changes its meaning, so that no coordinator runs a specification of another time. */
export const schemaVersion = 1;

export const trainingRunSpecSchema = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  kind: z.literal('training'),
  model: trainingSections.model.schema,
  loss: trainingSections.loss.schema,
  data: trainingSections.data.schema,
  training: trainingSections.training.schema,
  execution: trainingSections.execution.schema,
});

export const inferenceRunSpecSchema = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  kind: z.literal('inference'),
  data: inferenceSections.data.schema,
  inference: inferenceSections.inference.schema,
  execution: inferenceSections.execution.schema,
});

type Frozen<T> = { readonly [K in keyof T]: T[K] extends object ? Frozen<T[K]> : T[K] };

/** Everything that decides what a training run computes; equal digests mean equal runs. Deeply frozen. */
export type TrainingRunSpec = Frozen<z.output<typeof trainingRunSpecSchema>>;
/** The same for a reconstruction; network, loss and scales come with the weight bundle. Deeply frozen. */
export type InferenceRunSpec = Frozen<z.output<typeof inferenceRunSpecSchema>>;
export type RunSpec = TrainingRunSpec | InferenceRunSpec;

/**
 * A specification from anywhere: every key has to be there and known, every value available, every rule kept.
 * @throws Fault naming the field, and for an unknown key the nearest known one
 */
export function parseRunSpec(value: unknown): RunSpec {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind !== 'training' && kind !== 'inference') {
    throw new Fault('invalid-input', `kind: received ${shown(kind)}, expected training or inference`, {
      field: 'kind',
      received: shown(kind),
      expected: 'training or inference',
    });
  }
  return frozen(kind, value);
}

/** @throws Fault as {@link parseRunSpec}, and when it is a reconstruction. */
export function parseTrainingRunSpec(value: unknown): TrainingRunSpec {
  const spec = parseRunSpec(value);
  if (spec.kind !== 'training') throw wrongKind(spec.kind, 'training');
  return spec;
}

/** @throws Fault as {@link parseRunSpec}, and when it is a training run. */
export function parseInferenceRunSpec(value: unknown): InferenceRunSpec {
  const spec = parseRunSpec(value);
  if (spec.kind !== 'inference') throw wrongKind(spec.kind, 'inference');
  return spec;
}

/** One line of JSON with sorted keys: equal specifications are equal texts. */
export function runSpecText(spec: RunSpec): string {
  return canonicalJson(spec);
}

/** The name of a specification: the digest of its canonical JSON. */
export function runSpecDigest(spec: RunSpec): Digest {
  return digestOfText(runSpecText(spec));
}

/** JSON Schema (draft 2020-12) of a specification, for editors and clients in other languages. */
export function runSpecJsonSchema(kind: RunKind): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schemaOf(kind)) as Readonly<Record<string, unknown>>;
}

function schemaOf(kind: RunKind): typeof trainingRunSpecSchema | typeof inferenceRunSpecSchema {
  return kind === 'training' ? trainingRunSpecSchema : inferenceRunSpecSchema;
}

function wrongKind(received: RunKind, expected: RunKind): Fault {
  return new Fault('invalid-input', `kind: received ${received}, expected ${expected}`, {
    field: 'kind',
    received,
    expected,
  });
}

function frozen(kind: RunKind, value: unknown): RunSpec {
  const parsed = schemaOf(kind).safeParse(value);
  if (!parsed.success) throw schemaFault(kind, value, parsed.error.issues[0] as z.core.$ZodIssue);
  const spec = parsed.data as RunSpec;
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ...spec } as never;
  for (const field of registryOf(kind).specFields) {
    const fieldValue = sections[field.section]?.[field.key];
    const reason = refusalOf(field, fieldValue);
    if (reason !== undefined) throw refusal(field, fieldValue, field.path, reason);
  }
  checkRules(spec);
  for (const part of Object.values(spec)) Object.freeze(part);
  return Object.freeze(spec);
}

function schemaFault(kind: RunKind, value: unknown, issue: z.core.$ZodIssue): Fault {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0] as string;
    const known = [...knownNames(kind)].filter((name) => name.split('.').length === at.length + 1);
    const name = [...at, unknown].join('.');
    const nearest = nearestName(name, known);
    const advice = nearest === undefined ? 'remove it' : `the nearest known key is ${nearest}`;
    return new Fault('invalid-input', `${shown(name)} is not a known key of a ${kind} run; ${advice}`, {
      field: shown(name),
      ...(nearest !== undefined && { expected: nearest }),
    });
  }
  const path = at.join('.');
  const expected =
    registryOf(kind).specFields.find((field) => field.path === path)?.type.allowed ?? issue.message;
  const received = shown(
    at.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], value),
  );
  return new Fault(
    'invalid-input',
    `${path || 'specification'}: received ${received}, expected ${expected}`,
    {
      field: path,
      received,
      expected,
    },
  );
}

function knownNames(kind: RunKind): readonly string[] {
  return [...Object.keys(schemaOf(kind).shape), ...registryOf(kind).specFields.map(({ path }) => path)];
}
