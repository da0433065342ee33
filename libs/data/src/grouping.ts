import { assert, Fault, invalidInput, RandomSequence, RandomStream } from '@ptychofleet/base';
import { NeighbourIndex } from './neighbours.ts';

/** How scan positions become groups of C = gridsize² channels (data spec §5, §7). */
export interface GroupingOptions {
  readonly gridsize: number;
  /** Groups wanted (`n_groups`, formerly `n_images`). */
  readonly groupCount: number;
  /** Neighbours K considered for each seed point, itself left out. */
  readonly neighborCount: number;
  readonly seed: number;
  /** Take the first points as seed points, in order, and draw as seed 0 does. */
  readonly sequential: boolean;
  /** Allow more groups than points by taking several subsets of each neighbourhood. */
  readonly enableOversampling: boolean;
  /** Neighbours considered when oversampling; K when null. */
  readonly neighborPoolSize: number | null;
}

/**
 * Draws groups of neighbouring scan positions: sample seed points, then draw C of the K nearest neighbours of each.
 * A seed point is no member of its own group unless there are at most K points (data spec §7).
 * @param x,y (n) finite positions, object pixels.
 * @param warn receives a sentence when fewer or repeated groups are returned.
 * @returns (G, C) point indices, row-major; G = groupCount unless gridsize 1 caps it at n.
 * @throws Fault naming `gridsize`, `n_images`, `neighbor_count` or `neighbor_pool_size`.
 */
export function groupScan(
  x: Float64Array,
  y: Float64Array,
  options: GroupingOptions,
  warn: (sentence: string) => void = () => {},
): Int32Array {
  const n = x.length;
  const { groupCount, gridsize } = options;
  requirePositive('gridsize', gridsize);
  requirePositive('n_images', groupCount);
  const seed = options.sequential ? 0 : options.seed;
  const channels = gridsize * gridsize;
  if (channels === 1) {
    if (groupCount > n) {
      warn(`n_images: received ${groupCount}, capped at the ${n} scan points because gridsize is 1`);
    }
    return seedPoints(n, Math.min(groupCount, n), options.sequential, seed);
  }
  requirePositive('neighbor_count', options.neighborCount);
  if (n < channels) {
    throw invalidInput('gridsize', gridsize, `at most ${Math.floor(Math.sqrt(n))} for a scan of ${n} points`);
  }
  if (groupCount > n) return oversampledGroups(x, y, channels, options, seed, warn);
  if (options.neighborCount < channels) {
    throw invalidInput(
      'neighbor_count',
      options.neighborCount,
      `at least ${channels}, the positions of a group at gridsize ${gridsize}`,
    );
  }
  const index = new NeighbourIndex(x, y);
  const groups = new Int32Array(groupCount * channels);
  const members = new RandomStream(seed, 'grouping/members');
  seedPoints(n, groupCount, options.sequential, seed).forEach((point, group) => {
    const neighbours = candidates(index, point, n, options.neighborCount);
    // One lane per group: a group's draw depends on nothing but the seed and its number.
    const drawn = new RandomSequence(members, group).sample(channels, neighbours.length);
    drawn.forEach((place, channel) => (groups[group * channels + channel] = neighbours[place]));
  });
  return groups;
}

function seedPoints(n: number, count: number, sequential: boolean, seed: number): Int32Array {
  if (sequential || count >= n) return Int32Array.from({ length: count }, (_, i) => i);
  return new RandomSequence(new RandomStream(seed, 'grouping/seeds')).sample(count, n);
}

/** The K nearest; where the scan has no more than K points, all of them with the seed point first. */
function candidates(index: NeighbourIndex, point: number, n: number, count: number): number[] {
  const nearest = index.nearest(point, count);
  return n <= count ? [point, ...nearest] : nearest;
}

/** The "K choose C" route (data spec §7). */
function oversampledGroups(
  x: Float64Array,
  y: Float64Array,
  channels: number,
  options: GroupingOptions,
  seed: number,
  warn: (sentence: string) => void,
): Int32Array {
  const n = x.length;
  const { groupCount } = options;
  if (!options.enableOversampling) {
    throw invalidInput(
      'n_images',
      groupCount,
      `at most ${n}, the points of the scan, at gridsize ${options.gridsize}`,
      'ask for fewer groups or set enable_oversampling',
    );
  }
  const poolField = options.neighborPoolSize === null ? 'neighbor_count' : 'neighbor_pool_size';
  const poolSize = options.neighborPoolSize ?? options.neighborCount;
  requirePositive(poolField, poolSize);
  if (poolSize < channels) {
    throw invalidInput(
      poolField,
      poolSize,
      `at least ${channels}, the positions of a group at this gridsize`,
    );
  }
  const perSeed = binomial(poolSize, channels);
  const seedCount = Math.min(2 * Math.ceil(groupCount / perSeed), n);
  const index = new NeighbourIndex(x, y);
  const pool: number[][] = [];
  for (const point of seedPoints(n, seedCount, options.sequential, seed)) {
    for (const places of combinations(candidates(index, point, n, poolSize), channels)) {
      if (pool.length >= 2 * groupCount) break;
      pool.push(places);
    }
  }
  assert(pool.length > 0, 'a neighbourhood of at least C points has a subset of C');
  const draws = new RandomSequence(new RandomStream(seed, 'grouping/pool'));
  const repeated = pool.length < groupCount;
  if (repeated) {
    warn(`n_images: received ${groupCount}, but only ${pool.length} subsets were found, so groups repeat`);
  }
  const chosen = repeated
    ? Int32Array.from({ length: groupCount }, () => draws.integer(pool.length))
    : draws.sample(groupCount, pool.length);
  const groups = new Int32Array(groupCount * channels);
  chosen.forEach((place, group) => groups.set(pool[place], group * channels));
  return groups;
}

/** All subsets of `size` items in lexicographic order of their places. */
function* combinations(items: readonly number[], size: number): Generator<number[]> {
  const places = Array.from({ length: size }, (_, i) => i);
  for (;;) {
    yield places.map((place) => items[place]);
    let last = size - 1;
    while (last >= 0 && places[last] === items.length - size + last) last--;
    if (last < 0) return;
    places[last]++;
    for (let i = last + 1; i < size; i++) places[i] = places[i - 1] + 1;
  }
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
}

function requirePositive(field: string, value: number): asserts value is number {
  if (!Number.isSafeInteger(value) || value < 1) throw invalidInput(field, value, 'a whole number from 1 up');
}

/** Checks that groups hold `channels` points each and that every index lies in [0, n). */
export function requireGroups(groups: Int32Array, channels: number, n: number): void {
  if (groups.length === 0 || groups.length % channels !== 0) {
    throw new Fault(
      'invalid-input',
      `groups: received ${groups.length} indices, expected a multiple of ${channels}`,
      {
        field: 'groups',
      },
    );
  }
  const stray = groups.find((point) => point < 0 || point >= n);
  if (stray !== undefined) throw invalidInput('groups', stray, `point indices from 0 to ${n - 1}`);
}
