import { assert } from '@ptychofleet/base';
import type { PatchStack } from './patches.ts';

/** Two overlapping patches and Σ O_first · conj(O_second) over what they share. */
interface Overlap {
  readonly first: number;
  readonly second: number;
  readonly re: number;
  readonly im: number;
}

/** Unit factors, one for each patch: `re + i·im` of modulus 1. */
export interface PatchPhases {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Patches whose shared part is narrower than this share of their side say too little. */
const smallestShare = 0.25;
/** Turns below this are rounding. */
const turnMin = 1e-9;
const roundsMax = 30;

/**
 * The factors of modulus 1 under which overlapping patches agree best: they maximise
 * Σ over pairs of Re(c_i · conj(c_j) · ⟨O_j, O_i⟩).
 *
 * A diffraction pattern fixes its exit wave up to one global phase, so a network that learns from patterns alone is free
 * to choose that phase for every patch, and stitching what does not agree loses the slow part of the phase
 * (docs/fidelity.md). Two positions that overlap fix it, up to one phase for the whole scan, which stays as it was.
 *
 * Only + − × ÷ √ in a fixed order, so equal patches give equal bits. Nothing is changed where patches do not overlap.
 *
 * @param patches (n, side, side) complex. @param positions (n, 2) x, y in pixels.
 * @param neighboursOf the patches near a patch, nearest first; pairs that do not overlap are left out.
 */
export function consistentPhases(
  patches: PatchStack,
  positions: Float64Array,
  neighboursOf: (patch: number) => readonly number[],
): PatchPhases {
  const n = patches.count;
  assert(2 * n === positions.length, `${n} patches, ${positions.length / 2} positions`);
  const overlaps = overlapsOf(patches, positions, neighboursOf);
  const { phases, partOf } = alongStrongestPairs(n, overlaps);
  refine(phases, overlaps);
  keepMeanPhase(phases, partOf);
  return phases;
}

/** Patch i times factor i, as new patches. */
export function turnPatches(patches: PatchStack, { re, im }: PatchPhases): PatchStack {
  const size = 2 * patches.side ** 2;
  const values = new Float32Array(patches.values.length);
  for (let i = 0; i < patches.count; i++) {
    for (let at = i * size; at < (i + 1) * size; at += 2) {
      const a = patches.values[at];
      const b = patches.values[at + 1];
      values[at] = a * re[i] - b * im[i];
      values[at + 1] = a * im[i] + b * re[i];
    }
  }
  return { ...patches, values };
}

function overlapsOf(
  patches: PatchStack,
  positions: Float64Array,
  neighboursOf: (patch: number) => readonly number[],
): Overlap[] {
  const overlaps: Overlap[] = [];
  const seen = new Set<number>();
  for (let i = 0; i < patches.count; i++) {
    for (const j of neighboursOf(i)) {
      const [first, second] = i < j ? [i, j] : [j, i];
      const key = first * patches.count + second;
      if (first === second || seen.has(key)) continue;
      seen.add(key);
      const overlap = product(patches, positions, first, second);
      if (overlap !== null && (overlap.re !== 0 || overlap.im !== 0)) overlaps.push(overlap);
    }
  }
  return overlaps;
}

/** The inner product of two patches on the pixels of the first, the second interpolated there bilinearly. */
function product(
  { side, values }: PatchStack,
  positions: Float64Array,
  first: number,
  second: number,
): Overlap | null {
  // Pixel (row, column) of the first lies at (row − dy, column − dx) of the second.
  const dx = positions[2 * second] - positions[2 * first];
  const dy = positions[2 * second + 1] - positions[2 * first + 1];
  const reach = (1 - smallestShare) * side;
  if (!(Math.abs(dx) <= reach && Math.abs(dy) <= reach)) return null;
  const shiftX = Math.floor(-dx);
  const shiftY = Math.floor(-dy);
  const [fx, fy] = [-dx - shiftX, -dy - shiftY];
  const shares = [(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx];
  const base = [first * side * side, second * side * side];
  let re = 0;
  let im = 0;
  for (let row = Math.max(0, -shiftY); row < Math.min(side, side - 1 - shiftY); row++) {
    for (let column = Math.max(0, -shiftX); column < Math.min(side, side - 1 - shiftX); column++) {
      const own = 2 * (base[0] + row * side + column);
      const other = 2 * (base[1] + (row + shiftY) * side + column + shiftX);
      let c = 0;
      let d = 0;
      for (let corner = 0; corner < 4; corner++) {
        const at = other + 2 * ((corner >> 1) * side + (corner & 1));
        c += shares[corner] * values[at];
        d += shares[corner] * values[at + 1];
      }
      const a = values[own];
      const b = values[own + 1];
      re += a * c + b * d;
      im += b * c - a * d;
    }
  }
  return { first, second, re, im };
}

/**
 * A first guess: from patch to patch along the pairs that share most (a maximum spanning forest, after Kruskal), and the
 * connected part that each patch belongs to.
 */
function alongStrongestPairs(
  n: number,
  overlaps: readonly Overlap[],
): { readonly phases: PatchPhases; readonly partOf: Int32Array } {
  const weight = ({ re, im }: Overlap) => re * re + im * im;
  const strongestFirst = overlaps
    .map((overlap, index) => ({ overlap, index }))
    .sort((a, b) => weight(b.overlap) - weight(a.overlap) || a.index - b.index);
  const phases = { re: new Float64Array(n).fill(1), im: new Float64Array(n) };
  const members = Array.from({ length: n }, (_, i) => [i]);
  const partOf = Int32Array.from({ length: n }, (_, i) => i);
  for (const { overlap } of strongestFirst) {
    const [a, b] = [partOf[overlap.first], partOf[overlap.second]];
    if (a === b) continue;
    // c_first · conj(c_second) · ⟨…⟩ shall be positive: the smaller tree turns.
    const { re, im } = turned(phases, overlap);
    const size = Math.sqrt(re * re + im * im);
    const [kept, moved, sign] = members[a].length >= members[b].length ? [a, b, 1] : [b, a, -1];
    for (const patch of members[moved]) {
      turn(phases, patch, re / size, (sign * im) / size);
      partOf[patch] = kept;
      members[kept].push(patch);
    }
    members[moved] = [];
  }
  return { phases, partOf };
}

/** c_first · conj(c_second) · Σ O_first · conj(O_second) */
function turned({ re, im }: PatchPhases, overlap: Overlap): { re: number; im: number } {
  const { first, second } = overlap;
  const c = re[first] * re[second] + im[first] * im[second];
  const s = im[first] * re[second] - re[first] * im[second];
  return { re: c * overlap.re - s * overlap.im, im: c * overlap.im + s * overlap.re };
}

function turn(phases: PatchPhases, patch: number, c: number, s: number): void {
  const re = phases.re[patch] * c - phases.im[patch] * s;
  const im = phases.re[patch] * s + phases.im[patch] * c;
  const size = Math.sqrt(re * re + im * im);
  phases.re[patch] = re / size;
  phases.im[patch] = im / size;
}

/** Newton steps on the angles; each solves the weighted graph Laplacian of the pairs. */
function refine(phases: PatchPhases, overlaps: readonly Overlap[]): void {
  const n = phases.re.length;
  const stiffness = new Float64Array(overlaps.length);
  const right = new Float64Array(n);
  for (let round = 0; round < roundsMax; round++) {
    right.fill(0);
    overlaps.forEach((overlap, pair) => {
      const { re, im } = turned(phases, overlap);
      // Pairs that point away from each other keep a little stiffness, so that every step goes downhill.
      stiffness[pair] = Math.max(re, 0.05 * Math.sqrt(re * re + im * im));
      right[overlap.first] -= im;
      right[overlap.second] += im;
    });
    const turns = solveLaplacian(n, overlaps, stiffness, right);
    let largest = 0;
    turns.forEach((angle, patch) => {
      const bounded = Math.min(1, Math.max(-1, angle));
      largest = Math.max(largest, Math.abs(bounded));
      const size = Math.sqrt(1 + bounded * bounded);
      turn(phases, patch, 1 / size, bounded / size);
    });
    if (largest < turnMin) return;
  }
}

/** Conjugate gradients, scaled by the diagonal; the free constant of every connected part stays 0. */
function solveLaplacian(
  n: number,
  overlaps: readonly Overlap[],
  stiffness: Float64Array,
  right: Float64Array,
): Float64Array {
  const diagonal = new Float64Array(n);
  overlaps.forEach(({ first, second }, pair) => {
    diagonal[first] += stiffness[pair];
    diagonal[second] += stiffness[pair];
  });
  const scaled = (v: Float64Array) => v.map((value, i) => (diagonal[i] > 0 ? value / diagonal[i] : 0));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const solution = new Float64Array(n);
  const residual = right.slice();
  let steered = scaled(residual);
  const direction = steered.slice();
  let rho = dot(residual, steered);
  const enough = 1e-24 * rho;
  const product = new Float64Array(n);
  for (let step = 0; step < 2 * n + 10 && rho > enough && rho > 0; step++) {
    product.fill(0);
    overlaps.forEach(({ first, second }, pair) => {
      const pull = stiffness[pair] * (direction[first] - direction[second]);
      product[first] += pull;
      product[second] -= pull;
    });
    const curvature = dot(direction, product);
    if (!(curvature > 0)) break;
    const length = rho / curvature;
    for (let i = 0; i < n; i++) {
      solution[i] += length * direction[i];
      residual[i] -= length * product[i];
    }
    steered = scaled(residual);
    const next = dot(residual, steered);
    for (let i = 0; i < n; i++) direction[i] = steered[i] + (next / rho) * direction[i];
    rho = next;
  }
  return solution;
}

/** One phase for every connected part is free: the mean factor of the part becomes 1 again. */
function keepMeanPhase(phases: PatchPhases, partOf: Int32Array): void {
  const n = phases.re.length;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    re[partOf[i]] += phases.re[i];
    im[partOf[i]] += phases.im[i];
  }
  for (let i = 0; i < n; i++) {
    const part = partOf[i];
    const size = Math.sqrt(re[part] * re[part] + im[part] * im[part]);
    if (size > 0) turn(phases, i, re[part] / size, -im[part] / size);
  }
}
