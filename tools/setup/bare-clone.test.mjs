import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.mjs';
import { temporaryFolder } from './setup.test-support.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The files that speak before anything is installed, alone in a folder. */
function bareClone() {
  const clone = temporaryFolder();
  for (const name of ['tools', 'package.json', 'package-lock.json', 'tsconfig.build.json', 'apps/cli/bin']) {
    cpSync(path.join(root, name), path.join(clone, name), { recursive: true });
  }
  return clone;
}

function run(clone, args, env = {}) {
  const cache = { PTYCHOFLEET_CACHE_DIR: path.join(clone, 'cache') };
  return spawnSync(process.execPath, args, {
    cwd: clone,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...cache, ...env },
  });
}

describe('in a bare clone', () => {
  const clone = bareClone();

  it('any command says in one sentence what to do', () => {
    const result = run(clone, ['apps/cli/bin/ptychofleet.js', 'train']);
    expect(result.status).toBe(2);
    expect(result.stderr).toBe(`PtychoFleet is not set up yet: run "npm run setup" in ${clone}/ first.\n`);
  });

  it('doctor runs all the same and lists what is missing', () => {
    const result = run(clone, ['apps/cli/bin/ptychofleet.js', 'doctor', '--json']);
    const report = JSON.parse(result.stdout);
    const stateOf = (name) => report.parts.find((part) => part.name === name).state;
    expect(result.status).toBe(2);
    expect(report.ok).toBe(false);
    expect(stateOf('node')).toBe('ok');
    for (const name of ['npm packages', 'libtensorflow', 'binding', 'build', 'tensorflow']) {
      expect(stateOf(name), name).toBe('missing');
    }
    for (const part of report.parts.filter(({ state }) => state !== 'ok')) expect(part.remedy).not.toBe('');
  });

  it('doctor refuses a flag that it does not know', () => {
    expect(run(clone, ['tools/setup/doctor.mjs', '--jsn']).status).toBe(2);
  });

  it('set-up says in one sentence that there is no npm', () => {
    const result = run(clone, ['tools/setup/setup.mjs'], { PATH: '/nonexistent' });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('There is no npm on PATH.');
    expect(result.stderr).not.toContain('    at ');
  });

  it('set-up says in one sentence that a setting is wrong', () => {
    const npm = path.join(clone, 'fake-bin');
    mkdirSync(npm);
    writeFileSync(
      path.join(npm, 'npm'),
      '#!/bin/sh\nmkdir -p node_modules; echo "{}" > node_modules/.package-lock.json\n',
      {
        mode: 0o755,
      },
    );
    const env = { PATH: `${npm}:${process.env.PATH}`, PTYCHOFLEET_ACCELERATOR: 'tpu' };
    const result = run(clone, ['tools/setup/setup.mjs'], env);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('PTYCHOFLEET_ACCELERATOR is "tpu"');
  });
});

it('progress in a log is a line when a part begins and one when it ends', () => {
  const written = [];
  const progress = createProgress({ isTTY: false, write: (text) => written.push(text) });
  progress.start('binding', () => 'compiling');
  progress.done('binding', 'built');
  expect(written[0]).toBe('...   binding        compiling\n');
  expect(written[1]).toMatch(/^ok {4}binding {8}built \(\d+\.\d s\)\n$/);
});
