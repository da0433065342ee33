import { bytesOf } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSimulation, simulateScan, subsampleScan } from './index.ts';

const scan = simulateScan({ ...defaultSimulation, scan: { ...defaultSimulation.scan, count: 12 } });

describe('subsampleScan', () => {
  it('keeps different patterns in file order, each with its own position', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 11 }), fc.nat(), (count, seed) => {
        const part = subsampleScan(scan, count, seed);
        const places = [...part.x].map((x, i) =>
          scan.x.findIndex((other, j) => other === x && scan.y[j] === part.y[i]),
        );
        expect(part.n).toBe(count);
        expect([...new Set(places)].sort((a, b) => a - b)).toEqual(places);
        const area = scan.N * scan.N;
        places.forEach((place, i) => {
          const here = part.diffraction.subarray(i * area, (i + 1) * area);
          const there = scan.diffraction.subarray(place * area, (place + 1) * area);
          expect(Buffer.compare(bytesOf(here), bytesOf(there))).toBe(0);
        });
      }),
    );
  });

  it('is the whole scan when nothing is to be left out', () => {
    expect(subsampleScan(scan, null, 1)).toBe(scan);
    expect(subsampleScan(scan, 12, 1)).toBe(scan);
  });
});
