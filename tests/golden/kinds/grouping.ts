import { NeighbourIndex } from '../../../libs/data/src/neighbours.ts';
import { relativeOffsets } from '../../../libs/data/src/prepare.ts';
import { prepare } from '../bare-scan.ts';
import type { Checks } from '../comparison.ts';
import type { GoldenFile } from '../golden-file.ts';
import type { GoldenKind } from '../kind.ts';
import { tolerances } from '../tolerances.ts';

/** Neighbours of scan positions, groups and what follows from a group (training spec §3). */
export const grouping: GoldenKind = {
  name: 'grouping',
  signature: 'x_f64 and y_f64',
  matches: (file) => file.has('x_f64', 'y_f64'),
  check(file, checks) {
    const x = file.numbers('x_f64');
    const y = file.numbers('y_f64');
    const index = new NeighbourIndex(x, y);
    for (const [K] of file.captures(/^tree_query_K(\d+)_plus_self$/)) {
      const found = [...x.keys()].flatMap((point) => [point, ...index.nearest(point, Number(K))]);
      checks.array(`tree_query_K${K}_plus_self`, found, tolerances.whole);
    }
    for (const [tag] of file.captures(/^(.+)_coords_offsets$/)) checkGroups(file, checks, tag, x, y);
    if (file.has('torch_nn_indices')) checkBounded(file, checks, x, y);
  },
};

/** Our draws are other ones, so the file's groups are taken: whether we could draw them, and what follows from them. */
function checkGroups(file: GoldenFile, checks: Checks, tag: string, x: Float64Array, y: Float64Array): void {
  const indices = file.integers(`${tag}_nn_indices`);
  const [G, C] = file.shapeOf(`${tag}_nn_indices`, 2);
  const K = file.scalar(`${tag}_K`);
  file.setAside(`${tag}_nsamples`, `${tag}_seed`);
  const index = new NeighbourIndex(x, y);
  const candidates = [...x.keys()].map((point) => new Set(C === 1 ? [point] : index.nearest(point, K)));
  const possible = Array.from({ length: G }, (_, g) => {
    const members = [...indices.subarray(g * C, (g + 1) * C)];
    const drawable = candidates.some((set) => members.every((member) => set.has(member)));
    return drawable && new Set(members).size === C ? 1 : 0;
  });
  checks.values(
    `${tag}_nn_indices: groups that we can draw`,
    possible,
    possible.map(() => 1),
    tolerances.whole,
  );

  const N = file.has('diff') ? file.shape('diff')[1] : 1;
  const diffraction = file.has('diff') ? file.f32('diff') : new Float32Array(x.length).fill(1);
  const prepared = prepare({ diffraction, N, x, y }, { gridsize: Math.sqrt(C) }, indices);
  const offsets = new Float64Array(2 * G);
  const relative = new Float64Array(2 * G * C);
  prepared.groups.forEach((point, place) => {
    const [g, c] = [Math.floor(place / C), place % C];
    for (const axis of [0, 1]) {
      const ours = prepared.relative[2 * place + axis];
      relative[(2 * g + axis) * C + c] = ours;
      offsets[2 * g + axis] = prepared.positions[2 * point + axis] + ours;
    }
  });
  checks.array(`${tag}_coords_offsets`, offsets, tolerances.coordinates);
  checks.array(`${tag}_coords_relative`, relative, tolerances.coordinates);
  for (const [owner, first] of file.captures(/^(.+)_X_full_first(\d+)$/)) {
    if (owner !== tag) continue;
    const key = `${tag}_X_full_first${first}`;
    const area = N * N;
    const ours = Float64Array.from(file.numbers(key), (_, at) => {
      const [pixel, c, group] = [Math.floor(at / C) % area, at % C, Math.floor(at / (area * C))];
      return prepared.patterns[prepared.groups[group * C + c] * area + pixel];
    });
    checks.array(key, ours, tolerances.forward);
  }
}

/** Groups of the directory route: points in the middle of the scan, drawn with the seed point among its neighbours. */
function checkBounded(file: GoldenFile, checks: Checks, x: Float64Array, y: Float64Array): void {
  const kept = file.integers('torch_valid_indices');
  const index = new NeighbourIndex(
    Float64Array.from(kept, (point) => x[point]),
    Float64Array.from(kept, (point) => y[point]),
  );
  const width = file.shapeOf('torch_bounded_neighbours', 2)[1];
  const found = [...kept.keys()].flatMap((point) => [point, ...index.nearest(point, width - 1)]);
  // The file counts neighbours among the kept points, groups among all.
  checks.array('torch_bounded_neighbours', found, tolerances.whole);

  const groups = file.integers('torch_nn_indices');
  const [G, C] = file.shapeOf('torch_nn_indices', 2);
  const centres = file.integers('torch_center_indices');
  const possible = Array.from({ length: G }, (_, g) => {
    const place = kept.indexOf(centres[g]);
    const near = new Set([place, ...index.nearest(place, width - 1)].map((at) => kept[at]));
    const members = [...groups.subarray(g * C, (g + 1) * C)];
    return members.every((member) => near.has(member)) && new Set(members).size === C ? 1 : 0;
  });
  checks.values(
    'torch_nn_indices: members among the neighbours',
    possible,
    possible.map(() => 1),
    tolerances.whole,
  );

  const positions = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1]);
  const relative = relativeOffsets(positions, groups, C);
  checks.array('torch_coords_relative', relative, tolerances.coordinates);
  const centre = Array.from({ length: 2 * G }, (_, i) => {
    const place = Math.floor(i / 2) * C;
    return positions[2 * groups[place] + (i % 2)] + relative[2 * place + (i % 2)];
  });
  checks.array('torch_coords_center', centre, tolerances.coordinates);
  checks.leave(['torch_np_seed'], 'groups are drawn from another generator');
}
