// What the network of a bundle says about the first groups of a scan: object patches as they are before any stitching,
// for comparing them with another implementation. `ptychofleet infer` is the way to a reconstruction.
//
//   node tools/torch/predict-patches.mjs out/s/wts.h5.zip scan.npz patches.npz [GROUPS]
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Fault, invalidInput } from '@ptychofleet/base';
import { readBundle } from '@ptychofleet/bundle';
import { configureRuntime, createEngine } from '@ptychofleet/compute';
import { lossSpecSchema } from '@ptychofleet/config';
import { decodeScan, groupScan, prepareScan, writeNpz } from '@ptychofleet/data';
import { writeFileAtomic } from '@ptychofleet/store';

const defaultGroupCount = 16;

/**
 * `patches` complex64 (B, C, N, N), the network's own output in its own units; `groups` int32 (G, C), the members of all
 * groups of the scan: the first B of them are predicted, all of them fix the normalisation.
 */
export async function predictPatches(bundleFile, scanFile, groupCount) {
  const { model, weights, params, scaling } = await readBundle(await readFile(bundleFile));
  const scan = decodeScan(await readFile(scanFile), basename(scanFile));
  if (scan.N !== model.N) throw invalidInput(scanFile, `patterns of side ${scan.N}`, `side ${model.N}`);
  const C = model.gridsize ** 2;
  const groups = groupScan(scan.x, scan.y, {
    gridsize: model.gridsize,
    groupCount: scan.n,
    neighborCount: Math.max(4, C),
    seed: 42,
    sequential: true,
    enableOversampling: false,
    neighborPoolSize: null,
  });
  const prepared = prepareScan(scan, groups, {
    gridsize: model.gridsize,
    nphotons: params.nphotons,
    probeScale: model.probeScale,
    probeNormalization: 'none',
    targetAmplitude: 1,
    scales: { probeFactor: scaling.probe_factor },
  });
  const count = Math.min(groupCount, prepared.groupCount);
  configureRuntime();
  const engine = createEngine(model, lossSpecSchema.parse({}), prepared);
  engine.setWeights(weights);
  const patches = engine.predict({ groupIndices: Int32Array.from({ length: count }, (_, i) => i) }, model.N);
  engine.dispose();
  return [
    ['patches', { dtype: 'complex64', shape: [count, C, model.N, model.N], data: patches }],
    ['groups', { dtype: 'int32', shape: [groups.length / C, C], data: groups }],
  ];
}

async function main([bundleFile, scanFile, target, groupText = String(defaultGroupCount), ...rest]) {
  const groupCount = Number(groupText);
  if (target === undefined || rest.length > 0) {
    throw invalidInput('arguments', process.argv.slice(2).join(' ') || 'none', 'BUNDLE SCAN TARGET [GROUPS]');
  }
  if (!Number.isInteger(groupCount) || groupCount < 1)
    throw invalidInput('GROUPS', groupText, 'a positive integer');
  const arrays = await predictPatches(bundleFile, scanFile, groupCount);
  await writeFileAtomic(target, writeNpz(arrays));
  console.log(`wrote ${target}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2)).catch((error) => {
    if (!(error instanceof Fault) && error.code !== 'ENOENT') throw error;
    process.stderr.write(`predict-patches: ${error.message}\n`);
    process.exitCode = 2;
  });
}
