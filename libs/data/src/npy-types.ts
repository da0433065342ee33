/** Element types we hold. Complex numbers are interleaved real and imaginary parts. */
export const numericTypes = {
  bool: { descr: '|b1', array: Uint8Array, lanes: 1 },
  int8: { descr: '|i1', array: Int8Array, lanes: 1 },
  uint8: { descr: '|u1', array: Uint8Array, lanes: 1 },
  int16: { descr: '<i2', array: Int16Array, lanes: 1 },
  uint16: { descr: '<u2', array: Uint16Array, lanes: 1 },
  int32: { descr: '<i4', array: Int32Array, lanes: 1 },
  uint32: { descr: '<u4', array: Uint32Array, lanes: 1 },
  int64: { descr: '<i8', array: BigInt64Array, lanes: 1 },
  uint64: { descr: '<u8', array: BigUint64Array, lanes: 1 },
  float32: { descr: '<f4', array: Float32Array, lanes: 1 },
  float64: { descr: '<f8', array: Float64Array, lanes: 1 },
  complex64: { descr: '<c8', array: Float32Array, lanes: 2 },
  complex128: { descr: '<c16', array: Float64Array, lanes: 2 },
} as const;

export type NumericDtype = keyof typeof numericTypes;

interface NumericData {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
}

/** An array of numbers in row-major order; `data` holds product(shape) elements, twice that for complex types. */
export type NumericArray = {
  [D in NumericDtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: NumericData[D];
  };
}[NumericDtype];

/** An array of texts (NumPy `<U` or `|S`), row-major. */
export interface TextArray {
  readonly dtype: 'text';
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

export type NpyArray = NumericArray | TextArray;

/** The formats are little-endian and typed arrays are the host's; all platforms we support agree. */
export const isLittleEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
