import { assert } from '@ptychofleet/base';
import KDBush from 'kdbush';

/** Exact k-nearest-neighbour search among scan positions; ties in distance go to the smaller index. */
export class NeighbourIndex {
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #tree: KDBush;
  /** First guess of the search radius: the last answer's, because scans are evenly dense. Never changes a result. */
  #radius: number;

  constructor(x: Float64Array, y: Float64Array) {
    assert(x.length > 0 && x.length === y.length, 'positions need one x and one y each');
    this.#x = x;
    this.#y = y;
    this.#tree = new KDBush(x.length);
    let [minX, maxX, minY, maxY] = [x[0], x[0], y[0], y[0]];
    for (let i = 0; i < x.length; i++) {
      this.#tree.add(x[i], y[i]);
      minX = Math.min(minX, x[i]);
      maxX = Math.max(maxX, x[i]);
      minY = Math.min(minY, y[i]);
      maxY = Math.max(maxY, y[i]);
    }
    this.#tree.finish();
    const extent = Math.max(maxX - minX, maxY - minY);
    this.#radius = extent > 0 ? extent / Math.sqrt(x.length) : 1;
  }

  /** The `count` points nearest to point `of`, itself left out, nearest first. All others if there are fewer. */
  nearest(of: number, count: number): number[] {
    const wanted = Math.min(count, this.#x.length - 1);
    if (wanted === 0) return [];
    let found: number[];
    // A disk that holds enough points holds the nearest ones with all their ties.
    for (let radius = this.#radius; ; radius *= 1.5) {
      found = this.#tree.within(this.#x[of], this.#y[of], radius);
      if (found.length > wanted) break;
    }
    const others = found
      .filter((point) => point !== of)
      .map((point) => ({ point, d: this.#squaredDistance(of, point) }));
    others.sort((a, b) => a.d - b.d || a.point - b.point);
    const radius = 1.1 * Math.sqrt(others[wanted - 1].d);
    if (radius > 0) this.#radius = radius;
    return others.slice(0, wanted).map(({ point }) => point);
  }

  #squaredDistance(a: number, b: number): number {
    return (this.#x[a] - this.#x[b]) ** 2 + (this.#y[a] - this.#y[b]) ** 2;
  }
}
