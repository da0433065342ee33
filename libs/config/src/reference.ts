import type { RunCommand } from './levels/command-line.ts';
import { flagsOf, type FlagDescriptor } from './flags.ts';

/** Markdown table of the flags that a command serves, in the order of their sections. */
export function referenceTable(command: RunCommand): string {
  const rows = flagsOf(command)
    .filter(({ refused }) => refused === null)
    .map((flag) => [
      flagCell(flag),
      typeCell(flag),
      flag.defaultText,
      descriptionCell(flag),
      `\`${flag.field}\``,
    ]);
  return table(['Flag', 'Type', 'Default', 'Description', 'Config field'], rows);
}

/** Markdown table of the flags that a command can only explain. */
export function refusedTable(command: RunCommand): string {
  const rows = flagsOf(command)
    .filter(({ refused }) => refused !== null)
    .map((flag) => [flagCell(flag), flag.defaultText, flag.refused ?? '', `\`${flag.field}\``]);
  return table(['Flag', 'Only value taken', 'Reason', 'Config field'], rows);
}

function flagCell({ flags, negations }: FlagDescriptor): string {
  return [flags[0], negations[0]]
    .filter((flag) => flag !== undefined)
    .map((flag) => `\`${flag}\``)
    .join(' / ');
}

function typeCell({ valueName, choices }: FlagDescriptor): string {
  if (valueName === null) return 'switch';
  return choices === null ? valueName.toLowerCase() : choices.join(', ');
}

function descriptionCell({ deprecated, help }: FlagDescriptor): string {
  return deprecated === null ? help : `Deprecated: ${deprecated}. ${help}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}
