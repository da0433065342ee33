import { Fault, messageOf } from '@ptychofleet/base';
import { Checks, type FileReport } from './comparison.ts';
import { GoldenFile } from './golden-file.ts';
import { kinds } from './registry.ts';
import { freeingTensors } from './tensors.ts';

/**
 * Checks one file of a folder of golden vectors.
 * @param name path below `folder`, with `/` between folders.
 * @throws Fault `failed-precondition` when TensorFlow is not in place; what is wrong with the file stands in the report.
 */
export function checkFile(folder: string, name: string): FileReport {
  const empty: FileReport = {
    file: name,
    kind: null,
    settings: [],
    comparisons: [],
    uncompared: [],
    problems: [],
  };
  try {
    const file = new GoldenFile(folder, name);
    const kind = kinds.find((candidate) => candidate.matches(file));
    if (kind === undefined) return { ...empty, problems: [unknownKind(file)] };
    const checks = new Checks(file);
    const problems: string[] = [];
    try {
      freeingTensors(() => kind.check(file, checks));
    } catch (error) {
      problems.push(sentenceOf(error));
    }
    // After a problem the rest was not looked at, which is no fault of the keys.
    if (problems.length === 0 && file.unseen.length > 0) problems.push(unknownKeys(file, kind.name));
    const { settings, comparisons, uncompared } = checks;
    return { file: name, kind: kind.name, settings, comparisons, uncompared, problems };
  } catch (error) {
    return { ...empty, problems: [sentenceOf(error)] };
  }
}

/** One file that cannot be read as its kind must not keep the others from being checked. */
function sentenceOf(error: unknown): string {
  if (error instanceof Fault && error.kind === 'failed-precondition') throw error;
  return error instanceof Fault ? error.message : `could not be checked: ${messageOf(error)}`;
}

function unknownKind(file: GoldenFile): string {
  const known = kinds.map(({ name, signature }) => `${name} (${signature})`).join('; ');
  return `unknown kind of file: it holds ${file.keys.join(', ') || 'no arrays'}; known kinds: ${known}`;
}

function unknownKeys(file: GoldenFile, kind: string): string {
  return `unknown keys: ${file.unseen.join(', ')}; a file of the kind ${kind} is checked without them`;
}
