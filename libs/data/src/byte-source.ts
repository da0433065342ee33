import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Fault, messageOf } from '@ptychofleet/base';

/** Random access to bytes, so that a big file need not be loaded to read its headers. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`; both lie inside the source. */
  read(offset: number, length: number): Uint8Array;
}

export function byteSourceOf(input: Uint8Array | ByteSource): ByteSource {
  if (!(input instanceof Uint8Array)) return input;
  return { size: input.length, read: (offset, length) => input.subarray(offset, offset + length) };
}

/** Opens a file for random access. Faults name the path: missing, a folder, unreadable. */
export function openByteSource(path: string): ByteSource & { close(): void } {
  const file = guarded(path, () => openSync(path, 'r'));
  try {
    const stat = guarded(path, () => fstatSync(file));
    if (!stat.isFile()) {
      const what = stat.isDirectory() ? 'a folder' : 'no regular file';
      throw new Fault(
        'invalid-input',
        `${path}: is ${what}, expected an NPZ file; give the path of the file itself`,
        {
          field: path,
        },
      );
    }
    return {
      size: stat.size,
      read: (offset, length) => readFully(path, file, offset, length),
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readFully(path: string, file: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // One read call is limited to 2 GiB.
  const stride = 2 ** 30;
  for (let done = 0; done < length;) {
    const got = guarded(path, () =>
      readSync(file, bytes, done, Math.min(stride, length - done), offset + done),
    );
    if (got === 0) {
      throw new Fault(
        'data-loss',
        `${path}: ended while it was being read; wait until it is written and try again`,
        {
          field: path,
        },
      );
    }
    done += got;
  }
  return bytes;
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const fault = missing
      ? `${path}: no such file; check the path`
      : `${path}: cannot be read (${messageOf(error)}); check the path and its permissions`;
    throw new Fault(missing ? 'not-found' : 'invalid-input', fault, { field: path }, { cause: error });
  }
}
