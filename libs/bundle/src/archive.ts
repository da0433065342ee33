import { Fault, messageOf } from '@ptychofleet/base';
import { unzipSync, zipSync, type Zippable } from 'fflate';

const entriesMax = 64;
const expandedBytesMax = 2 ** 30;
/** JSON shrinks about tenfold and weights hardly at all, so a larger ratio is a bomb, not a bundle. */
const expansionMax = 20;
const expansionSlackBytes = 16 * 2 ** 20;

/** Byte-stable zip: given order, fixed times. Weights do not compress, so they are stored; text is deflated. */
export function packArchive(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const zippable: Zippable = {};
  for (const [path, bytes] of files) zippable[path] = [bytes, { level: path.endsWith('.json') ? 6 : 0 }];
  // A zip stores local clock fields: a date made from such fields gives the same bytes in every time zone.
  return zipSync(zippable, { mtime: new Date(1980, 0, 1, 12) });
}

/**
 * Unpacks a zip of unknown origin into memory; names and declared sizes are judged before anything is inflated.
 * @throws Fault data-loss when it is not a whole zip, invalid-input when it is a hostile one.
 */
export function unpackArchive(zip: Uint8Array): Map<string, Uint8Array> {
  const expandedMax = Math.min(expandedBytesMax, expansionSlackBytes + expansionMax * zip.byteLength);
  const names = new Set<string>();
  let expanded = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip, {
      filter: ({ name, originalSize }) => {
        if (!isPlainName(name)) throw hostile('entry name', name, 'a relative path of plain names');
        if (names.has(name)) throw hostile('entry name', name, 'each name once');
        names.add(name);
        if (names.size > entriesMax)
          throw hostile('entries', `${names.size} or more`, `at most ${entriesMax}`);
        expanded += originalSize;
        if (expanded > expandedMax) {
          throw hostile('expanded size', `${expanded} bytes`, `at most ${expandedMax} for this archive`);
        }
        return !name.endsWith('/');
      },
    });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'data-loss',
      `bundle: received ${zip.byteLength} bytes that are no whole zip archive (${messageOf(error)}), expected a wts.h5.zip; ` +
        'copy the file again',
      { field: 'bundle', expected: 'a zip archive' },
      { cause: error },
    );
  }
  return new Map(Object.entries(files));
}

/** Segments start with a letter or digit: no absolute path, drive, `..`, backslash, or `__proto__`. */
function isPlainName(name: string): boolean {
  return name.length <= 200 && /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*\/?$/.test(name);
}

function hostile(what: string, received: string, expected: string): Fault {
  return new Fault(
    'invalid-input',
    `bundle: received ${what} ${JSON.stringify(received)}, expected ${expected}; use a bundle written by PtychoFleet`,
    { field: 'bundle', received, expected },
  );
}
