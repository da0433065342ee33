import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FactoryPorts } from '@ptychofleet/config';
import { openByteSource, readScanHeader } from '@ptychofleet/data';

/** What the configuration factories may touch on this machine: the header of a scan, whether a file exists, and the scans of a folder. */
export const factoryPorts: FactoryPorts = {
  headers: {
    read: (path) => {
      const source = openByteSource(path);
      try {
        return readScanHeader(source, path);
      } finally {
        source.close();
      }
    },
  },
  files: { exists: existsSync, scansIn },
};

function scansIn(folder: string): readonly string[] | null {
  try {
    const scans = readdirSync(folder).filter((name) => name.endsWith('.npz'));
    return scans.toSorted().map((name) => join(folder, name));
  } catch {
    // Missing, a file, or not ours to read: whatever it is, no folder that a scan can be taken from.
    return null;
  }
}
