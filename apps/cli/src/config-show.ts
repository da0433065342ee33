import {
  fieldCatalog,
  type FieldDescription,
  type InferencePayload,
  type RunCommand,
  type TrainingPayload,
} from '@ptychofleet/config';
import { Help } from 'commander';
import { reporterFor } from './output.ts';

const columns = 80;

/** Prints what was decided and by whom: a table for people, the payload for programs. */
export function showResolution(payload: TrainingPayload | InferencePayload, json: boolean): void {
  const { spec, inputs, header, overridesApplied, warnings } = payload;
  const reporter = reporterFor({ json, quiet: false }, 'step');
  if (json) {
    const record = { spec, inputs, header, overrides_applied: overridesApplied, warnings };
    process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
    return;
  }
  for (const warning of warnings) reporter.warn(warning);
  const values = Object.entries({ input: inputs, ...spec }).flatMap(([section, part]) =>
    typeof part === 'object'
      ? Object.entries(part).map(([key, value]) => [`${section}.${key}`, value] as const)
      : [],
  );
  const decided = values.map(([field, value]) => {
    const last = overridesApplied.findLast((entry) => entry.field === field);
    return [field, asText(value), last === undefined ? 'default' : `${last.source} (${last.level})`];
  });
  const trail = overridesApplied.map(({ field, level, source, oldValue, newValue }) => [
    field,
    `${asText(oldValue)} → ${asText(newValue)}`,
    `${source} (${level})`,
  ]);
  const lines = [
    `${spec.kind} run, ${header.n} patterns of ${header.N} pixels a side`,
    '',
    ...table(['Field', 'Value', 'Decided by'], decided),
    '',
    'Steps, the last one of a field decided it:',
    ...table(['Field', 'Old → new', 'Said by'], trail),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Prints every field that acts; programs get the refused ones, too, with the reason. */
export function showFields(commands: readonly RunCommand[], json: boolean): void {
  const fields = commands.flatMap((command) => fieldCatalog(command));
  if (json) {
    process.stdout.write(`${JSON.stringify(fields, null, 2)}\n`);
    return;
  }
  const blocks = fields.filter(({ refused }) => refused === null).map(block);
  process.stdout.write(`${blocks.join('\n\n')}\n`);
}

function block(field: FieldDescription): string {
  const help = new Help();
  const unit = field.unit === null ? '' : ` [${field.unit}]`;
  const wrapped = (text: string): string =>
    help
      .boxWrap(text, columns - 4)
      .replaceAll(/^/gm, '    ')
      .trimEnd();
  return [
    `${field.field} (${field.command}), default ${asText(field.default)}`,
    wrapped([field.flag, field.negation, field.variable].filter((name) => name !== null).join('  ')),
    wrapped(`${field.description}${unit}`),
    wrapped(`Takes ${field.allowed}.`),
  ].join('\n');
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Columns as wide as their widest cell. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
