import { RandomSequence, RandomStream } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupScan, type GroupingOptions } from './grouping.ts';
import { NeighbourIndex } from './neighbours.ts';
import { faultOf } from './scan.test-support.ts';

/** Small whole coordinates make ties and coincident points common; the cluster makes density uneven. */
const positions = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.boolean()), {
    minLength: 1,
    maxLength: 60,
  })
  .map((points) => ({
    x: Float64Array.from(points, ([x, , far]) => (far ? 1000 * x : x / 8)),
    y: Float64Array.from(points, ([, y]) => y),
  }));

const defaults: GroupingOptions = {
  gridsize: 2,
  groupCount: 10,
  neighborCount: 6,
  seed: 3,
  sequential: false,
  enableOversampling: false,
  neighborPoolSize: null,
};

function scatter(n: number, seed = 1): { x: Float64Array; y: Float64Array } {
  const draws = new RandomSequence(new RandomStream(seed, 'scatter'));
  const axis = (): Float64Array => Float64Array.from({ length: n }, () => 100 * draws.uniform());
  return { x: axis(), y: axis() };
}

/** The oracle: sort all other points by distance, then index. */
function bruteForce(x: Float64Array, y: Float64Array, of: number, count: number): number[] {
  const distance = (i: number): number => (x[i] - x[of]) ** 2 + (y[i] - y[of]) ** 2;
  return [...x.keys()]
    .filter((i) => i !== of)
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, count);
}

function rows(groups: Int32Array, C: number): number[][] {
  return Array.from({ length: groups.length / C }, (_, g) => [...groups.subarray(g * C, (g + 1) * C)]);
}

describe('NeighbourIndex', () => {
  it('agrees with a brute-force search, ties and coincident points included', () => {
    fc.assert(
      fc.property(positions, fc.integer({ min: 1, max: 12 }), ({ x, y }, count) => {
        const index = new NeighbourIndex(x, y);
        for (let of = 0; of < x.length; of++)
          expect(index.nearest(of, count)).toEqual(bruteForce(x, y, of, count));
      }),
      { numRuns: 300 },
    );
  });
});

describe('groupScan', () => {
  it('takes seed points themselves at gridsize 1', () => {
    const { x, y } = scatter(30);
    const single = { ...defaults, gridsize: 1, groupCount: 12 };
    const drawn = [...groupScan(x, y, single)];
    expect(new Set(drawn).size).toBe(12);
    expect([...groupScan(x, y, { ...single, sequential: true })]).toEqual([...Array(12).keys()]);
    expect([...groupScan(x, y, { ...single, groupCount: 30 })]).toEqual([...Array(30).keys()]);
    const warnings: string[] = [];
    expect(groupScan(x, y, { ...single, groupCount: 31 }, (text) => warnings.push(text))).toHaveLength(30);
    expect(warnings).toEqual([expect.stringContaining('n_images: received 31, capped at the 30')]);
  });

  it('draws C different ones of the K nearest, never the seed point', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: 80 }),
        fc.nat(1000),
        fc.integer({ min: 4, max: 8 }),
        (n, seed, K) => {
          const { x, y } = scatter(n, seed);
          const options = { ...defaults, groupCount: n, neighborCount: K, seed };
          rows(groupScan(x, y, options), 4).forEach((group, point) => {
            const neighbours = bruteForce(x, y, point, K);
            expect(new Set(group).size).toBe(4);
            expect(group.every((member) => neighbours.includes(member))).toBe(true);
          });
        },
      ),
    );
  });

  it('lets the seed point in where the scan has no more than K points', () => {
    const { x, y } = scatter(4);
    const groups = rows(groupScan(x, y, { ...defaults, groupCount: 4, neighborCount: 4 }), 4);
    for (const group of groups) expect([...group].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });

  it('depends on the seed, not on where the scan lies or how it is scaled', () => {
    const { x, y } = scatter(50);
    const groups = groupScan(x, y, defaults);
    const moved = groupScan(
      x.map((v) => 2 * v),
      y.map((v) => 2 * v),
      defaults,
    );
    expect(moved).toEqual(groups);
    expect(groupScan(x, y, defaults)).toEqual(groups);
    expect(groupScan(x, y, { ...defaults, seed: 4 })).not.toEqual(groups);
  });

  it('ignores the seed when sequential, and adds groups without changing earlier ones', () => {
    const { x, y } = scatter(50);
    const sequential = { ...defaults, sequential: true };
    const long = groupScan(x, y, { ...sequential, groupCount: 40, seed: 99 });
    expect(groupScan(x, y, sequential)).toEqual(long.subarray(0, 40));
  });

  it('oversamples with different subsets of neighbourhoods', () => {
    const { x, y } = scatter(20);
    const options = { ...defaults, groupCount: 100, neighborCount: 7, enableOversampling: true };
    const groups = rows(groupScan(x, y, options), 4);
    expect(groups).toHaveLength(100);
    const neighbourhoods = [...x.keys()].map((point) => bruteForce(x, y, point, 7));
    for (const group of groups) {
      expect(new Set(group).size).toBe(4);
      // Subsets keep the order of their neighbourhood.
      expect(
        neighbourhoods.some((all) => {
          const places = group.map((member) => all.indexOf(member));
          return places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]));
        }),
      ).toBe(true);
    }
  });

  it('draws every subset once when the pool is just large enough, and repeats with a warning when it is not', () => {
    const { x, y } = scatter(6);
    const warnings: string[] = [];
    const options = { ...defaults, neighborCount: 5, enableOversampling: true };
    // Six points, five neighbours each: 6 · C(5,4) = 30 subsets, all of different seeds' neighbourhoods.
    const all = rows(
      groupScan(x, y, { ...options, groupCount: 30 }, (text) => warnings.push(text)),
      4,
    );
    const expected = [...x.keys()].flatMap((point) => {
      const near = bruteForce(x, y, point, 5);
      return near.map((skipped) => near.filter((member) => member !== skipped).join());
    });
    expect(all.map((group) => group.join()).sort()).toEqual(expected.sort());
    expect(warnings).toEqual([]);
    expect(groupScan(x, y, { ...options, groupCount: 31 }, (text) => warnings.push(text))).toHaveLength(124);
    expect(warnings).toEqual([expect.stringContaining('only 30 subsets')]);
  });

  it.each([
    ['too few points', 3, {}, 'gridsize', /at most 1 for a scan of 3 points/],
    ['K below C', 50, { neighborCount: 3 }, 'neighbor_count', /received 3, expected at least 4/],
    ['more groups than points', 8, { groupCount: 9 }, 'n_images', /at most 8.*set enable_oversampling/],
    [
      'a pool below C',
      8,
      { groupCount: 9, enableOversampling: true, neighborPoolSize: 3 },
      'neighbor_pool_size',
      /received 3, expected at least 4/,
    ],
    ['no groups', 8, { groupCount: 0 }, 'n_images', /from 1 up/],
    ['a broken grid', 8, { gridsize: 1.5 }, 'gridsize', /whole number/],
  ])('refuses %s', (_, n, changes, field, message) => {
    const { x, y } = scatter(n);
    const fault = faultOf(() => groupScan(x, y, { ...defaults, groupCount: Math.min(5, n), ...changes }));
    expect(fault.details.field).toBe(field);
    expect(fault.message).toMatch(message);
  });
});
