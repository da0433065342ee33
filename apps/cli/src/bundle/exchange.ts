import { dirname } from 'node:path';
import { digestOf, hexOf, invalidInput } from '@ptychofleet/base';
import {
  exportTensors,
  importTensors,
  modelOfTensors,
  weightsDigest,
  writeBundle,
  type ExchangeLayout,
} from '@ptychofleet/bundle';
import type { PayloadSources } from '@ptychofleet/config';
import { writeFileAtomic } from '@ptychofleet/store';
import { prepareOutput, readInput } from '../files.ts';
import { printResult, type OutputOptions } from '../output.ts';
import { bundlePathOf, naming, openBundle } from './bundle-file.ts';
import { configurationLike, statedConfiguration } from './import-configuration.ts';
import { decodeTensorFile, encodeTensorFile, tensorFormatOf } from './tensor-file.ts';

/** The `bundle export` command: weights into a file that a back end of the reference understands. */
export async function exportBundle(
  named: string,
  file: string,
  layout: ExchangeLayout,
  output: OutputOptions,
): Promise<void> {
  const format = tensorFormatOf('FILE', file);
  const { path, bundle } = await openBundle('BUNDLE', named);
  const tensors = await naming(`BUNDLE ${path}`, () => exportTensors(bundle, layout));
  const bytes = await encodeTensorFile(format, tensors, layout);
  await prepareOutput(dirname(file));
  await writeFileAtomic(file, bytes);
  const record = {
    type: 'result',
    command: 'bundle export',
    file,
    layout,
    tensors: tensors.length,
    parameters: bundle.weights.length,
    sha256: hexOf(digestOf(bytes)),
    weights: weightsDigest(bundle),
  };
  printResult(output, record, [
    `wrote ${file}`,
    `  ${record.tensors} tensors with ${record.parameters} parameters in the ${layout} layout (docs/weights.md)`,
  ]);
}

export interface ImportArguments {
  readonly file: string;
  /** Bundle to write. */
  readonly target: string;
  readonly layout: ExchangeLayout;
  /** Bundle whose configuration and scales the weights get, or null where `sources` state them. */
  readonly like: string | null;
  /** Flags, file and environment; asked for only without `like`. */
  readonly sources: () => PayloadSources;
  /** Flags of the model as typed, which `like` leaves no room for. */
  readonly typed: readonly string[];
}

/** The `bundle import` command: weights of the reference into a bundle of ours. */
export async function importBundle(chosen: ImportArguments, output: OutputOptions): Promise<void> {
  const { file, layout, like, typed } = chosen;
  if (like !== null && typed.length > 0) {
    throw invalidInput(
      '--like',
      `${like} together with ${typed[0]}`,
      'one of them, since the bundle states every field',
      `leave ${typed[0]} out`,
    );
  }
  const format = tensorFormatOf('FILE', file);
  const bytes = await readInput('FILE', file);
  const found = await decodeTensorFile(format, bytes, layout, `FILE ${file}`);
  const source = like === null ? null : await openBundle('--like', like);
  const configuration =
    source === null
      ? statedConfiguration(
          chosen.sources(),
          await naming(`FILE ${file}`, () => modelOfTensors(found, layout)),
          layout,
        )
      : configurationLike(source.bundle);
  const { model } = configuration;
  const imported = await naming(`FILE ${file}`, () => importTensors(found, layout, model));
  const provenance = {
    imported: {
      layout,
      format,
      file: digestOf(bytes),
      like: source === null ? null : digestOf(source.bytes),
    },
  };
  const archive = await writeBundle({ ...configuration, ...imported, provenance });
  const target = bundlePathOf(chosen.target);
  await prepareOutput(dirname(target));
  await writeFileAtomic(target, archive);
  const record = {
    type: 'result',
    command: 'bundle import',
    bundle: target,
    sha256: hexOf(digestOf(archive)),
    weights: weightsDigest(imported),
    parameters: imported.weights.length,
    model,
  };
  printResult(output, record, [
    `wrote ${target}`,
    `  sha256 ${record.sha256}`,
    `  ${record.parameters} parameters: N ${model.N}, gridsize ${model.gridsize}, width ${model.nFiltersScale}, ` +
      `${model.ampActivation} amplitude, input scale ${model.inputScale}, probe scale ${model.probeScale}`,
    `next: ptychofleet infer --model_path ${target} --test_data SCAN.npz --output_dir ${dirname(target)}/rec`,
  ]);
}
