import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { watchChildren } from './commands.mjs';
import { makeFolder, readJson, writeJson } from './places.mjs';

const touchMs = 5_000;
const retryMs = 1_000;
// A holder on another machine cannot be asked whether it lives; it touches its lock, so silence means it is gone.
const silentMs = 120_000;

/**
 * Runs `work` while no other set-up works on the same folder: two terminals (or two nodes with one home folder) may start at once.
 * A lock whose owner and the programs it started are dead is taken over, so a kill -9 needs no clean-up by hand; and an npm that
 * outlived its set-up is waited for.
 */
export async function withLock(file, onWait, work) {
  makeFolder(path.dirname(file));
  let told = false;
  while (!tryLock(file)) {
    const owner = readJson(file);
    if (isAbandoned(file, owner)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) onWait(owner);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  const release = () => fs.rmSync(file, { force: true });
  const timer = setInterval(() => touch(file), touchMs);
  const unwatch = watchChildren((children) => writeJson(file, { ...self(), children }));
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    unwatch();
    process.removeListener('exit', release);
    release();
  }
}

function self() {
  return { pid: process.pid, host: os.hostname() };
}

function tryLock(file) {
  try {
    fs.writeFileSync(file, JSON.stringify({ ...self(), children: [] }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // The user removed the lock by hand; the work goes on, and its renames are atomic anyway.
  }
}

function isAbandoned(file, owner) {
  const written = fs.statSync(file, { throwIfNoEntry: false });
  if (!written) return false;
  if (Date.now() - written.mtimeMs > silentMs) return true;
  return (
    owner?.host === os.hostname() && [owner.pid, ...(owner.children ?? [])].every((pid) => !isAlive(pid))
  );
}

/** Also used for staging folders, whose names carry the owner. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Dead and not yet collected by its parent: where the first process of a container collects nobody, such stay for ever. */
function isZombie(pid) {
  try {
    return /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
