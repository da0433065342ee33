// Gradients of one micro-batch on the device that TensorFlow sees, as JSON on the last line:
//   node tests/gpu/gradients.mjs --width 2 --gridsize 1 --groups 16 --repeats 20 [--write FILE]
// CUDA_VISIBLE_DEVICES=-1 makes it the CPU. `--write` keeps the gradient (float32), for a comparison of devices.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { configureRuntime, createEngine, numericsClass } from '@ptychofleet/compute';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import { defaultSimulation, prepareScan, simulateScan } from '@ptychofleet/data';
import { initialWeights } from '@ptychofleet/model';

const options = Object.fromEntries(
  ['width', 'gridsize', 'groups', 'repeats', 'write'].map((name) => [name, { type: 'string' }]),
);
const { values } = parseArgs({ options });
const [width, gridsize, groups, repeats] = ['width', 'gridsize', 'groups', 'repeats'].map((name) =>
  Number(values[name] ?? 1),
);
configureRuntime();
const N = 64;
const count = groups * gridsize ** 2;
const scan = simulateScan({
  ...defaultSimulation,
  N,
  object: { ...defaultSimulation.object, side: N + 60 },
  scan: { ...defaultSimulation.scan, margin: N / 2 + 10, count },
});
const model = modelSpecSchema.parse({ N, gridsize, nFiltersScale: width, objectBig: gridsize > 1 });
const prepared = prepareScan(
  scan,
  Int32Array.from({ length: count }, (_, i) => i),
  {
    gridsize,
    nphotons: 1e6,
    probeScale: model.probeScale,
    probeNormalization: 'target',
    targetAmplitude: 1,
  },
);
const batch = { groupIndices: Int32Array.from({ length: groups }, (_, i) => i) };
const digests = new Set();
const milliseconds = [];
let result;
// Two engines, so that what an engine keeps cannot be what makes the answers equal.
for (let life = 0; life < 2; life++) {
  const engine = createEngine(model, lossSpecSchema.parse({}), prepared);
  const weights = initialWeights(engine.layout, { kind: 'he', seed: 1, amplitudeStart: 1 }, model);
  for (let repeat = 0; repeat <= repeats; repeat++) {
    engine.setWeights(weights);
    const started = performance.now();
    result = engine.gradient(batch);
    // The first one of an engine warms it up.
    if (repeat > 0) milliseconds.push(performance.now() - started);
    digests.add(crypto.createHash('sha256').update(result.gradient).digest('hex'));
  }
  engine.dispose();
}
if (values.write !== undefined) fs.writeFileSync(values.write, result.gradient);
milliseconds.sort((a, b) => a - b);
const { device, tensorflow } = numericsClass();
console.log(
  JSON.stringify({
    device,
    tensorflow,
    width,
    gridsize,
    groups,
    loss: result.lossSum,
    digests: [...digests],
    medianMs: milliseconds[Math.floor(milliseconds.length / 2)],
    leastMs: milliseconds[0],
  }),
);
