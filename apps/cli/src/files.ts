import { constants } from 'node:fs';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, messageOf } from '@ptychofleet/base';
import { readBundle } from '@ptychofleet/bundle';
import { decodeScan, type ScanDataset } from '@ptychofleet/data';

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not permitted',
  EISDIR: 'it is a folder',
};

/** The bytes of a file that the user named. */
export async function readInput(field: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
    throw new Fault(
      'invalid-input',
      `${field} ${path}: ${reason}`,
      { field, received: path },
      { cause: error },
    );
  }
}

/** A scan that the user named: what is sent, and what it holds. */
export interface ScanInput {
  /** File name without folders, for people. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly scan: ScanDataset;
}

/** Reads a scan and checks all of it, to the last pattern, so that no process is started for a file that cannot be used. */
export async function readScan(field: string, path: string): Promise<ScanInput> {
  const bytes = await readInput(field, path);
  return { name: basename(path), bytes, scan: decodeScan(bytes, path) };
}

/** Reads a model bundle and verifies it, for the same reason. */
export async function readModel(field: string, path: string): Promise<Uint8Array> {
  const bytes = await readInput(field, path);
  try {
    await readBundle(bytes);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.kind, `${field} ${path}: ${error.message}`, error.details, { cause: error });
  }
  return bytes;
}

/** Makes the folder that the user named for output, or says why nothing could be written there; before any work starts. */
export async function prepareOutput(path: string, field = '--output_dir'): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    if (!(await stat(path)).isDirectory()) throw new Error('it is not a folder');
    await access(path, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const known: Record<string, string> = {
      EEXIST: 'it is a file, not a folder',
      ENOTDIR: 'part of the path is a file, not a folder',
      EACCES: 'writing there is not permitted',
      EROFS: 'the file system is read-only',
      ENOENT: 'the folder cannot be made',
    };
    const reason = known[code] ?? messageOf(error);
    throw new Fault('invalid-input', `${field} ${path} cannot be written: ${reason}; choose another folder`, {
      field,
      received: path,
    });
  }
}
