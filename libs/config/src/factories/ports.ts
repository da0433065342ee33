/** What configuration needs to know of a scan before any pattern is read. */
export interface DatasetHeader {
  /** Side of the probe, pixels: the last axis of the probe array, whatever the number of modes. */
  readonly N: number;
  readonly modes: number;
  /** Number of scan positions. */
  readonly n: number;
  /** Mean photons per pattern from the file's metadata. */
  readonly nphotons: number | null;
  /** Whether the file holds labels or an object to cut them from; left out where nobody has looked. */
  readonly hasLabels?: boolean;
}

/** Reads probe shape and metadata only. The first touch of a data file in a run (CONFIG-001). */
export interface DatasetHeaders {
  /** @throws Fault naming the file */
  read(path: string): DatasetHeader;
}

export interface FileChecks {
  exists(path: string): boolean;
  /** Paths of the scans in a folder, `null` where it is none; left out where no folder can be named. */
  scansIn?(folder: string): readonly string[] | null;
}

export interface FactoryPorts {
  readonly headers: DatasetHeaders;
  readonly files: FileChecks;
  /** Given where the run computes on this very machine; otherwise every worker resolves `auto` for itself. */
  readonly hasCuda?: () => boolean;
}
