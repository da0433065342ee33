/** A stack of P complex probe modes (P, N, N), row-major, split into real and imaginary parts. */
export interface ProbeStack {
  readonly modes: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/** A complex object image (height, width); `data` interleaves real and imaginary parts. */
export interface ObjectImage {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** The object patch that belongs to each pattern, for training on labelled objects (data spec §1). */
export interface LabelStack {
  /** Entries of the file that hold them, for messages. */
  readonly source: string;
  /** (n, N, N) modulus in the units of `objectGuess`. */
  readonly amplitude: Float32Array;
  /** (n, N, N) radians. */
  readonly phase: Float32Array;
}

/** One ptychographic scan as its file holds it (data spec §1). */
export interface ScanDataset {
  /** Number of patterns, equal to the number of scan positions. */
  readonly n: number;
  /** Side of a pattern, pixels. */
  readonly N: number;
  /** (n, N, N) diffraction amplitude = √counts at any scale, zero frequency at (N/2, N/2). */
  readonly diffraction: Float32Array;
  /** (n) scan positions in object pixels: pattern pixel (N/2, N/2) of the patch lies on object pixel (y, x). */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly probe: ProbeStack;
  /** Ground truth, where known. */
  readonly object: ObjectImage | null;
  /** Left out where the file has none; labels may still be cut from `object`. */
  readonly labels?: LabelStack;
  readonly metadata: ScanMetadata;
  /** What was odd but tolerated, one sentence each. */
  readonly warnings: readonly string[];
}

export interface ScanMetadata {
  /** Mean photon count per pattern, null when the file does not say. */
  readonly nphotons: number | null;
  /** The parsed `_metadata` JSON, null when absent. */
  readonly raw: unknown;
}

/** What configuration needs to know of a scan before its patterns are read. */
export interface ScanHeader {
  readonly n: number;
  readonly N: number;
  readonly modes: number;
  readonly nphotons: number | null;
  readonly hasObject: boolean;
  /** Whether labels are there or can be cut from the object. */
  readonly hasLabels: boolean;
}

/** Sides that the network is defined for (data spec §14). */
export const supportedSides: readonly number[] = [64, 128, 256];
