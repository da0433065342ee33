import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, digestOfText, Fault } from '@ptychofleet/base';
import { afterAll, describe, expect, it } from 'vitest';
import { FsBlobStore, MemoryBlobStore, writeFileAtomic, type BlobStore } from './index.ts';

const folder = await mkdtemp(join(tmpdir(), 'ptychofleet-store-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const stores: [string, () => BlobStore][] = [
  ['memory', () => new MemoryBlobStore()],
  ['file system', () => new FsBlobStore(join(folder, 'contract'))],
];

describe.each(stores)('%s blob store', (_name, create) => {
  it('gives back what was put, under the digest of the bytes', async () => {
    const store = create();
    const bytes = Uint8Array.from([1, 2, 3]);
    const digest = await store.put(bytes);
    expect(digest).toBe(digestOf(bytes));
    expect(await store.has(digest)).toBe(true);
    expect([...(await store.get(digest))!]).toEqual([1, 2, 3]);
  });

  it('keeps what was put when the caller changes its array', async () => {
    const store = create();
    const bytes = Uint8Array.from([4, 5, 6]);
    const digest = await store.put(bytes);
    bytes[0] = 9;
    expect([...(await store.get(digest))!]).toEqual([4, 5, 6]);
  });

  it('does not know what was never put', async () => {
    const store = create();
    expect(await store.has(digestOfText('nothing'))).toBe(false);
    expect(await store.get(digestOfText('nothing'))).toBeNull();
  });
});

describe('file system', () => {
  it('finds blobs again after a restart and notices damage', async () => {
    const place = join(folder, 'restart');
    const digest = await new FsBlobStore(place).put(Uint8Array.from([7]));
    expect(await new FsBlobStore(place).has(digest)).toBe(true);
    const hex = digest.slice(7);
    await writeFile(join(place, 'blobs', hex.slice(0, 2), hex.slice(2)), 'x');
    await expect(new FsBlobStore(place).get(digest)).rejects.toThrow(/damaged/);
  });

  it('says in one sentence why a file cannot be written, and leaves nothing behind', async () => {
    await writeFile(join(folder, 'file'), '');
    const attempt = writeFileAtomic(join(folder, 'file', 'inside'), new Uint8Array(1));
    await expect(attempt).rejects.toThrow(Fault);
    await expect(attempt).rejects.toThrow(/cannot write .*inside/);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
