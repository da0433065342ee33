import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { readNpz } from '@ptychofleet/data';
import { layoutOf, viewOf } from '@ptychofleet/params';
import { initialWeights, networkTensors, referenceShape, toReference } from './index.ts';

interface Listed {
  readonly name: string;
  readonly shape: number[];
  readonly fan_in: number;
  readonly first: number;
  readonly last: number;
  readonly sum: number;
}

function pathOf(file: string): string {
  const folders = ['../../../../shared/golden', '../../../tests/golden/vectors'];
  const paths = folders.map((folder) => fileURLToPath(new URL(`${folder}/${file}.npz`, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? '';
}

const cases: [string, Partial<ModelSpec>][] = [
  ['cnn_gs1_small', { nFiltersScale: 1, objectBig: false }],
  ['cnn_gs1_default', { objectBig: false }],
  ['cnn_gs1_nocbam', { nFiltersScale: 1, objectBig: false, cbamEncoder: false }],
  ['cnn_gs1_sigmoid_probesmall', { nFiltersScale: 1, objectBig: false, probeBig: false }],
  ['cnn_gs2_small', { nFiltersScale: 1, gridsize: 2 }],
  ['cnn_gs2_default', { gridsize: 2 }],
  ['cnn_gs2_N128_small', { nFiltersScale: 1, gridsize: 2, N: 128 }],
];

describe.each(cases)('parameters of %s', (file, fields) => {
  it.skipIf(pathOf(file) === '')('have the published names, order, shapes and hash-filled values', () => {
    const entry = readNpz(new Uint8Array(readFileSync(pathOf(file)))).get('params_json');
    if (entry === undefined || !('data' in entry)) throw new Error(`${file} lists no parameters`);
    const { base, params } = JSON.parse(new TextDecoder().decode(entry.data as Uint8Array)) as {
      base: number;
      params: Listed[];
    };
    const model = modelSpecSchema.parse(fields);
    const layout = layoutOf(networkTensors(model));
    const slab = initialWeights(layout, { kind: 'hash', seed: 0, base }, model);
    expect(layout.tensors.map((tensor) => [tensor.name, referenceShape(tensor), tensor.fanIn])).toEqual(
      params.map(({ name, shape, fan_in }) => [name, shape, fan_in]),
    );
    layout.tensors.forEach((tensor, index) => {
      const values = toReference(tensor, viewOf(layout, slab, tensor.name));
      const listed = params[index] as Listed;
      expect(values[0], tensor.name).toBe(Math.fround(listed.first));
      expect(values.at(-1), tensor.name).toBe(Math.fround(listed.last));
      const sum = values.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - listed.sum), tensor.name).toBeLessThan(1e-6 * Math.sqrt(tensor.size));
    });
  });
});
