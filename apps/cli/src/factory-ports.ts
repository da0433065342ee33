import { existsSync } from 'node:fs';
import type { FactoryPorts } from '@ptychofleet/config';
import { openByteSource, readScanHeader } from '@ptychofleet/data';

/** What the configuration factories may touch on this machine: the header of a scan, and whether a file exists. */
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
  files: { exists: existsSync },
};
