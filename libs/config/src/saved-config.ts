import { stringify } from 'yaml';
import { registryOf } from './fields/registry.ts';
import { parseRunSpec, type RunSpec } from './run-spec.ts';

/** What a file has to say so that the same run comes of it, whatever the environment, the command or a profile say. */
export interface SavedConfig {
  readonly [section: string]: Readonly<Record<string, unknown>>;
}

/** The part of a payload that a file can hold: the specification and the paths beside it. */
export interface Savable {
  readonly spec: RunSpec;
  /** By the keys of the payload; a model archive is saved as the model path. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * Every decided value in its section, for `--config`. A refused field is left out while it has its only value, so that
 * the file still means the same when the field is available one day.
 */
export function savedConfig({ spec, inputs }: Savable): SavedConfig {
  const { modelArchive, ...paths } = inputs;
  const saved: Record<string, Record<string, unknown>> = {
    input: modelArchive === undefined ? paths : { modelPath: modelArchive, ...paths },
  };
  const sections = spec as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  for (const field of registryOf(spec.kind).specFields) {
    const value = sections[field.section]?.[field.key];
    if (field.refused !== undefined && value === field.default) continue;
    (saved[field.section] ??= {})[field.key] = value;
  }
  return saved;
}

/** `savedConfig` as YAML 1.2. */
export function savedConfigText(savable: Savable): string {
  return stringify(savedConfig(savable), { version: '1.2', lineWidth: 0 });
}

/**
 * The configuration file that a `run.json` stands for, so that a run can be repeated from its record alone.
 * @returns `null` when the text is no record of a run
 * @throws Fault when its specification is not one that this version runs
 */
export function configOfRunRecord(
  text: string,
): { readonly kind: RunSpec['kind']; readonly text: string } | null {
  const record = jsonObject(text);
  if (record === null || !isObject(record.spec) || !('schemaVersion' in record.spec)) return null;
  const spec = parseRunSpec(record.spec);
  const inputs = isObject(record.inputs) ? record.inputs : {};
  return { kind: spec.kind, text: savedConfigText({ spec, inputs }) };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  // Most configuration files are YAML; an error of theirs is told by their own reader.
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
