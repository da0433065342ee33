import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, messageOf } from '@ptychofleet/base';

/** Writes a whole file or none: temporary name in the same folder, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageFault(path, error);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function storageFault(path: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code;
  const why: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EROFS: 'the file system is read-only',
    EACCES: 'writing there is not permitted',
    EPERM: 'writing there is not permitted',
    ENOTDIR: 'part of the path is a file, not a folder',
  };
  const kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'exhausted' : 'invalid-input';
  const reason = (code === undefined ? undefined : why[code]) ?? messageOf(error);
  return new Fault(kind, `cannot write ${path}: ${reason}`, { field: path }, { cause: error });
}
