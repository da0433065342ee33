import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, digestOf, valuesDigestOf } from '@ptychofleet/base';
import { legacySnapshot, writeBundle } from '@ptychofleet/bundle';
import { modelSpecSchema } from '@ptychofleet/config';
import { networkTensors } from '@ptychofleet/model';
import { layoutOf } from '@ptychofleet/params';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { showBundle, verifyBundle } from './show.ts';

const folder = mkdtempSync(join(tmpdir(), 'ptychofleet-show-'));
const file = join(folder, 'wts.h5.zip');
const model = modelSpecSchema.parse({ nFiltersScale: 1 });
const layout = layoutOf(networkTensors(model));
const weights = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i));
let bytes: Uint8Array;

beforeAll(async () => {
  const params = legacySnapshot({ ...model, nphotons: 1e6 }, 31.25);
  bytes = await writeBundle({ model, layout, weights, params, scaling: { probe_factor: 2 }, provenance: {} });
  writeFileSync(file, bytes);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function printed(action: () => Promise<void>): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  await action();
  return text;
}

describe('what a bundle holds', () => {
  it('is told to programs with every tensor, the model and the digests', async () => {
    const record = JSON.parse(await printed(() => showBundle(folder, { json: true, quiet: false })));
    expect(record).toMatchObject({
      command: 'bundle show',
      bundle: file,
      bytes: bytes.length,
      sha256: digestOf(bytes).replace('sha256:', ''),
      weights: valuesDigestOf(bytesOf(weights)),
      // The total of the golden network of this width.
      parameters: 586_790,
      model: { nFiltersScale: 1, N: 64 },
      scaling: { probe_factor: 2 },
    });
    expect(record.tensors).toHaveLength(layout.tensors.length);
    const counted = record.tensors.reduce((sum: number, { size }: { size: number }) => sum + size, 0);
    expect(counted).toBe(record.parameters);
  });

  it('is told to people as a table', async () => {
    const lines = (await printed(() => showBundle(file, { json: false, quiet: false }))).split('\n');
    const table = lines.filter((line) => /^ {2}(encoder|decoder)/.test(line));
    expect(table).toHaveLength(layout.tensors.length);
    expect(table[0]).toMatch(/^ {2}encoder\.blocks\.0\.conv1\.weight +\(3, 3, 1, 32\) +288$/);
    // Shapes stand in one column.
    expect(new Set(table.map((line) => line.indexOf('('))).size).toBe(1);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}ampActivation +swish$/));
  });
});

describe('verification', () => {
  it('says that a whole bundle is whole, and names what is wrong with another', async () => {
    expect(await printed(() => verifyBundle(folder, { json: false, quiet: false }))).toContain(
      `${file} is whole`,
    );
    const damaged = join(folder, 'damaged.zip');
    const flipped = bytes.slice();
    // Inside the weights, which are stored plainly.
    flipped[Math.floor(flipped.length / 2)]! ^= 1;
    writeFileSync(damaged, flipped);
    const refusal = verifyBundle(damaged, { json: false, quiet: true });
    await expect(refusal).rejects.toThrow(
      /^BUNDLE .*damaged\.zip: bundle entry diffraction_to_obj\/weights\.h5: /,
    );
    await expect(refusal).rejects.toMatchObject({ kind: 'data-loss', exitCode: 2 });
  });
});
