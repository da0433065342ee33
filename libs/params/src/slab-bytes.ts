import { assert, bytesOf, Fault } from '@ptychofleet/base';

// Every platform that tfjs-node and Node's prebuilt binaries serve is little-endian; a view is then the wire format.
const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A slab as little-endian float32: a view that shares memory with it. */
export function slabToBytes(slab: Float32Array): Uint8Array {
  assert(hostIsLittleEndian, 'slabs need a little-endian host');
  return bytesOf(slab);
}

/**
 * Little-endian float32 bytes as a slab of `size` floats: a view where the bytes are aligned, else a copy.
 * @throws Fault data-loss when the length is not `4 * size`.
 */
export function slabFromBytes(bytes: Uint8Array, size: number): Float32Array {
  assert(hostIsLittleEndian, 'slabs need a little-endian host');
  if (bytes.byteLength !== 4 * size) {
    throw new Fault(
      'data-loss',
      `slab: received ${bytes.byteLength} bytes, expected ${4 * size} for ${size} float32 values; transfer it again`,
      { field: 'slab', received: `${bytes.byteLength} bytes`, expected: `${4 * size} bytes` },
    );
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, size);
}
