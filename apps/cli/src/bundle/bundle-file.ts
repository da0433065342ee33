import { join } from 'node:path';
import { Fault } from '@ptychofleet/base';
import { bundleFileName, readBundle, type Bundle } from '@ptychofleet/bundle';
import { readInput } from '../files.ts';

/** A bundle that the user named, whole and verified. */
export interface BundleInput {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly bundle: Bundle;
}

/** The bundle itself, or the one in a run folder, as `--model_path` takes it. */
export function bundlePathOf(path: string): string {
  return path.endsWith('.zip') ? path : join(path, bundleFileName);
}

/** @throws Fault naming the file */
export async function openBundle(field: string, named: string): Promise<BundleInput> {
  const path = bundlePathOf(named);
  const bytes = await readInput(field, path);
  return { path, bytes, bundle: await naming(`${field} ${path}`, () => readBundle(bytes)) };
}

/** Says whose fault it is. */
export async function naming<T>(what: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.kind, `${what}: ${error.message}`, error.details, { cause: error });
  }
}
