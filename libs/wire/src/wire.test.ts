import { digestOf, errorKinds, Fault, RunningDigest, type ErrorKind } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChunkCollector,
  chunksOf,
  faultOf,
  fromStruct,
  isLocalAddress,
  parseAddress,
  statusOf,
  toStruct,
  type JsonObject,
} from './index.ts';
import { services } from './protocol.ts';

const chunkBytes = limits.chunkBytesMax;

type StructOutput = Parameters<typeof fromStruct>[0];

/** A trip through the real codec of CreateRun. */
function received(struct: ReturnType<typeof toStruct>): StructOutput {
  const { requestSerialize, requestDeserialize } = services.RunService.service.CreateRun;
  return requestDeserialize(requestSerialize({ spec: struct })).spec ?? null;
}

describe('structures', () => {
  it('carry any JSON object there and back', () => {
    // protobufjs drops the key __proto__ on its own account.
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    const key = fc.string().filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(key, plain), (object) => {
        const back = fromStruct(received(toStruct(object as JsonObject)));
        expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it('refuse nesting without end', () => {
    let object: JsonObject = {};
    for (let depth = 0; depth < 40; depth++) object = { inside: object };
    expect(() => fromStruct(received(toStruct(object)))).toThrow(Fault);
  });
});

describe('chunks', () => {
  it('put any bytes together again', () => {
    const lengths = fc.oneof(
      fc.nat(100),
      fc.constantFrom(chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes),
    );
    fc.assert(
      fc.property(lengths, (length) => {
        const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
        const digest = new RunningDigest('sha256');
        const collector = new ChunkCollector('test', 2 ** 30, { digest: () => digest });
        for (const chunk of chunksOf(bytes)) {
          expect(chunk.data.length).toBeLessThanOrEqual(chunkBytes);
          collector.add(chunk);
        }
        expect(Buffer.compare(collector.finish(), bytes)).toBe(0);
        expect(digest.finish()).toBe(digestOf(bytes));
      }),
      { numRuns: 20 },
    );
  });

  it('refuse a length beyond the bound before allocating, and a stream that is cut or too long', () => {
    const data = Buffer.alloc(4);
    expect(() => new ChunkCollector('x', 10).add({ data, totalBytes: 2 ** 50 })).toThrow(/at most 10/);
    const short = new ChunkCollector('x', 10);
    short.add({ data, totalBytes: 8 });
    expect(() => short.finish()).toThrow(/ended after 4 bytes, 8 were announced/);
    short.add({ data, totalBytes: 0 });
    expect(() => short.add({ data, totalBytes: 0 })).toThrow(/longer than the 8 bytes/);
  });
});

describe('faults', () => {
  it('keep kind, sentence and details across the wire', () => {
    for (const kind of Object.keys(errorKinds) as ErrorKind[]) {
      const fault = new Fault(kind, 'a: received b, expected c', {
        field: 'a',
        received: 'b',
        expected: 'c',
      });
      const status = statusOf(fault);
      const back = faultOf({ ...status, metadata: status.metadata }, 'test');
      expect(back).toMatchObject({ kind, message: fault.message, details: fault.details });
    }
  });

  it('survive a trailer that is not ours', () => {
    const metadata = new Metadata();
    metadata.set('ptychofleet-fault-bin', Buffer.from('{nonsense'));
    expect(faultOf({ code: 5, details: 'gone', metadata }, 'get run')).toMatchObject({
      kind: 'not-found',
      message: 'get run: gone',
    });
  });
});

describe('addresses', () => {
  it.each(['127.0.0.1:50051', 'localhost:0', '[::1]:80', 'unix:/tmp/a.sock', 'node-7.cluster:65535'])(
    'take %s',
    (text) => {
      expect(parseAddress(text, '--listen')).toBe(text);
    },
  );

  it.each(['', 'localhost', ':1', 'host:99999', 'unix:relative', `unix:/${'a'.repeat(200)}`, 'http://x:1'])(
    'refuse "%s" in one sentence',
    (text) => {
      expect(() => parseAddress(text, '--listen')).toThrow(/^--listen: received .*, expected /);
    },
  );

  it('know what stays on this machine', () => {
    expect(['127.0.0.1:1', 'unix:/a', 'localhost:1', '[::1]:1'].every(isLocalAddress)).toBe(true);
    expect(['0.0.0.0:1', '10.0.0.1:1', 'example:1'].some(isLocalAddress)).toBe(false);
  });
});
