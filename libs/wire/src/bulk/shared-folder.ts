import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, mkdtempSync, openSync } from 'node:fs';
import { readdirSync, readFileSync, readlinkSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assert, Fault } from '@ptychofleet/base';

/** Memory that all processes of a machine see as files; only Linux has it. */
const memoryRoot = '/dev/shm';
/** Process, its start and its namespace: whether the owner is alive can be told without asking it. */
const folderForm = /^ptychofleet-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;
const fileForm = /^[A-Za-z0-9][A-Za-z0-9.-]{0,119}$/;
/** Digested while they are in the processor's cache. */
const pieceBytes = 1 << 20;

/**
 * Files in memory that a coordinator shares with workers of the same user on the same machine (docs/adr/0020). Nothing is kept here
 * that could not be sent: where something is missing, it travels by the network.
 */
export class SharedFolder {
  readonly name: string;
  readonly #path: string;
  readonly #made: boolean;
  readonly #files = new Set<SharedFile>();

  private constructor(root: string, name: string, made: boolean) {
    this.name = name;
    this.#path = join(root, name);
    this.#made = made;
  }

  /** A new one; null where there is no such memory. Those of processes that are dead go. */
  static create(root = memoryRoot): SharedFolder | null {
    try {
      removeAbandoned(root);
      const owner = [process.pid, startOf(process.pid), namespace()].join('-');
      return new SharedFolder(root, basename(mkdtempSync(join(root, `ptychofleet-${owner}-`))), true);
    } catch {
      return null;
    }
  }

  /** That of the coordinator, by the name that it tells; null where it is not on this machine or not this user's alone. */
  static find(name: unknown, root = memoryRoot): SharedFolder | null {
    if (typeof name !== 'string' || !folderForm.test(name)) return null;
    return isOurs(join(root, name)) ? new SharedFolder(root, name, false) : null;
  }

  /** A file to write to again and again: its memory is had once. */
  file(): SharedFile {
    const file = new SharedFile((name) => this.#pathOf(name));
    this.#files.add(file);
    return file;
  }

  /**
   * Fills memory with a file; false where there is none of that name, before or afterwards. At once: a copy in memory takes less time
   * than another thread takes to be asked for it where all cores are at work.
   * @param room gives memory for as many bytes, or throws
   * @param filled is told how many more bytes are there
   */
  read(name: string, room: (bytes: number) => Uint8Array, filled: (bytes: number) => void): boolean {
    const path = this.#pathOf(name);
    const file = openForReading(path);
    if (file === null) return false;
    try {
      const about = fstatSync(file);
      if (!about.isFile()) throw new Fault('data-loss', 'what is shared is not a file');
      const memory = room(about.size);
      for (let at = 0; at < memory.length;) {
        const bytes = readSync(file, memory, at, Math.min(pieceBytes, memory.length - at), at);
        if (bytes === 0) throw new Fault('data-loss', 'what is shared was cut short');
        filled(bytes);
        at += bytes;
      }
      // It loses its name before it is written to again.
      return lstatSync(path, { throwIfNoEntry: false })?.ino === about.ino;
    } finally {
      closeSync(file);
    }
  }

  remove(name: string): void {
    rmSync(this.#pathOf(name), { force: true });
  }

  files(): string[] {
    try {
      return readdirSync(this.#path);
    } catch {
      return [];
    }
  }

  /** Takes away what this process has made of it; at once, since the process may be about to end. */
  close(): void {
    for (const file of this.#files) file.remove();
    this.#files.clear();
    if (this.#made) rmSync(this.#path, { recursive: true, force: true });
  }

  #pathOf(name: string): string {
    assert(fileForm.test(name), `not a name of ours: ${name}`);
    return join(this.#path, name);
  }
}

/** Of one process, which alone writes to it. */
export class SharedFile {
  readonly #pathOf: (name: string) => string;
  #path: string | null = null;
  #file: number | null = null;
  #bytes = 0;

  constructor(pathOf: (name: string) => string) {
    this.#pathOf = pathOf;
  }

  /** Gives the file this content and this name. False where there is no room; then there is no file. */
  write(name: string, bytes: Uint8Array): boolean {
    const path = this.#pathOf(name);
    try {
      // A new name first: who still reads by the old one has to notice.
      if (this.#path !== null && this.#path !== path) renameSync(this.#path, path);
      this.#path = path;
      this.#file ??= openSync(path, 'wx', 0o600);
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at, bytes.length - at, at);
      if (bytes.length < this.#bytes) ftruncateSync(this.#file, bytes.length);
      this.#bytes = bytes.length;
      return true;
    } catch {
      this.remove();
      return false;
    }
  }

  remove(): void {
    const [path, file] = [this.#path, this.#file];
    this.#path = this.#file = null;
    this.#bytes = 0;
    // Without one it is somebody else's.
    if (path === null || file === null) return;
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function openForReading(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

/** A folder, no link, that nobody but this user can look into. */
function isOurs(path: string): boolean {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  return entry?.isDirectory() === true && entry.uid === process.getuid?.() && (entry.mode & 0o077) === 0;
}

function removeAbandoned(root: string): void {
  const ownSpace = namespace();
  for (const name of readdirSync(root)) {
    const [, process, start, space] = folderForm.exec(name) ?? [];
    // A process of another namespace (a container) cannot be seen from here.
    if (space !== ownSpace || !isOurs(join(root, name))) continue;
    if (startOf(Number(process)) !== start) rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** When a process began, in ticks since the machine did: a number that is given out anew begins later. Null where there is no such process. */
function startOf(process: number): string | null {
  try {
    const text = readFileSync(`/proc/${process}/stat`, 'latin1');
    // Field 22 (proc_pid_stat(5)); the second one is a name in parentheses, which may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function namespace(): string | undefined {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
}
