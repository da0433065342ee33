import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseLibrary, locateLibrary, rememberChoice } from './library.mjs';
import { contextWith, silent, temporaryFolder } from './setup.test-support.mjs';
import { libtensorflow } from './steps/libtensorflow.mjs';

const linuxX64 = process.platform === 'linux' && process.arch === 'x64';
const withEnv = (context, env) => ({ ...context, env: { ...context.env, ...env } });

function writeFiles(folder, names) {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), name);
  }
}

describe.skipIf(!linuxX64)('the choice of the library', () => {
  it('is the CPU build when nothing is said', () => {
    expect(chooseLibrary(contextWith([]))).toMatchObject({ kind: 'wheels', accelerator: 'cpu' });
  });

  it.each([
    ['auto', 'cpu', 1],
    ['cpu', 'cpu', 1],
    ['cuda', 'cuda', 13],
    ['gpu', 'cuda', 13],
  ])('is made of the wheels for PTYCHOFLEET_ACCELERATOR=%s', (word, accelerator, count) => {
    const choice = chooseLibrary(contextWith([], { PTYCHOFLEET_ACCELERATOR: word }));
    expect(choice.accelerator).toBe(accelerator);
    expect(choice.wheels).toHaveLength(count);
  });

  it('refuses a word that it does not know', () => {
    const context = contextWith([], { PTYCHOFLEET_ACCELERATOR: 'tpu' });
    expect(() => chooseLibrary(context)).toThrow('PTYCHOFLEET_ACCELERATOR is "tpu"');
  });

  it('stays as this clone was set up, until the environment says otherwise', () => {
    const context = contextWith([]);
    rememberChoice(context, chooseLibrary(withEnv(context, { PTYCHOFLEET_ACCELERATOR: 'cuda' })));
    expect(chooseLibrary(context).accelerator).toBe('cuda');
    expect(chooseLibrary(withEnv(context, { PTYCHOFLEET_ACCELERATOR: 'auto' })).accelerator).toBe('cuda');
    expect(chooseLibrary(withEnv(context, { PTYCHOFLEET_ACCELERATOR: 'cpu' })).accelerator).toBe('cpu');
    rememberChoice(context, { kind: 'own', folder: '/opt/tensorflow' });
    expect(chooseLibrary(context)).toEqual({ kind: 'own', folder: '/opt/tensorflow' });
  });

  it('pins every wheel by a sha256 of its own', () => {
    const hashes = chooseLibrary(contextWith([], { PTYCHOFLEET_ACCELERATOR: 'cuda' })).wheels.map(
      (pin) => pin.sha256,
    );
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('a library of the user', () => {
  const header = 'include/tensorflow/c/c_api.h';

  it.each([
    ["TensorFlow's C archive", ['lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2', header]],
    ['a Python installation', ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', header]],
  ])('is found in the layout of %s', (_layout, files) => {
    const folder = temporaryFolder();
    writeFiles(folder, files);
    const library = locateLibrary({ kind: 'own', folder });
    expect(library.files.map(([name]) => name)).toEqual(files.slice(0, 2).map((name) => path.basename(name)));
    expect(library.include).toBe(path.join(folder, 'include'));
  });

  it('without headers or without the library is refused by name', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, ['lib/libtensorflow_framework.so.2', header]);
    const context = contextWith([], { PTYCHOFLEET_LIBTENSORFLOW: folder });
    expect(libtensorflow.check(context).ok).toBe(false);
    await expect(libtensorflow.run(context, silent)).rejects.toThrow(folder);
  });
});

describe.skipIf(!linuxX64)('an unpacked library', () => {
  it('counts only with its stamp and every file at the size it had', () => {
    const context = contextWith([]);
    const choice = chooseLibrary(context);
    const names = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
    writeFiles(path.join(choice.home, 'tensorflow'), names);
    expect(locateLibrary(choice)).toBeNull();
    const bytes = Object.fromEntries(names.map((name) => [name, name.length]));
    const stamp = { wheels: choice.wheels.map((pin) => pin.sha256).join(' '), bytes };
    writeFileSync(path.join(choice.home, 'stamp.json'), JSON.stringify(stamp));
    expect(locateLibrary(choice)?.folder).toBe(path.join(choice.home, 'tensorflow'));
    writeFileSync(path.join(choice.home, 'tensorflow', names[0]), 'cut');
    expect(locateLibrary(choice)).toBeNull();
  });
});
