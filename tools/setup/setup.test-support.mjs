import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll } from 'vitest';
import { findProgram } from './commands.mjs';

/** A folder that is gone when the test file is through. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-setup-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A context that sees nothing of this machine but the programs named. */
export function contextWith(programs, env = {}) {
  const folder = temporaryFolder();
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  for (const name of programs) symlinkSync(findProgram(name, process.env), path.join(bin, name));
  const { HOME } = process.env;
  return {
    root: path.join(folder, 'clone'),
    cache: path.join(folder, 'cache'),
    node: process.execPath,
    env: { HOME, PATH: bin, ...env },
  };
}

/** Progress that nobody reads. */
export const silent = {
  seconds: () => '0',
  note: () => {},
  start: () => {},
  done: () => {},
  failed: () => {},
};

/**
 * A wheel of a few bytes that pip accepts, in `folder`, and the pin that belongs to it.
 * @param {Record<string, string>} entries more files by name
 */
export function tinyWheel(folder, name, entries) {
  const info = `${name}-1.0.dist-info`;
  const file = `${name}-1.0-py3-none-any.whl`;
  const texts = {
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
    ...entries,
  };
  mkdirSync(folder, { recursive: true });
  const bytes = zipSync(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, strToU8(text)])));
  writeFileSync(path.join(folder, file), bytes);
  return {
    package: name,
    version: '1.0',
    file,
    platform: 'any',
    sha256: sha256(path.join(folder, file)),
    bytes: bytes.length,
    unpackedBytes: bytes.length,
  };
}

export function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
