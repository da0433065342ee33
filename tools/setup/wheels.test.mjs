import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from './commands.mjs';
import { contextWith, sha256, silent, temporaryFolder, tinyWheel } from './setup.test-support.mjs';
import { fetchWheel, removeAbandonedStaging, requireSpace, unpackWheel } from './wheels.mjs';

const python = findProgram('python3', process.env) !== null;
const entries = { 'tensorflow/libtensorflow_cc.so.2': 'library', 'tensorflow/python/x.py': 'code' };

/** pip reads this folder and nothing else, so these tests need no network. */
function folderIndex() {
  const folder = temporaryFolder();
  return {
    folder,
    env: { PATH: process.env.PATH, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, PIP_CONFIG_FILE: os.devNull },
  };
}

describe.skipIf(!python)('a wheel that is not in the cache', () => {
  it('comes through pip and has the pinned bytes', async () => {
    const index = folderIndex();
    const pin = tinyWheel(index.folder, 'tinylib', entries);
    const context = contextWith([], index.env);
    const file = await fetchWheel(context, pin, silent);
    expect(file).toBe(path.join(context.cache, 'wheels', pin.file));
    expect(sha256(file)).toBe(pin.sha256);
    expect(readdirSync(path.join(context.cache, 'staging'))).toEqual([]);
  });

  it('is refused when the index serves other bytes', async () => {
    const index = folderIndex();
    const pin = { ...tinyWheel(index.folder, 'tinylib', entries), sha256: '0'.repeat(64) };
    const context = contextWith([], index.env);
    await expect(fetchWheel(context, pin, silent)).rejects.toThrow(
      /pip could not download tinylib 1\.0: .*hash/i,
    );
    expect(existsSync(path.join(context.cache, 'wheels'))).toBe(false);
  });

  it('is named in one sentence when the index does not have it', async () => {
    const index = folderIndex();
    const pin = { ...tinyWheel(index.folder, 'tinylib', entries), package: 'otherlib' };
    const failure = fetchWheel(contextWith([], index.env), pin, silent);
    await expect(failure).rejects.toThrow(/pip could not download otherlib 1\.0: .*otherlib==1\.0/);
  });

  it('says that there is no network when there is none', async () => {
    const pin = tinyWheel(temporaryFolder(), 'tinylib', entries);
    // Port 9 of this machine answers nobody.
    const env = { PATH: process.env.PATH, PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '1' };
    const failure = fetchWheel(contextWith([], { ...env, PIP_CONFIG_FILE: os.devNull }), pin, silent);
    await expect(failure).rejects.toThrow(
      'pip could not download tinylib 1.0: the package index cannot be reached.',
    );
  });
});

describe('a machine without', () => {
  const pin = tinyWheel(temporaryFolder(), 'tinylib', entries);

  it('python3 is told so', async () => {
    await expect(fetchWheel(contextWith([]), pin, silent)).rejects.toThrow(/^There is no python3 on PATH/);
  });

  it('pip is told so, with ways to go on', async () => {
    const context = contextWith([]);
    writeFileSync(
      path.join(context.env.PATH, 'python3'),
      '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    const failure = await fetchWheel(context, pin, silent).catch((error) => error);
    expect(failure.message).toMatch(/has no pip.*No module named pip/);
    expect(failure.remedy).toContain(pin.file);
    expect(failure.remedy).toContain('PTYCHOFLEET_LIBTENSORFLOW');
  });

  it('room on its disk is told how much is needed', () => {
    const pins = [2e18, 1e18].map((bytes) => ({ ...pin, bytes, unpackedBytes: 3e18 }));
    expect(() => requireSpace(contextWith([]), pins)).toThrow(/MB free, and .* needs 8000000000000 MB/);
    expect(() => requireSpace(contextWith([]), [pin])).not.toThrow();
  });
});

describe('a wheel in the cache', () => {
  it('is used as it is, without python or network', async () => {
    const context = contextWith([]);
    const pin = tinyWheel(path.join(context.cache, 'wheels'), 'tinylib', entries);
    expect(await fetchWheel(context, pin, silent)).toBe(path.join(context.cache, 'wheels', pin.file));
  });

  it('with other bytes is refused and left alone', async () => {
    const context = contextWith([]);
    const pin = tinyWheel(path.join(context.cache, 'wheels'), 'tinylib', entries);
    const file = path.join(context.cache, 'wheels', pin.file);
    writeFileSync(file, 'cut short');
    await expect(fetchWheel(context, pin, silent)).rejects.toThrow(/does not have the sha256/);
    expect(readFileSync(file, 'utf8')).toBe('cut short');
  });
});

describe.skipIf(!python)('unpacking', () => {
  const context = contextWith([], { PATH: process.env.PATH });
  const unpack = (pin, folder, ...prefixes) =>
    unpackWheel(context, pin, path.join(folder, pin.file), prefixes, silent);

  it('takes only what is asked for', async () => {
    const folder = temporaryFolder();
    const pin = tinyWheel(folder, 'tinylib', entries);
    const staging = await unpack(pin, folder, 'tensorflow/libtensorflow_cc.so.2');
    expect(readdirSync(path.join(staging, 'tensorflow'))).toEqual(['libtensorflow_cc.so.2']);
    expect(readFileSync(path.join(staging, 'tensorflow/libtensorflow_cc.so.2'), 'utf8')).toBe('library');
  });

  it('writes nothing outside its folder', async () => {
    const folder = temporaryFolder();
    const pin = tinyWheel(folder, 'tinylib', { 'tensorflow/../../../outside': 'x' });
    await expect(unpack(pin, folder, 'tensorflow/')).rejects.toThrow(/outside of itself/);
    expect(existsSync(path.join(context.cache, 'outside'))).toBe(false);
  });

  it('says so when the wheel holds nothing of it, or is no wheel', async () => {
    const folder = temporaryFolder();
    const pin = tinyWheel(folder, 'tinylib', entries);
    await expect(unpack(pin, folder, 'nvidia/')).rejects.toThrow(/holds none of nvidia\//);
    writeFileSync(path.join(folder, pin.file), 'no zip');
    await expect(unpack(pin, folder, 'tensorflow/')).rejects.toThrow(/could not be unpacked/);
  });
});

describe('leftovers', () => {
  it('of a dead set-up are removed, those of a live one and of another machine are not', () => {
    const context = contextWith([]);
    const staging = path.join(context.cache, 'staging');
    // Process ids end at 4194304 on Linux: nobody has this one.
    const dead = `${os.hostname()}-4194305-abc`;
    const live = `${os.hostname()}-${process.pid}-abc`;
    const foreign = 'another-host-4194305-abc';
    for (const name of [dead, live, foreign]) mkdirSync(path.join(staging, name), { recursive: true });
    removeAbandonedStaging(context);
    expect(readdirSync(staging).sort()).toEqual([foreign, live].sort());
  });
});
