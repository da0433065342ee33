import { digestOf, Fault, isDigest, type Digest } from '@ptychofleet/base';
import { readBundle, type Bundle } from '@ptychofleet/bundle';
import { decodeScan, type ScanDataset } from '@ptychofleet/data';
import { decodeSlabFile, type BlobStore, type Registry } from '@ptychofleet/store';
import type { Dataset } from '@ptychofleet/wire';

export type OpenedModel = Bundle & { readonly digest: Digest };

/** Scans and models by digest. Whatever has a handle has been checked completely. */
export class Library {
  readonly #blobs: BlobStore;
  readonly #registry: Registry;
  readonly #datasets = new Map<Digest, Dataset>();
  readonly #models = new Map<Digest, Promise<OpenedModel>>();

  constructor(blobs: BlobStore, registry: Registry) {
    this.#blobs = blobs;
    this.#registry = registry;
  }

  async addDataset(name: string, bytes: Uint8Array): Promise<Dataset> {
    const digest = digestOf(bytes);
    const dataset = describe(digest, name, decodeScan(bytes, name));
    await this.#blobs.put(bytes);
    this.#registry.commit([{ type: 'dataset', digest, name }], true);
    this.#datasets.set(digest, dataset);
    return dataset;
  }

  async describeDataset(handle: string): Promise<Dataset> {
    const digest = asHandle(handle, 'dataset');
    const known = this.#datasets.get(digest);
    if (known !== undefined) return known;
    const dataset = describe(digest, this.#nameOf(digest), await this.scan(digest));
    this.#datasets.set(digest, dataset);
    return dataset;
  }

  async scan(handle: string): Promise<ScanDataset> {
    const digest = asHandle(handle, 'dataset');
    const bytes = await this.#blobs.get(digest);
    if (bytes === null) throw unknown('dataset', digest);
    return decodeScan(bytes, this.#nameOf(digest));
  }

  #nameOf(digest: Digest): string {
    return this.#datasets.get(digest)?.name ?? this.#registry.datasetName(digest) ?? 'scan.npz';
  }

  addCheckpoint(bytes: Uint8Array): Promise<Digest> {
    // Whether it fits is for the run to say that goes on with it; here it has to be whole.
    decodeSlabFile(bytes, 'the checkpoint');
    return this.#blobs.put(bytes);
  }

  async checkpoint(handle: string): Promise<Uint8Array> {
    const digest = asHandle(handle, 'checkpoint');
    const bytes = await this.#blobs.get(digest);
    if (bytes === null) throw unknown('checkpoint', digest);
    return bytes;
  }

  async addModel(bytes: Uint8Array): Promise<OpenedModel> {
    const bundle = await readBundle(bytes);
    const digest = await this.#blobs.put(bytes);
    const opened = { ...bundle, digest };
    this.#models.set(digest, Promise.resolve(opened));
    return opened;
  }

  model(handle: string): Promise<OpenedModel> {
    const digest = asHandle(handle, 'model');
    const known = this.#models.get(digest);
    if (known !== undefined) return known;
    const opening = this.modelBytes(digest).then(async (bytes) => ({ ...(await readBundle(bytes)), digest }));
    this.#models.set(digest, opening);
    opening.catch(() => this.#models.delete(digest));
    return opening;
  }

  async modelBytes(handle: string): Promise<Uint8Array> {
    const digest = asHandle(handle, 'model');
    const bytes = await this.#blobs.get(digest);
    if (bytes === null) throw unknown('model', digest);
    return bytes;
  }
}

function asHandle(text: string, what: string): Digest {
  if (!isDigest(text))
    throw new Fault('invalid-input', `${what}: received "${text}", expected sha256: and 64 hex digits`);
  return text;
}

function unknown(what: string, digest: Digest): Fault {
  return new Fault('not-found', `no ${what} ${digest} is held here; send it first`, {
    field: what,
    received: digest,
  });
}

function describe(digest: Digest, name: string, scan: ScanDataset): Dataset {
  const photons = scan.metadata.nphotons;
  return {
    digest,
    name,
    patternCount: scan.n,
    patternSide: scan.N,
    modeCount: scan.probe.modes,
    warnings: [...scan.warnings],
    ...(photons === null ? {} : { photonCount: photons }),
  };
}
