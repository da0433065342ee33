import { mkdirSync, utimesSync, writeFileSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { withLock } from './lock.mjs';
import { temporaryFolder } from './setup.test-support.mjs';

const lockIn = (folder) => path.join(folder, 'state', 'lock');
const held = (owner) => {
  const lock = lockIn(temporaryFolder());
  mkdirSync(path.dirname(lock));
  writeFileSync(lock, JSON.stringify(owner));
  return lock;
};

it('lets one after the other in, and tells who waits', async () => {
  const lock = lockIn(temporaryFolder());
  const events = [];
  let finishFirst;
  const first = withLock(
    lock,
    () => events.push('first waits'),
    async () => {
      events.push('first begins');
      await new Promise((resolve) => (finishFirst = resolve));
      events.push('first ends');
    },
  );
  const waiting = (owner) => {
    events.push(`second waits for ${owner.pid}`);
    finishFirst();
  };
  const second = withLock(lock, waiting, async () => events.push('second begins'));
  await Promise.all([first, second]);
  expect(events).toEqual(['first begins', `second waits for ${process.pid}`, 'first ends', 'second begins']);
  expect(existsSync(lock)).toBe(false);
});

it('is free again when the work throws', async () => {
  const lock = lockIn(temporaryFolder());
  await expect(
    withLock(
      lock,
      () => {},
      () => Promise.reject(new Error('broken')),
    ),
  ).rejects.toThrow('broken');
  expect(existsSync(lock)).toBe(false);
});

it('is taken from a process that is dead', async () => {
  const waits = [];
  // Process ids end at 4194304 on Linux: nobody has this one.
  const lock = held({ pid: 4194305, host: os.hostname() });
  expect(
    await withLock(
      lock,
      (owner) => waits.push(owner),
      async () => 'worked',
    ),
  ).toBe('worked');
  expect(waits).toEqual([]);
});

it('stays with a dead set-up while a program that it started lives', async () => {
  const lock = held({ pid: 4194305, host: os.hostname(), children: [process.pid] });
  const waits = [];
  // The program ends while we wait.
  const onWait = (owner) => {
    waits.push(owner.children);
    writeFileSync(lock, JSON.stringify({ ...owner, children: [] }));
  };
  expect(await withLock(lock, onWait, async () => 'worked')).toBe('worked');
  expect(waits).toEqual([[process.pid]]);
});

it('is taken from another machine only when that has been silent for long', async () => {
  const lock = held({ pid: 1, host: 'another-host' });
  const long = new Date(Date.now() - 3_600_000);
  // The holder dies while we wait: its lock grows old.
  const onWait = () => utimesSync(lock, long, long);
  expect(await withLock(lock, onWait, async () => 'worked')).toBe('worked');
});
