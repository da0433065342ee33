import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { noFailpoints, type Failpoint } from './failpoint.ts';
import { storageFault } from './storage-fault.ts';

/** Writes a whole file or none: temporary name in the same folder, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  failpoint: Failpoint = noFailpoints,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  failpoint('blob-before-write');
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    failpoint('blob-before-rename');
    await rename(temporary, path);
    await syncFolder(folder);
    failpoint('blob-after-rename');
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

/** Removes what writers that were killed have left below a folder; nobody may be writing there. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const { name, parentPath } of entries) {
    if (name.startsWith('.') && name.endsWith('.tmp')) await rm(join(parentPath, name), { force: true });
  }
}
