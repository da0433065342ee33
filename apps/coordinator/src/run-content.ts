import { isDigest, type ContentDigest } from '@ptychofleet/base';
import type { BlobStore } from '@ptychofleet/store';
import { lasting, type LentBytes, type NamedBytes } from '@ptychofleet/wire';
import type { Job } from './job.ts';

/** What workers may have: what the runs at work hold, and what is stored. */
export async function contentOf(
  jobs: readonly Job[],
  stored: BlobStore,
  digest: ContentDigest,
): Promise<LentBytes | null> {
  for (const job of jobs) {
    const lent = job.blob(digest);
    if (lent !== null) return lent;
  }
  const bytes = isDigest(digest) ? await stored.get(digest) : null;
  return bytes && lasting(bytes);
}

/** What replaces that content, as soon as it does; null where nothing will. */
export async function nextContent(
  jobs: readonly Job[],
  digest: ContentDigest,
  gone: AbortSignal,
): Promise<NamedBytes | null> {
  for (const job of jobs) {
    const next = job.next?.(digest, gone);
    if (next != null) return next;
  }
  return null;
}
