declare module 'crc-32/crc32c.js' {
  const crc32c: {
    /** CRC-32C of the bytes as a signed 32-bit number. */
    buf(bytes: Uint8Array, seed?: number): number;
  };
  export = crc32c;
}
