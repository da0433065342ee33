import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, digestOfText, Fault, valuesDigestOf, type ContentDigest } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FleetLink, type Digester } from '../index.ts';
import { bytesOfLength, resultOf, sameBytes, sharesMemory, startStore } from './bulk.test-support.ts';

const { chunkBytesMax } = limits;
/** More than the buffers of a connection hold. */
const large = 24 << 20;
const folder = mkdtempSync(join(tmpdir(), 'ptychofleet-bulk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cases = [
  ['memory', 'both', '127.0.0.1:0'],
  ['memory', 'both', `unix:${folder}/sock`],
  ['http', 'both', '127.0.0.1:0'],
  ['http', 'both', `unix:${folder}/sock`],
  ['grpc', 'grpc', '127.0.0.1:0'],
  ['grpc', 'grpc', `unix:${folder}/sock`],
] as const;

describe.each(cases.filter(([way]) => way !== 'memory' || sharesMemory))(
  'bulk data by %s (a coordinator that offers %s) at %s',
  (way, ways, address) => {
    let fleet: Awaited<ReturnType<typeof startStore>>;
    let link: FleetLink;
    let over: AbortController;
    const session = () => ({ id: 's', over: over.signal });

    beforeEach(async () => {
      fleet = await startStore(ways, address);
      link = new FleetLink(fleet.server.address, way);
      over = new AbortController();
      expect(await link.connect(10_000)).toBe(way);
    });
    afterEach(() => {
      link.close();
      fleet.server.stop();
    });

    it('arrives as it left, in both directions, whatever its length', async () => {
      const lengths = [0, 1, 4, 65_536, chunkBytesMax - 4, chunkBytesMax, chunkBytesMax + 4, 2_000_000];
      for (const length of lengths) {
        const bytes = bytesOfLength(length);
        const digest = fleet.store.add(bytes);
        expect(sameBytes(await link.pull(session(), digest), bytes)).toBe(true);
        const stored = fleet.store.add(bytes, digestOf(bytes));
        expect(sameBytes(await link.pull(session(), stored), bytes)).toBe(true);
        const values = new Float32Array(bytes.buffer, 0, length >> 2);
        expect(await link.push(session(), resultOf(values))).toBe(true);
        expect(sameBytes(fleet.store.taken.at(-1)!.bytes, values)).toBe(true);
      }
      expect(await link.push(session(), resultOf(new Float32Array(3), 0))).toBe(false);
      expect(fleet.store.failures).toEqual([]);
    });

    it('tells what a result is to the last bit', async () => {
      for (const lossSum of [NaN, Infinity, -0, Number.MIN_VALUE, 1 / 3]) {
        const result = { ...resultOf(new Float32Array(2), 2 ** 40), lossSum };
        await link.push(session(), result);
        const { values, ...about } = result;
        const bytes = new Uint8Array(values.length * 4);
        expect(fleet.store.taken.at(-1)).toEqual({ ...about, sessionId: 's', valueCount: 2, bytes });
      }
    });

    it('in both directions at once does not wait for itself', async () => {
      const blob = bytesOfLength(large);
      const digest = fleet.store.add(blob);
      const values = new Float32Array(blob.buffer);
      for (let round = 0; round < 2; round++) {
        const pulls = [link.pull(session(), digest), link.pull(session(), digest)];
        await Promise.all([...pulls, link.push(session(), resultOf(values))]);
      }
      expect(fleet.store.taken).toHaveLength(2);
    }, 60_000);

    it('goes through loaders that take the digest elsewhere', async () => {
      const bytes = bytesOfLength(3_000_000);
      const digest = fleet.store.add(bytes);
      const elsewhere: Digester = (given, kind) =>
        Promise.resolve({
          bytes: given.slice(),
          digest: kind === 'blake3' ? valuesDigestOf(given) : digestOf(given),
        });
      expect(sameBytes(await link.pull(session(), digest, { digestElsewhere: elsewhere }), bytes)).toBe(true);
      const stored = fleet.store.add(bytes, digestOf(bytes));
      expect(sameBytes(await link.pull(session(), stored, { digestElsewhere: elsewhere }), bytes)).toBe(true);
    });

    it('goes into memory that is to spare, if that has the length', async () => {
      const bytes = bytesOfLength(200_000);
      const digest = fleet.store.add(bytes);
      const memory = new Uint8Array(200_000).fill(1);
      const asked: number[] = [];
      const spare = (length: number) => {
        asked.push(length);
        return memory;
      };
      const pulled = await link.pull(session(), digest, { spare });
      expect(pulled.buffer).toBe(memory.buffer);
      expect(sameBytes(pulled, bytes)).toBe(true);
      const fresh = await link.pull(session(), digest, { spare: () => undefined });
      expect(fresh.buffer).not.toBe(memory.buffer);
      expect(asked).toEqual([200_000]);
    });

    it('that comes to be later comes with its name, as soon as it is there', async () => {
      const before = fleet.store.add(bytesOfLength(100_000)) as ContentDigest;
      const asked = link.next(session(), before);
      if (way === 'grpc') return expect(await asked).toBeNull();
      await vi.waitUntil(() => fleet.store.waiting.has(before));
      // Meanwhile all else goes on.
      expect(await link.push(session(), resultOf(new Float32Array(50_000)))).toBe(true);
      const bytes = bytesOfLength(200_001);
      fleet.store.replace(before, bytes);
      const coming = (await asked)!;
      expect(coming.digest).toBe(valuesDigestOf(bytes));
      const memory = new Uint8Array(bytes.length);
      const received = await coming.receive(() => memory);
      expect(received.buffer).toBe(memory.buffer);
      expect(sameBytes(received, bytes)).toBe(true);

      // What is not wanted leaves the line as it was.
      const again = link.next(session(), before);
      await vi.waitUntil(() => fleet.store.waiting.has(before));
      fleet.store.replace(before, bytesOfLength(large));
      (await again)!.drop();
      expect(sameBytes(await link.pull(session(), before), bytesOfLength(100_000))).toBe(true);
      expect(fleet.store.failures).toEqual([]);
    });

    it('that comes to be later and is not what its name says is refused', async () => {
      if (way === 'grpc') return;
      const before = fleet.store.add(bytesOfLength(100_000)) as ContentDigest;
      const asked = link.next(session(), before);
      await vi.waitUntil(() => fleet.store.waiting.has(before));
      fleet.store.replace(before, bytesOfLength(100_001), valuesDigestOf(bytesOfLength(9)));
      await expect((await asked)!.receive()).rejects.toMatchObject({ kind: 'data-loss' });
    });

    it('that never comes to be is told of, and so is nobody who waits any more', async () => {
      const before = fleet.store.add(bytesOfLength(10)) as ContentDigest;
      expect(await link.next(session(), valuesDigestOf(new Uint8Array(1)))).toBeNull();
      expect(await link.next({ id: 'not s', over: over.signal }, before)).toBeNull();
      if (way === 'grpc') return;
      const asked = link.next(session(), before);
      await vi.waitUntil(() => fleet.store.waiting.has(before));
      fleet.store.replace(before, null);
      expect(await asked).toBeNull();
      const given = link.next(session(), before);
      await vi.waitUntil(() => fleet.store.waiting.has(before));
      fleet.store.left.length = 0;
      over.abort(new Error('the session is over'));
      await expect(given).rejects.toMatchObject({ kind: 'unavailable' });
      await vi.waitUntil(() => fleet.store.left.includes(before));
    });

    it('that is refused says why, and the next one goes through', async () => {
      await expect(link.pull(session(), digestOfText('another'))).rejects.toMatchObject({
        ...{ kind: 'not-found', details: { field: 'digest' } },
        message: expect.stringMatching(/^no content sha256:/),
      });
      const digest = fleet.store.add(bytesOfLength(9));
      const stranger = { id: 'not s', over: over.signal };
      await expect(link.pull(stranger, digest)).rejects.toMatchObject({ kind: 'failed-precondition' });
      // Refused with the first bytes, while megabytes are still on their way.
      fleet.store.refusal = new Fault('exhausted', 'no room');
      const values = new Float32Array(large / 4);
      await expect(link.push(session(), resultOf(values))).rejects.toMatchObject({
        ...{ kind: 'exhausted', message: 'no room' },
      });
      fleet.store.refusal = null;
      expect(await link.push(session(), resultOf(values))).toBe(true);
      expect(await link.pull(session(), digest)).toHaveLength(9);
    });

    it('that is not what was asked for never leaves the link', async () => {
      fleet.store.blobs.set(digestOfText('one'), bytesOfLength(5000));
      await expect(link.pull(session(), digestOfText('one'))).rejects.toThrow(
        /asked for sha256:.*, received sha256:/,
      );
      await expect(link.pull(session(), 'sha256:../../etc/passwd')).rejects.toThrow(/not a digest/);
    });

    it('does not begin after its session', async () => {
      const digest = fleet.store.add(bytesOfLength(9));
      over.abort();
      await expect(link.pull(session(), digest)).rejects.toMatchObject({ kind: 'unavailable' });
      const pushed = link.push(session(), resultOf(new Float32Array(3)));
      await expect(pushed).rejects.toMatchObject({ kind: 'unavailable' });
      expect(fleet.store.taken).toEqual([]);
    });

    it('ends with its session, and with its coordinator', async () => {
      const digest = digestOfText('never');
      let asked = (): void => undefined;
      fleet.store.blob = () => {
        asked();
        return new Promise(() => undefined);
      };
      for (const end of [() => over.abort(), () => fleet.server.stop()]) {
        over = new AbortController();
        const reached = new Promise<void>((resolve) => (asked = resolve));
        const pulled = link.pull(session(), digest);
        pulled.catch(() => undefined);
        await reached;
        end();
        await expect(pulled).rejects.toMatchObject({ kind: 'unavailable' });
      }
    });
  },
);
