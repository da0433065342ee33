import { readFileSync } from 'node:fs';
import { bytesOf, digestOf, RandomSequence, RandomStream, type Digest } from '@ptychofleet/base';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import { initialWeights } from '@ptychofleet/model';
import { createEngine } from './engine.ts';
import { numericsClass, type NumericsClass } from './runtime.ts';
import type { ScanTensors } from './scan-tensors.ts';

/**
 * What a worker shows when it joins: a gradient that it has computed, and what it says about itself. Equal passports compute
 * equal bits; the name of the processor is for people and not compared.
 */
export interface NumericsPassport extends NumericsClass {
  /** Widest instruction set for float32 that the processor has. */
  readonly instructions: string;
  /** Digest of loss and gradient of the probe micro-batch. */
  readonly probe: Digest;
}

const groups = 2;

/** Computes the probe micro-batch, with the engine and the settings that any task would be computed with. */
export function numericsPassport(): NumericsPassport {
  const model = modelSpecSchema.parse({ N: 64, gridsize: 1, nFiltersScale: 1, maxNeighborDistance: 3 });
  const engine = createEngine(model, lossSpecSchema.parse({}), probeScan(model.N));
  try {
    engine.setWeights(initialWeights(engine.layout, { kind: 'torch', seed: 1 }, model));
    const { gradient, lossSum } = engine.gradient({
      groupIndices: Int32Array.from({ length: groups }, (_, i) => i),
    });
    const probe = digestOf(bytesOf(gradient), bytesOf(Float64Array.of(lossSum)));
    return { ...numericsClass(), instructions: instructionSet(), probe };
  } finally {
    engine.dispose();
  }
}

/** Patterns under a probe, both noise from the counter-based generator: the same bytes everywhere. */
function probeScan(N: number): ScanTensors {
  const draw = new RandomSequence(new RandomStream(1, 'numerics-passport'));
  const centred = (length: number): Float32Array => Float32Array.from({ length }, () => draw.uniform() - 0.5);
  return {
    N,
    C: 1,
    groupCount: groups,
    modes: 1,
    patterns: Float32Array.from({ length: groups * N * N }, () => 0.2 + draw.uniform()),
    groups: Int32Array.from({ length: groups }, (_, i) => i),
    relative: new Float32Array(2 * groups),
    probeRe: centred(N * N),
    probeIm: centred(N * N),
    scales: { physics: 20, meanAmplitude: 0.7 },
    lossConstant: new Float64Array(groups),
  };
}

const widestFirst = ['avx512f', 'avx2', 'avx', 'sse4_2', 'asimd'];

function instructionSet(): string {
  let flags: string;
  try {
    flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return 'unknown';
  }
  const known = new Set(flags.split(' '));
  return widestFirst.find((name) => known.has(name)) ?? 'unknown';
}
