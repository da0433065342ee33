// Memory of one worker's engine over many steps:
//   npm run bench:memory [-- --steps 2000 --N 64 --width 1 --gridsize 1 --groups 1 --attention on]
// Ends with exit code 1 when tensors pile up or resident memory keeps growing.
import { parseArgs } from 'node:util';
import { configureRuntime, createEngine, tensorCount } from '@ptychofleet/compute';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import { defaultSimulation, prepareScan, simulateScan } from '@ptychofleet/data';
import { initialWeights } from '@ptychofleet/model';
import { createOptimizer, divideByCount } from '@ptychofleet/params';

const options = Object.fromEntries(
  ['steps', 'N', 'width', 'gridsize', 'groups', 'attention'].map((name) => [name, { type: 'string' }]),
);
const { values } = parseArgs({ options });
const steps = Number(values.steps ?? 2000);
const N = Number(values.N ?? 64);
const gridsize = Number(values.gridsize ?? 1);
const groups = Number(values.groups ?? 1);
const width = Number(values.width ?? 1);
const cbamEncoder = values.attention !== 'off';
const samples = 20;
if (!Number.isInteger(steps) || steps < 2 * samples) {
  console.error(`--steps: received ${values.steps}, expected a whole number of at least ${2 * samples}`);
  process.exit(2);
}

configureRuntime();
const C = gridsize ** 2;
const scan = simulateScan({
  ...defaultSimulation,
  N,
  object: { ...defaultSimulation.object, side: N + 60 },
  scan: { ...defaultSimulation.scan, margin: N / 2 + 10, count: 4 * C },
});
const model = modelSpecSchema.parse({
  N,
  gridsize,
  nFiltersScale: width,
  objectBig: gridsize > 1,
  cbamEncoder,
});
const members = Int32Array.from({ length: 4 * C }, (_, i) => i);
const prepared = prepareScan(scan, members, {
  gridsize,
  nphotons: 1e6,
  probeScale: model.probeScale,
  probeNormalization: 'target',
  targetAmplitude: 0.5,
});
const engine = createEngine(model, lossSpecSchema.parse({}), prepared);
const weights = initialWeights(engine.layout, { kind: 'he', seed: 1, amplitudeStart: 0.5 }, model);
const adam = createOptimizer(
  { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, momentum: 0 },
  engine.layout.size,
);

const rows = [];
const mebibyte = 2 ** 20;
const started = performance.now();
console.log(
  `${steps} steps of N=${N}, width ${width}, gridsize ${gridsize}, micro-batch ${groups}, ${engine.layout.size} parameters`,
);
console.log('   step   tensors   RSS MiB   heap MiB   loss per group');
for (let step = 1; step <= steps; step++) {
  const batch = { groupIndices: Int32Array.from({ length: groups }, (_, i) => (step + i) % 4) };
  engine.setWeights(weights);
  const { gradient, lossSum, groupCount } = engine.gradient(batch);
  divideByCount(gradient, groupCount);
  adam.step(weights, gradient, 1e-4);
  if (step % 50 === 0) {
    engine.loss(batch);
    engine.predict(batch, N / 2);
  }
  if (step % Math.floor(steps / samples) !== 0) continue;
  // What is garbage is no growth.
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  rows.push({ tensors: tensorCount(), rss });
  const cells = [String(step).padStart(7), String(tensorCount()).padStart(9), (rss / mebibyte).toFixed(1).padStart(9), (heapUsed / mebibyte).toFixed(1).padStart(10), (lossSum / groupCount).toFixed(1).padStart(16)]; // prettier-ignore
  console.log(cells.join(' '));
}
engine.dispose();

// The first quarter warms up: kernels choose their scratch buffers, the allocator its arenas.
const settled = rows.slice(rows.length / 4);
const half = settled.length / 2;
const mean = (list) => list.reduce((sum, { rss }) => sum + rss, 0) / list.length;
const growth = (mean(settled.slice(half)) - mean(settled.slice(0, half))) / mebibyte;
const spread =
  (Math.max(...settled.map(({ rss }) => rss)) - Math.min(...settled.map(({ rss }) => rss))) / mebibyte;
const tensorsFlat = new Set(settled.map(({ tensors }) => tensors)).size === 1;
const allowed = Math.max(8, (0.02 * mean(settled)) / mebibyte);
const flat = tensorsFlat && growth <= allowed;
console.log(
  `tensors ${tensorsFlat ? 'flat' : 'GROWING'}; resident memory ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB between the halves after warm-up ` +
    `(allowed ${allowed.toFixed(1)}, spread ${spread.toFixed(1)}); ${((performance.now() - started) / steps).toFixed(1)} ms a step: ${flat ? 'flat' : 'NOT FLAT'}`,
);
process.exitCode = flat ? 0 : 1;
