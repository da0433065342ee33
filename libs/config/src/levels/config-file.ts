import { Fault, messageOf } from '@ptychofleet/base';
import { isMap, parseDocument } from 'yaml';
import type { Field } from '../fields/field.ts';
import { registryOf, type RunKind } from '../fields/registry.ts';
import { limits } from '../limits.ts';
import { assignmentsOf, entriesOf, type KeyedValues } from './keyed-values.ts';
import { legacySections } from './legacy-sections.ts';
import { levelOf, type Level } from './level.ts';

/**
 * A YAML or JSON file: sections or flat keys, camelCase or snake_case. Texts are read as flags are, because YAML 1.1
 * tools write and read `1e9` as a text and `yes` as a boolean. Fields of the other kind of run are passed over, so that
 * one file can serve both commands. The sections of the reference's JSON interface are taken, too, with a warning.
 * @throws Fault naming the file: bad syntax, a key twice, unknown names, bad values
 */
export function configFileLevel(kind: RunKind, text: string, fileName: string): Level {
  const legacy = legacySections(kind, read(text, fileName), fileName);
  const options = { form: 'text', otherKind: 'ignore', where: fileName } as const;
  const assignments = [...assignmentsOf(registryOf(kind), legacy.rest, options), ...legacy.assignments];
  const nested = assignments.find(({ field, value }) => isConfigField(field) && value !== null);
  if (nested !== undefined) {
    throw new Fault(
      'invalid-input',
      `${nested.source}: a configuration file names no other; merge the two files`,
      {
        field: nested.field.path,
      },
    );
  }
  return levelOf('config-file', assignments, legacy.warnings);
}

/** The configuration file that the command line, or else the environment, asks for. */
export function configFileOf(commandLine: Level, environment: Level): string | null {
  const named = [...commandLine.assignments, ...environment.assignments].find(({ field }) =>
    isConfigField(field),
  );
  return named === undefined ? null : (named.value as string | null);
}

function isConfigField(field: Field): boolean {
  return field.path === 'input.configFile';
}

function read(text: string, fileName: string): KeyedValues {
  const broken = (why: string): Fault =>
    new Fault('invalid-input', `${fileName}: ${why}`, {
      field: fileName,
      expected: 'a YAML or JSON mapping',
    });
  if (text.length > limits.configFileCharsMax) {
    throw broken(
      `received ${text.length} characters, at most ${limits.configFileCharsMax} are allowed; shorten the file`,
    );
  }
  // JSON is a subset of YAML 1.2, and this parser, unlike JSON.parse, reports a key given twice.
  const document = parseDocument(text, {
    version: '1.2',
    uniqueKeys: true,
    prettyErrors: true,
    stringKeys: false,
  });
  // An unknown tag is only a warning for the parser, but a value that we would read otherwise than it was meant.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw broken(`is not readable: ${firstLine(problem.message)}`);
  if (document.contents === null) return new Map();
  if (!isMap(document.contents)) throw broken('expected a mapping from field names to values');
  try {
    // maxAliasCount bounds what a few nested aliases can grow to.
    return entriesOf(document.toJS({ mapAsMap: true, maxAliasCount: 20 }) as Map<unknown, unknown>, fileName);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw broken(`is not readable: ${firstLine(messageOf(error))}`);
  }
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] as string).replace(/:$/, '');
}
