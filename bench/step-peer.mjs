// One side of the step bench: an engine that runs one micro-batch per line it reads.
//   node bench/step-peer.mjs '{"gridsize":1,"width":2,"groups":4,"file":"/tmp/inputs.npz"}'
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { configureRuntime, createEngine } from '@ptychofleet/compute';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import { defaultSimulation, prepareScan, simulateScan, writeNpz } from '@ptychofleet/data';
import { initialWeights } from '@ptychofleet/model';
import { letGo, markHeapInOneGo } from '@ptychofleet/wire';

const { gridsize, width, groups, file } = JSON.parse(process.argv[2]);
const N = 64;
const C = gridsize ** 2;
markHeapInOneGo();
configureRuntime({ intraOpThreads: 1 });
const scan = simulateScan({
  ...defaultSimulation,
  N,
  object: { ...defaultSimulation.object, side: N + 60 },
  scan: { ...defaultSimulation.scan, margin: N / 2 + 10, count: groups * C },
});
const model = modelSpecSchema.parse({ N, gridsize, nFiltersScale: width, objectBig: gridsize > 1 });
const prepared = prepareScan(
  scan,
  Int32Array.from({ length: groups * C }, (_, i) => i),
  {
    gridsize,
    nphotons: 1e6,
    probeScale: model.probeScale,
    probeNormalization: 'target',
    targetAmplitude: 0.5,
  },
);
const engine = createEngine(model, lossSpecSchema.parse({}), prepared);
const weights = initialWeights(engine.layout, { kind: 'he', seed: 1, amplitudeStart: 0.5 }, model);
const batch = { groupIndices: Int32Array.from({ length: groups }, (_, i) => i) };

if (file !== undefined) {
  const floats = (shape, data) => ({ dtype: 'float32', shape, data });
  const settings = new TextEncoder().encode(
    JSON.stringify({ model, physics: prepared.scales.physics, normaliser: prepared.scales.meanAmplitude }),
  );
  const entries = [
    ['settings', { dtype: 'uint8', shape: [settings.length], data: settings }],
    ['patterns', floats([groups, C, N, N], prepared.patterns)],
    ['relative', floats([groups, C, 2], prepared.relative)],
    ['probe_re', floats([N, N], prepared.probeRe.subarray(0, N * N))],
    ['probe_im', floats([N, N], prepared.probeIm.subarray(0, N * N))],
    ['constant', { dtype: 'float64', shape: [groups * C], data: prepared.lossConstant }],
    ...engine.layout.tensors.map(({ name, shape, offset, size }) => [
      `weights/${name}`,
      floats(shape, weights.subarray(offset, offset + size)),
    ]),
  ];
  writeFileSync(file, writeNpz(entries));
}

const doings = {
  // New weights each time, as in training.
  gradient() {
    engine.setWeights(weights);
    const { lossSum, gradient } = engine.gradient(batch);
    // As a worker does with what it has delivered.
    letGo(gradient);
    return lossSum;
  },
  predict() {
    engine.predict(batch, N);
    return 0;
  },
};

// What making the scan has left behind is no worker's memory.
globalThis.gc?.();
console.log('{"ready":true}');
for await (const line of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const loss = doings[line]();
  const ms = performance.now() - started;
  console.log(JSON.stringify({ ms, loss, peakMiB: process.resourceUsage().maxRSS / 1024 }));
}
