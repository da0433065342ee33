import type { Field } from './fields/field.ts';
import type { Registry } from './fields/registry.ts';
import { levelNames, type Assignment, type Level, type LevelName } from './levels/level.ts';

/** One step of the audit trail: who put which value in the place of which. */
export interface AppliedOverride {
  /** `training.batchSize` */
  readonly field: string;
  readonly level: LevelName;
  /** Where the value was written: `--batch_size`, `PTYCHOFLEET_SEED`, `probe of scan.npz`. */
  readonly source: string;
  readonly oldValue: unknown;
  readonly newValue: unknown;
}

/** Who had the last word on a field. */
interface Decision {
  readonly value: unknown;
  readonly level: LevelName;
  readonly source: string;
}

/** Values laid over one another, weakest level first, each step recorded. */
export class Resolution {
  readonly #decisions = new Map<Field, Decision>();
  readonly #trail: AppliedOverride[] = [];

  constructor(levels: readonly Level[]) {
    for (const name of levelNames.toReversed()) {
      for (const level of levels.filter((one) => one.name === name)) {
        for (const { field, value, source } of level.assignments) {
          // A foreign name that changes nothing is no decision.
          if (field.section === 'foreign') continue;
          this.#decide(field, { value, level: name, source });
        }
      }
    }
  }

  /** In the order of application: the last entry of a field decided it. */
  get trail(): readonly AppliedOverride[] {
    return this.#trail;
  }

  /** Puts what a value stands for in its place: the device that `auto` means here. */
  refine(field: Field, value: unknown, source: string): void {
    if (value !== this.get(field)) this.#decide(field, { value, level: 'inferred', source });
  }

  get<T>(field: Field<T>): T {
    const decision = this.#decisions.get(field);
    return decision === undefined ? field.default : (decision.value as T);
  }

  /** Whether somebody said it, rather than a profile, a command or a default. */
  isExplicit(field: Field): boolean {
    const decision = this.#decisions.get(field);
    return decision !== undefined && levelNames.indexOf(decision.level) < levelNames.indexOf('inferred');
  }

  levelOf(field: Field): LevelName {
    return this.#decisions.get(field)?.level ?? 'default';
  }

  sourceOf(field: Field): string {
    return this.#decisions.get(field)?.source ?? 'default';
  }

  #decide(field: Field, decision: Decision): void {
    const { value, level, source } = decision;
    this.#trail.push({ field: field.path, level, source, oldValue: this.get(field), newValue: value });
    this.#decisions.set(field, decision);
  }

  /** The specification fields in their sections, to be checked and frozen by `parseRunSpec`. */
  sections(registry: Registry): Record<string, Record<string, unknown>> {
    const result: Record<string, Record<string, unknown>> = {};
    for (const field of registry.specFields) (result[field.section] ??= {})[field.key] = this.get(field);
    return result;
  }
}

/** The defaults that a command has instead of the library's. */
export function commandDefaults(registry: Registry, command: string): readonly Assignment[] {
  return registry.specFields
    .filter((field) => field.commandDefault !== undefined)
    .map((field) => ({ field, value: field.commandDefault, source: `default of ${command}` }));
}
