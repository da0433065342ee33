import { basename, join } from 'node:path';
import { Fault, invalidInput } from '@ptychofleet/base';
import { compareObjects, type ComparableObject, type ShownComparison } from '@ptychofleet/imaging';
import { writeFileAtomic } from '@ptychofleet/store';
import { prepareOutput } from '../files.ts';
import { printResult, type OutputOptions } from '../output.ts';
import { comparisonPicture } from '../pictures.ts';
import { labelsOf } from './labels.ts';
import { readReconstruction, readReference } from './object-file.ts';
import { recordOf, scoreLines, scoresCsv, scoresOf } from './scores.ts';

export interface EvaluateArguments {
  readonly reconstruction: readonly string[];
  readonly reference: string;
  readonly output_dir: string;
}

/** As many as the picture has colours for. */
const maxReconstructions = 7;

/** The `evaluate` command: reconstructions against a reference, as a table, files and one picture. */
export async function evaluate(chosen: EvaluateArguments, output: OutputOptions): Promise<void> {
  const { reconstruction: paths, reference: referencePath, output_dir: outputDir } = chosen;
  if (paths.length > maxReconstructions)
    throw invalidInput(
      '--reconstruction',
      `${paths.length} files`,
      `1 to ${maxReconstructions}`,
      'compare the others in a second call',
    );
  const reference = readReference('--reference', referencePath);
  const labels = labelsOf(paths);
  const shown = paths.map((path, i) => ({
    label: labels[i],
    comparison: compared(path, readReconstruction('--reconstruction', path), reference),
  }));
  await prepareOutput(outputDir);
  const files = filesOf(shown, paths, referencePath);
  for (const { name, bytes } of files) await writeFileAtomic(join(outputDir, name), bytes);
  const written = files.map(({ name }) => join(outputDir, name));
  const record = {
    type: 'result',
    command: 'evaluate',
    reference: referencePath,
    reconstructions: shown.map(({ label, comparison }, i) => {
      const { box, shift, metrics } = comparison;
      return { label, file: paths[i], box, shift, frcSide: metrics.frcSide, metrics: scoresOf(comparison) };
    }),
    files: written,
  };
  printResult(output, record, [
    ...scoreLines(shown, basename(referencePath)),
    ...written.map((file) => `wrote ${file}`),
  ]);
}

/** Faults about what two files have in common name the one that was to be scored. */
function compared(
  path: string,
  reconstruction: ComparableObject,
  reference: ComparableObject,
): ShownComparison['comparison'] {
  try {
    return compareObjects(reconstruction, reference);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.kind, `--reconstruction ${path}: ${error.message}`, error.details, {
      cause: error,
    });
  }
}

function filesOf(
  shown: readonly ShownComparison[],
  paths: readonly string[],
  reference: string,
): { name: string; bytes: Uint8Array }[] {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const [first] = shown;
  const title =
    shown.length === 1
      ? `${first.label} against ${basename(reference)}`
      : `${shown.length} reconstructions against ${basename(reference)}`;
  const named = shown.length === 1 ? [{ ...first, label: 'Reconstruction' }] : shown;
  const metrics = {
    reference,
    reconstructions: shown.map((one, i) => ({ file: paths[i], ...recordOf(one) })),
  };
  return [
    comparisonPicture(title, named, 'Reference'),
    { name: 'metrics.json', bytes: text(`${JSON.stringify(metrics, null, 2)}\n`) },
    { name: 'metrics.csv', bytes: text(scoresCsv(shown)) },
  ];
}
