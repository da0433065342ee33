import { negativeFlags, valueFlags, type Field, type HelpGroup } from './fields/field.ts';
import { registryOf } from './fields/registry.ts';
import { runCommands, type RunCommand } from './levels/command-line.ts';
import { otherKindReason } from './levels/keyed-values.ts';
import { shown } from './levels/shown.ts';

/** One option as a command-line parser wants it. The parser collects texts; `commandLineLevel` gives them their meaning. */
export interface FlagDescriptor {
  /** All spellings, the one to show first. */
  readonly flags: readonly string[];
  /** Spellings that turn a switch off. */
  readonly negations: readonly string[];
  /** Placeholder of the value; `null` for a switch. */
  readonly valueName: string | null;
  /** Values that can be served, for help and completion; `null` for an open set. */
  readonly choices: readonly string[] | null;
  readonly defaultText: string;
  readonly help: string;
  readonly group: HelpGroup;
  readonly required: boolean;
  /** What to write instead, for a flag that is still taken. */
  readonly deprecated: string | null;
  /** Why only the default is taken. Parse such flags, so that the reason can be told, but leave them out of help. */
  readonly refused: string | null;
  /** `training.batchSize` */
  readonly field: string;
}

/** Every flag that a command knows: those that do something first, then those it can only explain. */
export function flagsOf(command: RunCommand): readonly FlagDescriptor[] {
  const registry = registryOf(runCommands[command]);
  const own: FlagDescriptor[] = [];
  const explained: FlagDescriptor[] = [];
  const seen = new Set<Field>();
  for (const [flag, [meaning]] of registry.flags) {
    if (meaning === undefined) continue;
    const { field, scope } = meaning;
    const list = scope === 'own' ? own : explained;
    const refused = scope === 'other-kind' ? otherKindReason(registry.kind, field) : (field.refused ?? null);
    if (Object.hasOwn(field.switches ?? {}, flag)) {
      list.push({ ...describe(field, [flag], []), ...switchOnly(field, flag), refused });
    } else if (!seen.has(field)) {
      seen.add(field);
      // A spelling may already mean an own field, when kinds of run share a name.
      const mine = (name: string): boolean =>
        registry.byFlag(name)?.some((other) => other.field === field) === true;
      list.push({
        ...describe(field, valueFlags(field).filter(mine), negativeFlags(field).filter(mine)),
        refused,
      });
    }
  }
  return [...own, ...explained];
}

function describe(field: Field, flags: readonly string[], negations: readonly string[]): FlagDescriptor {
  const { type, group, help, unit, required = false } = field;
  const choices = type.choices?.filter((choice) => field.refusedValues?.[choice] === undefined) ?? null;
  return {
    flags,
    negations,
    valueName: type.valueName,
    choices,
    defaultText: required ? 'required' : defaultText(field),
    help: unit === undefined ? help : `${help} [${unit}]`,
    group,
    required,
    deprecated: field.deprecatedFlags?.[flags[0] ?? ''] ?? null,
    refused: null,
    field: field.path,
  };
}

function switchOnly(field: Field, flag: string): Partial<FlagDescriptor> {
  const value = field.switches?.[flag];
  const same = value === false ? negativeFlags(field)[0] : `${valueFlags(field)[0] ?? ''} ${shown(value)}`;
  return { valueName: null, choices: null, defaultText: 'off', help: `Short for ${same ?? ''}.` };
}

function defaultText(field: Field): string {
  const value = field.commandDefault ?? field.default;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return shown(value);
}
