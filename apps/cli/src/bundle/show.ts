import { digestOf, hexOf } from '@ptychofleet/base';
import { weightsDigest } from '@ptychofleet/bundle';
import { printResult, type OutputOptions } from '../output.ts';
import { openBundle } from './bundle-file.ts';

/** The `bundle show` command: what a bundle holds, after it has been verified. */
export async function showBundle(named: string, output: OutputOptions): Promise<void> {
  const { path, bytes, bundle } = await openBundle('BUNDLE', named);
  const { model, layout, params, scaling, provenance } = bundle;
  const tensors = layout.tensors.map(({ name, shape, size }) => ({ name, shape, size }));
  const record = {
    type: 'result',
    command: 'bundle show',
    bundle: path,
    bytes: bytes.length,
    sha256: hexOf(digestOf(bytes)),
    weights: weightsDigest(bundle),
    layout: layout.digest,
    parameters: layout.size,
    tensors,
    model,
    params,
    scaling,
    provenance,
  };
  const rows = tensors.map(({ name, shape, size }) => [name, `(${shape.join(', ')})`, String(size)]);
  const fields = (values: object): string[] =>
    columns(
      Object.entries(values)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => [key, String(value)]),
    );
  printResult(output, record, [
    path,
    `  sha256 ${record.sha256}`,
    `  weights ${record.weights}`,
    `  ${tensors.length} tensors, ${layout.size} parameters`,
    '',
    ...columns([['tensor', 'shape', 'parameters'], ...rows]),
    '',
    'model',
    ...fields(model),
    '',
    'scaling',
    ...fields(scaling),
  ]);
}

/** The `bundle verify` command: opening is verifying; a fault names what is wrong. */
export async function verifyBundle(named: string, output: OutputOptions): Promise<void> {
  const { path, bytes, bundle } = await openBundle('BUNDLE', named);
  const record = {
    type: 'result',
    command: 'bundle verify',
    bundle: path,
    sha256: hexOf(digestOf(bytes)),
    weights: weightsDigest(bundle),
    parameters: bundle.layout.size,
  };
  printResult(output, record, [
    `${path} is whole: checksums agree, every tensor has its shape, all ${record.parameters} parameters are finite`,
    `  sha256 ${record.sha256}`,
  ]);
}

/** Rows as aligned columns, the last one ragged. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
