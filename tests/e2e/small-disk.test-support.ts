import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Bench, Running } from './processes.test-support.ts';

/** Where a coordinator keeps its state, and how its disk is filled. */
export interface Ground {
  /** The folder as the coordinator knows it. */
  readonly folder: string;
  /** The same folder as seen from here. */
  readonly seen: string;
  /** What every coordinator on it is started through. */
  readonly through: readonly string[];
  /** Whether a file can be written again where it has been written already, though it is filled. */
  readonly ownRoom: boolean;
  fill(coordinator: Running): void;
  /** Makes room again. */
  free(coordinator: Running): void;
}

/** A file may not grow at all: real error codes of the kernel (EFBIG), and no rights needed. */
export function limitedFolder(bench: Bench): Ground {
  const folder = bench.path('limited');
  const limit = ({ pid }: Running, bytes: string): void => {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  };
  return {
    folder,
    seen: folder,
    through: [],
    ownRoom: false,
    fill: (coordinator) => limit(coordinator, '1'),
    free: (coordinator) => limit(coordinator, 'unlimited'),
  };
}

/** A mount namespace of our own, in which mounting is allowed and nobody else sees what is mounted. */
const ways = [['-rm'], ['-m']];
const inMemory = ['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs'];

/** How this user comes to a namespace in which a disk can be mounted; null where that is not allowed here. */
export function wayToMount(): readonly string[] | null {
  const probe = [...inMemory, '/tmp'];
  return ways.find((way) => spawnSync('unshare', [...way, ...probe]).status === 0) ?? null;
}

/** A disk of 64 MB, in memory: it is gone when the bench's processes are. */
export async function smallDisk(bench: Bench, way: readonly string[], name = 'disk'): Promise<Ground> {
  const folder = bench.path(name);
  mkdirSync(folder);
  const script = `${inMemory.join(' ')} "$0" && echo mounted && exec sleep 3600`;
  const holder = bench.launch('unshare', [...way, 'sh', '-c', script, folder]);
  await holder.said(/mounted/);
  const seen = `/proc/${holder.pid}/root${folder}`;
  const ballast = `${seen}/ballast`;
  const user = way.includes('-rm') ? ['-U', '--preserve-credentials'] : [];
  return {
    folder,
    seen,
    through: ['nsenter', '-t', String(holder.pid), '-m', ...user, '--'],
    ownRoom: true,
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast),
  };
}

/** Writes until not a byte more fits. */
function fillUp(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let bytes = 1 << 16; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}
