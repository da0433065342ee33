/**
 * The last unicode string of a pickle, found by stepping over opcodes; nothing is evaluated, so a hostile pickle can do
 * nothing (data spec §3). Undefined when the stream is not a well-formed pickle of protocol 2 to 5 or holds no string.
 */
export function lastUnicodeString(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found: Uint8Array | undefined;
  let at = 0;
  while (at < bytes.length) {
    const opcode = bytes[at];
    if (opcode === stop) return found && decodeUtf8(found);
    const lengthBytes = unicodeOpcodes[opcode] ?? counted[opcode];
    at += 1;
    if (lengthBytes !== undefined) {
      if (at + lengthBytes > bytes.length) return undefined;
      const length = readLength(view, at, lengthBytes);
      at += lengthBytes;
      if (length > bytes.length - at) return undefined;
      if (unicodeOpcodes[opcode] !== undefined) found = bytes.subarray(at, at + length);
      at += length;
    } else if (lineArguments[opcode] !== undefined) {
      for (let lines = lineArguments[opcode]; lines > 0; lines--) {
        const end = bytes.indexOf(0x0a, at);
        if (end < 0) return undefined;
        at = end + 1;
      }
    } else {
      const skip = fixedArguments[opcode];
      if (skip === undefined) return undefined;
      at += skip;
    }
  }
  return undefined;
}

const stop = 0x2e;

/** SHORT_BINUNICODE, BINUNICODE, BINUNICODE8: bytes of the length that precedes the text. */
const unicodeOpcodes: Record<number, number> = { 0x8c: 1, 0x58: 4, 0x8d: 8 };

/** Other opcodes with a counted payload: (SHORT_)BINSTRING, (SHORT_)BINBYTES(8), BYTEARRAY8, LONG1, LONG4. */
const counted: Record<number, number> = {
  0x55: 1,
  0x54: 4,
  0x43: 1,
  0x42: 4,
  0x8e: 8,
  0x96: 8,
  0x8a: 1,
  0x8b: 4,
};

/** Opcodes followed by lines of text: GLOBAL and INST take two. FLOAT, INT, LONG, STRING, UNICODE, PERSID, GET, PUT one. */
const lineArguments: Record<number, number> = {
  0x63: 2,
  0x69: 2,
  0x46: 1,
  0x49: 1,
  0x4c: 1,
  0x53: 1,
  0x56: 1,
  0x50: 1,
  0x67: 1,
  0x70: 1,
};

/** Opcodes with a payload of fixed size, taken from the public opcode table of Python's pickletools. */
const fixedArguments: Record<number, number> = Object.fromEntries([
  ...Array.from('(012NQRabdestlou}])', (c) => [c.charCodeAt(0), 0] as const),
  ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98].map(
    (op) => [op, 0] as const,
  ),
  ...Array.from('Khq', (c) => [c.charCodeAt(0), 1] as const), // BININT1, BINGET, BINPUT
  ...[0x80, 0x82].map((op) => [op, 1] as const), // PROTO, EXT1
  ...[0x4d, 0x83].map((op) => [op, 2] as const), // BININT2, EXT2
  ...[0x4a, 0x6a, 0x72, 0x84].map((op) => [op, 4] as const), // BININT, LONG_BINGET, LONG_BINPUT, EXT4
  ...[0x47, 0x95].map((op) => [op, 8] as const), // BINFLOAT, FRAME
]);

function readLength(view: DataView, at: number, lengthBytes: number): number {
  if (lengthBytes === 1) return view.getUint8(at);
  return lengthBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
