import { digestOf, Fault, messageOf } from '@ptychofleet/base';
import { modelSpecSchema, type ModelSpec } from '@ptychofleet/config';
import { networkTensors } from '@ptychofleet/model';
import { layoutOf, type ParameterLayout, type TensorSpec } from '@ptychofleet/params';
import { z } from 'zod';
import { unpackArchive } from './archive.ts';
import { bundleBackend, bundleFormat, entries, scalingSchema, servedModel, type Bundle } from './bundle.ts';
import type { JsonObject, JsonValue } from './canonical-json.ts';
import { readWeightsFile } from './weights-file.ts';

const manifestSchema = z.object({
  format: z.literal(bundleFormat),
  version: z.string().regex(/^\d+\.\d+$/),
  backend: z.string(),
  models: z.array(z.string()),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.number().int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

type Manifest = z.infer<typeof manifestSchema>;

const jsonObjectSchema = z.record(z.string(), z.json());
/** Required on load, and needed to know the shape of everything else (bundle spec §3). */
const paramsSchema = z.looseObject({ N: z.number().int(), gridsize: z.number().int() });
const scalingSchemaObject = z.looseObject({ schema_version: z.literal(scalingSchema) });
const modelFileSchema = z.object({
  model: modelSpecSchema,
  tensors: z.array(
    z.strictObject({
      name: z
        .string()
        .max(200)
        .regex(/^\w+(\.\w+)*$/),
      shape: z.array(
        z
          .number()
          .int()
          .min(1)
          .max(2 ** 30),
      ),
      fanIn: z.number(),
      fanOut: z.number(),
      role: z.enum(['kernel', 'bias', 'scalar']),
    }),
  ),
});

/**
 * Opens a `wts.h5.zip` in the order of bundle spec §9.4: zip, manifest, version and backend, checksums, params, scaling,
 * model, weights. Returns a whole bundle or throws; nothing outside is touched.
 * @param tensorsOf the tensors that a model must have; the list in model.json has to agree.
 * @throws Fault data-loss (damaged), failed-precondition (another backend, version or architecture), invalid-input (hostile).
 */
export async function readBundle(
  bytes: Uint8Array,
  tensorsOf: (model: ModelSpec) => readonly TensorSpec[] = networkTensors,
): Promise<Bundle> {
  const files = unpackArchive(bytes);
  refuseUpstream(files);
  const manifest = readManifest(files);
  verifyChecksums(files, manifest);

  const params = parse(files, entries.params, jsonObjectSchema);
  const { N, gridsize } = validate(entries.params, params, paramsSchema);
  const scaling = parse(files, entries.scaling, jsonObjectSchema);
  validate(entries.scaling, scaling, scalingSchemaObject);
  const provenance = parse(files, entries.provenance, jsonObjectSchema);

  const { model, tensors } = parse(files, entries.model, modelFileSchema);
  if (model.N !== N || model.gridsize !== gridsize) {
    throw precondition(
      entries.params,
      `N ${N} and gridsize ${gridsize}`,
      `N ${model.N} and gridsize ${model.gridsize} as in model.json`,
      'use the bundle as it was written',
    );
  }
  const layout = layoutFor(tensors, tensorsOf(model));
  const weights = await readWeightsFile(fileOf(files, entries.weights), layout);
  return { model, layout, weights, params, scaling: withoutSchema(scaling), provenance };
}

function refuseUpstream(files: ReadonlyMap<string, Uint8Array>): void {
  if (files.has(entries.manifest) || !files.has('manifest.dill')) return;
  const backend = files.has(`${servedModel}/model.pth`) ? 'pytorch' : 'tensorflow';
  throw precondition(
    'backend',
    `a bundle of the ${backend} backend`,
    `one of the ${bundleBackend} backend`,
    'train with ptychofleet, since pickled bundles are never opened',
  );
}

function readManifest(files: ReadonlyMap<string, Uint8Array>): Manifest {
  const manifest = parse(files, entries.manifest, manifestSchema);
  if (manifest.backend !== bundleBackend) {
    const received = `a bundle of the ${manifest.backend} backend`;
    throw precondition(
      'backend',
      received,
      `one of the ${bundleBackend} backend`,
      'load it with the backend that wrote it',
    );
  }
  if (!manifest.version.startsWith('1.')) {
    throw precondition(
      'version',
      manifest.version,
      '1.x',
      'load it with the release of PtychoFleet that wrote it',
    );
  }
  if (!manifest.models.includes(servedModel)) {
    throw damaged(
      entries.manifest,
      `models ${manifest.models.join(', ') || 'none'}`,
      `${servedModel} among them`,
    );
  }
  return manifest;
}

/** The manifest and the archive list the same files, and each has the bytes that the manifest names. */
function verifyChecksums(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest): void {
  const listed = new Set(manifest.files.map(({ path }) => path));
  for (const path of files.keys()) {
    if (path !== entries.manifest && !listed.has(path)) {
      throw damaged(path, 'an entry that the manifest does not list', 'listed entries alone');
    }
  }
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = fileOf(files, path);
    const digest = digestOf(file);
    if (file.byteLength !== bytes || digest !== `sha256:${sha256}`) {
      throw damaged(path, `${file.byteLength} bytes with ${digest}`, `${bytes} bytes with sha256:${sha256}`);
    }
  }
}

function layoutFor(listed: readonly TensorSpec[], expected: readonly TensorSpec[]): ParameterLayout {
  if (new Set(listed.map(({ name }) => name)).size !== listed.length) {
    throw damaged(entries.model, 'a tensor name twice', 'each name once');
  }
  const layout = layoutOf(expected);
  if (layout.digest === layoutOf(listed).digest) return layout;
  const describe = (tensor: TensorSpec | undefined): string =>
    tensor === undefined ? 'none' : `${tensor.name} (${tensor.shape.join(', ')})`;
  const length = Math.max(listed.length, expected.length);
  const first =
    Array.from({ length }, (_, i) => i).find((i) => describe(listed[i]) !== describe(expected[i])) ?? 0;
  throw precondition(
    entries.model,
    `another architecture, whose tensor ${first} is ${describe(listed[first])}`,
    `${describe(expected[first])} for this model`,
    'train the model again, there is no lenient loading',
  );
}

function withoutSchema(scaling: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(scaling).filter(([key]) => key !== 'schema_version'));
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const file = files.get(path);
  if (file === undefined) throw damaged(path, 'no such entry', 'an entry of that name');
  return file;
}

function parse<T extends z.ZodType>(
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
  schema: T,
): z.output<T> {
  let value: JsonValue;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fileOf(files, path)));
  } catch (error) {
    throw error instanceof Fault
      ? error
      : damaged(path, `text that is no JSON (${messageOf(error)})`, 'JSON');
  }
  return validate(path, value, schema);
}

function validate<T extends z.ZodType>(path: string, value: unknown, schema: T): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw damaged(
    path,
    `a wrong ${issue.path.join('.') || 'value'} (${issue.message})`,
    'the format of bundle version 1',
  );
}

function damaged(entry: string, received: string, expected: string): Fault {
  const message = `bundle entry ${entry}: received ${received}, expected ${expected}; copy the bundle again`;
  return new Fault('data-loss', message, { field: entry, received, expected });
}

function precondition(field: string, received: string, expected: string, fix: string): Fault {
  const message = `bundle ${field}: received ${received}, expected ${expected}; ${fix}`;
  return new Fault('failed-precondition', message, { field, received, expected });
}
