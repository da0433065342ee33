import {
  commandLineLevel,
  configFileLevel,
  configFileOf,
  configOfRunRecord,
  environmentLevel,
  flagsOf,
  type FlagDescriptor,
  type PayloadSources,
  type RawFlag,
  type RunCommand,
} from '@ptychofleet/config';
import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import { Fault, messageOf } from '@ptychofleet/base';

/** Environment variables of the program itself, which are no fields of a run. */
export const processVariables = [
  'PTYCHOFLEET_CACHE_DIR',
  'PTYCHOFLEET_LIBTENSORFLOW',
  'PTYCHOFLEET_ACCELERATOR',
  'PTYCHOFLEET_KEEP_WHEEL',
  'PTYCHOFLEET_FAILPOINT',
];

/** Gives a command the flags of its kind of run, or those `wanted`; returns what was typed, in order and as typed. */
export function addRunFlags(
  command: Command,
  name: RunCommand,
  wanted: (flag: FlagDescriptor) => boolean = () => true,
): RawFlag[] {
  const typed: RawFlag[] = [];
  for (const descriptor of flagsOf(name).filter(wanted)) {
    descriptor.flags.forEach((flag, place) => addFlag(command, descriptor, flag, place === 0, typed));
    descriptor.negations.forEach((flag, place) => addNegation(command, descriptor, flag, place === 0, typed));
  }
  return typed;
}

function addFlag(
  command: Command,
  descriptor: FlagDescriptor,
  flag: string,
  shown: boolean,
  typed: RawFlag[],
): void {
  const value = descriptor.valueName === null ? '' : ` <${descriptor.valueName}>`;
  const option = new Option(`${flag}${value}`, describe(descriptor)).helpGroup(`${descriptor.group}:`);
  if (!shown || descriptor.refused !== null || descriptor.deprecated !== null) option.hideHelp();
  command.addOption(option);
  command.on(`option:${option.name()}`, (text: string | null) => {
    typed.push(descriptor.valueName === null ? { flag } : { flag, text: text ?? '' });
  });
}

function addNegation(
  command: Command,
  descriptor: FlagDescriptor,
  flag: string,
  shown: boolean,
  typed: RawFlag[],
): void {
  const option = new Option(flag, `Turns ${descriptor.flags[0] ?? 'it'} off.`).helpGroup(
    `${descriptor.group}:`,
  );
  if (!shown || descriptor.refused !== null || descriptor.defaultText === 'off') option.hideHelp();
  command.addOption(option);
  command.on(`option:${option.name()}`, () => typed.push({ flag }));
}

function describe({ help, choices, defaultText }: FlagDescriptor): string {
  const among = choices === null ? '' : ` One of ${choices.join(', ')}.`;
  return `${help}${among} (${defaultText === 'required' ? 'required' : `default: ${defaultText}`})`;
}

/** Everything the user said: flags, file and environment. */
export function sourcesOf(name: RunCommand, typed: readonly RawFlag[]): PayloadSources {
  const commandLine = commandLineLevel(name, typed);
  const kind = name === 'train' ? 'training' : 'inference';
  const environment = environmentLevel(kind, process.env, processVariables);
  const path = configFileOf(commandLine, environment);
  if (path === null) return { commandLine, environment };
  const text = readConfig(path);
  const record = configOfRunRecord(text);
  if (record !== null && record.kind !== kind) {
    throw new Fault(
      'invalid-input',
      `--config ${path}: received the record of a ${record.kind} run, expected one of a ${kind} run; use the other command`,
      { field: '--config', received: path },
    );
  }
  return { commandLine, environment, file: configFileLevel(kind, record?.text ?? text, path) };
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('invalid-input', `--config ${path} cannot be read: ${messageOf(error)}`, {
      field: '--config',
    });
  }
}
