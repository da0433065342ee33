import { assert } from '@ptychofleet/base';

/** float32 → bfloat16 words, round to nearest, ties to even; NaN stays NaN, overflow becomes infinity. */
export function packBfloat16(slab: Float32Array): Uint16Array {
  const bits = new Uint32Array(slab.buffer, slab.byteOffset, slab.length);
  const words = new Uint16Array(slab.length);
  for (let i = 0; i < words.length; i++) {
    const value = bits[i];
    const isNaN = (value & 0x7fffffff) > 0x7f800000;
    // Adding half an ulp, less one unless the kept part is odd, makes truncation round ties to even.
    words[i] = isNaN ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return words;
}

/** bfloat16 words → float32, exact; into `into` where given (same length). */
export function unpackBfloat16(words: Uint16Array, into = new Float32Array(words.length)): Float32Array {
  assert(into.length === words.length, `${words.length} words do not fit ${into.length} floats`);
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < words.length; i++) bits[i] = words[i] << 16;
  return into;
}
