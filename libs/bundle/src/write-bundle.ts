import { assert, digestOf, Fault, hexOf } from '@ptychofleet/base';
import { packArchive } from './archive.ts';
import {
  bundleBackend,
  bundleFormat,
  bundleVersion,
  entries,
  scalingSchema,
  servedModel,
  trainedModel,
  type Bundle,
} from './bundle.ts';
import { canonicalJson } from './canonical-json.ts';
import { writeWeightsFile } from './weights-file.ts';

/**
 * A `wts.h5.zip` (bundle spec §9) whose bytes depend on `bundle` alone, never on time, place or machine.
 * @throws Fault run-failed when a weight is not finite.
 */
export async function writeBundle(bundle: Bundle): Promise<Uint8Array> {
  const { model, layout, weights, params, scaling, provenance } = bundle;
  const intensityScale = params.intensity_scale;
  assert(typeof intensityScale === 'number', 'params need a number intensity_scale');
  assert(params.N === model.N && params.gridsize === model.gridsize, 'params and model must agree');
  assertFinite(bundle);

  const tensors = layout.tensors.map(({ name, shape, fanIn, fanOut, role }) => ({
    name,
    shape,
    fanIn,
    fanOut,
    role,
  }));
  const files = new Map<string, Uint8Array>([
    [entries.weights, await writeWeightsFile(layout, weights, intensityScale)],
    [entries.model, canonicalJson({ model, tensors, layout_digest: layout.digest })],
    [entries.params, canonicalJson(params)],
    [entries.scaling, canonicalJson({ ...scaling, schema_version: scalingSchema })],
    [entries.provenance, canonicalJson(provenance)],
  ]);
  const manifest = canonicalJson({
    format: bundleFormat,
    version: bundleVersion,
    backend: bundleBackend,
    models: [trainedModel, servedModel],
    same_as: { [trainedModel]: servedModel },
    files: [...files].map(([path, bytes]) => ({
      path,
      bytes: bytes.byteLength,
      sha256: hexOf(digestOf(bytes)),
    })),
  });
  return packArchive(new Map([[entries.manifest, manifest], ...files]));
}

function assertFinite({ layout, weights }: Bundle): void {
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const tensor = layout.tensors.find(({ offset, size }) => bad >= offset && bad < offset + size);
  throw new Fault(
    'run-failed',
    `weights: received ${weights[bad]} in ${tensor?.name}, expected finite values; lower the learning rate or clip gradients`,
    { field: 'weights', received: String(weights[bad]), expected: 'finite values' },
  );
}
