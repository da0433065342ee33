import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@ptychofleet/base';
import { decodeSlabFile, writeFileAtomic } from '@ptychofleet/store';
import type { CoordinatorClient } from '@ptychofleet/wire';
import { readInput } from './files.ts';

const folderName = 'checkpoints';
const lastName = 'last.ckpt';
// A name from elsewhere becomes a path only in this form.
const namePattern = /^(?:last|epoch=\d{1,9}-[a-z_]{1,40}=[\w.+-]{1,40})\.ckpt$/;

/** The checkpoints of a run, brought into its folder one after the other while it is under way. */
export class CheckpointFolder {
  readonly #client: CoordinatorClient;
  readonly #runId: string;
  readonly #folder: string;
  readonly #held = new Map<string, string>();
  #syncing: Promise<void> = Promise.resolve();
  #waiting = false;

  constructor(client: CoordinatorClient, runId: string, outputDir: string) {
    this.#client = client;
    this.#runId = runId;
    this.#folder = join(outputDir, folderName);
  }

  /** Something has changed: what is there now is fetched soon, what gave way is deleted. */
  changed(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#syncing = this.#syncing.then(() => this.#sync());
    // Told by `settled`.
    this.#syncing.catch(() => undefined);
  }

  /** Whether this very run has brought a checkpoint from which it can go on. */
  get canGoOn(): boolean {
    return this.#held.has(lastName);
  }

  /** Resolves when the folder is as the run has it. */
  settled(): Promise<void> {
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    this.#waiting = false;
    const { artifacts } = await this.#client.getRun(this.#runId);
    const wanted = artifacts.filter(({ name }) => namePattern.test(name));
    if (wanted.length > 0) await mkdir(this.#folder, { recursive: true });
    // The last one is often the best as well.
    const fetched = new Map<string, Uint8Array>();
    for (const { name, digest } of wanted) {
      if (this.#held.get(name) === digest) continue;
      try {
        const bytes = fetched.get(digest) ?? (await this.#client.downloadArtifact(this.#runId, name, digest));
        fetched.set(digest, bytes);
        await writeFileAtomic(join(this.#folder, name), bytes);
        this.#held.set(name, digest);
      } catch (error) {
        // It has given way to a better one meanwhile, which the next change brings.
        const kind = error instanceof Fault ? error.kind : null;
        if (kind !== 'not-found' && !(kind === 'data-loss' && (await this.#hasGivenWay(name, digest))))
          throw error;
      }
    }
    // After the new ones are there. Files of an earlier run stay: a resumed run's best may be among them.
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of this.#held.keys()) {
      if (names.has(name)) continue;
      await rm(join(this.#folder, name), { force: true });
      this.#held.delete(name);
    }
  }

  /** Whether the run has something else under this name by now, or nothing, which the next change brings. */
  async #hasGivenWay(name: string, digest: string): Promise<boolean> {
    const { artifacts } = await this.#client.getRun(this.#runId);
    return !artifacts.some((other) => other.name === name && other.digest === digest);
  }
}

/**
 * The checkpoint that `--resume` means: a file, the folder of a run, or `last` for the one in the output folder.
 * @throws Fault when there is none or it cannot be read
 */
export async function readCheckpoint(named: string, outputDir: string): Promise<Uint8Array> {
  const folder = named === 'last' ? outputDir : named;
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const path = named === 'last' || isFolder ? join(folder, folderName, lastName) : named;
  const bytes = await readInput('--resume', path);
  decodeSlabFile(bytes, path);
  return bytes;
}
