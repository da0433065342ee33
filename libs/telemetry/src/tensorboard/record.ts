import crc32c from 'crc-32/crc32c.js';

const maskDelta = 0xa282ead8;

/** A TFRecord: length, its checksum, the bytes, their checksum. Little-endian; checksums are CRC-32C, rotated and shifted. */
export function tfRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedChecksum(bytes), true);
  return record;
}

export function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
}
