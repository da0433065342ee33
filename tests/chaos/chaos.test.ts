import { createServer, connect, type AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bench } from '../e2e/processes.test-support.ts';
import { simulateScan } from '../e2e/runs.test-support.ts';
import { chaos } from './chaos.ts';
import { Proxy } from './proxy.ts';
import { reportOf } from './report.ts';
import { chaosKinds, chaosText, drawChaos } from './schedule.ts';

const bench = new Bench();

describe('a schedule of faults', () => {
  it('is the same for the same seed, lasts as long as it should and holds every kind', () => {
    const faults = drawChaos(3, 3, 600_000, 5000, chaosKinds);
    expect(drawChaos(3, 3, 600_000, 5000, chaosKinds)).toEqual(faults);
    expect(drawChaos(4, 3, 600_000, 5000, chaosKinds)).not.toEqual(faults);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(chaosKinds));
    expect(faults.every(({ atMs }, i) => atMs < 600_000 && atMs > (faults[i - 1]?.atMs ?? 0))).toBe(true);
    expect(faults.length).toBeGreaterThan(100);
  });
});

describe('the line between a worker and its coordinator', () => {
  it('gives on every byte in order, delayed and throttled, and breaks when it is cut', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const proxy = await Proxy.open(() => (echo.address() as AddressInfo).port);
    const socket = connect(proxy.port, '127.0.0.1');
    const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
    const received: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        received.push(bytes);
        if (received.reduce((sum, part) => sum + part.length, 0) === sent.length) resolve();
      });
    });
    proxy.delayMs = 3;
    proxy.bytesPerSecond = 20_000_000;
    socket.write(sent);
    await all;
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    expect(proxy.cut()).toBe(1);
    await closed;
    proxy.close();
    echo.close();
  });
});

describe('a fleet of real processes under faults', () => {
  let scanFile = '';
  beforeAll(async () => {
    scanFile = await simulateScan(bench, 16);
  });

  it('ends every run with the bytes of the calm run', async () => {
    const durationMs = 20_000;
    const faults = drawChaos(2, 2, durationMs, 2500, chaosKinds);
    const say = (line: string): void => console.info(line);
    say(`schedule: ${faults.map(chaosText).join(' ')}`);
    const outcome = await chaos({
      scanFile,
      folder: bench.path('chaos'),
      workers: 2,
      overrides: { gridsize: 1, nFiltersScale: 1, batchSize: 8, virtualShards: 8, nGroups: 16, epochs: 6 },
      durationMs,
      faults,
      say,
    });
    reportOf(outcome).forEach(say);
    expect(outcome.calm).toMatch(/^sha256:/);
    expect(new Set(outcome.digests)).toEqual(new Set([outcome.calm]));
    expect(outcome.struck.length).toBeGreaterThan(2);
  }, 300_000);
});
