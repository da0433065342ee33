import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FsBlobStore, Registry, storageFault, sweepTemporaries, type Failpoint } from '@ptychofleet/store';

/** All that a coordinator keeps, in one folder. */
export interface Storage {
  readonly registry: Registry;
  /** Scans, models and results. */
  readonly blobs: FsBlobStore;
  /** Checkpoints, which come and go. */
  readonly checkpoints: FsBlobStore;
  readonly failpoint: Failpoint;
}

/**
 * Opens the folder, makes it if missing, and clears away what a process that was killed has left half done.
 * @throws Fault in one sentence when it cannot be used
 */
export async function openStorage(folder: string, failpoint: Failpoint): Promise<Storage> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw storageFault(folder, error);
  }
  const registry = new Registry(folder, failpoint);
  const checkpoints = new FsBlobStore(join(folder, 'checkpoints'), failpoint);
  await sweepTemporaries(folder);
  for (const digest of await checkpoints.list())
    if (!registry.isReferenced(digest)) await checkpoints.delete(digest);
  return { registry, blobs: new FsBlobStore(folder, failpoint), checkpoints, failpoint };
}
