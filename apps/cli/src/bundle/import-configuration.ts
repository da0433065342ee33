import { Fault, invalidInput } from '@ptychofleet/base';
import {
  legacySnapshot,
  type Bundle,
  type ExchangeLayout,
  type InferredModel,
  type JsonObject,
} from '@ptychofleet/bundle';
import { modelSpecSchema, type ModelSpec, type PayloadSources } from '@ptychofleet/config';

/** Everything of a bundle that weights alone do not tell. */
export interface ImportConfiguration {
  readonly model: ModelSpec;
  readonly params: JsonObject;
  readonly scaling: JsonObject;
}

/** Fields that decide what weights compute and that leave no trace in their shapes, with the flag that states them. */
const untold = {
  ampActivation: '--amp-activation',
  probeBig: '--probe-big or --no-probe-big',
  probeScale: '--probe-scale',
  inputScale: '--input-scale',
  amplitudePhysicsGain: '--amplitude-physics-gain',
} as const;

/**
 * The values of {@link untold} in the reference (model spec §2.5, §7, §8). Its TensorFlow back end divides the probe by
 * a mean over the trained probe (training spec §2.4), so there somebody has to say by what.
 */
function reference(layout: ExchangeLayout): Partial<Pick<ModelSpec, keyof typeof untold>> {
  const common = { probeBig: true, inputScale: 1, amplitudePhysicsGain: 1 };
  if (layout === 'keras') return { ...common, ampActivation: 'sigmoid' };
  return { ...common, ampActivation: 'swish', probeScale: 4 };
}

/** The reference's own, which fix no result of a reconstruction but its batches (configuration spec §2, §3). */
const photonsUnlessStated = 1e9;
const batchSizeUnlessStated = 16;

/**
 * The configuration of imported weights from flags, file and environment, completed by what the shapes tell. Such
 * weights saw the probe as its file has it (training spec §2.4): another factor is known to a bundle only.
 * @throws Fault naming the field that nothing tells, or a scale that needs the trained scan
 */
export function statedConfiguration(
  sources: PayloadSources,
  inferred: InferredModel,
  layout: ExchangeLayout,
): ImportConfiguration {
  const stated = statedValues(sources);
  const profile = stated.get('input.profile');
  if (profile !== undefined && profile !== 'upstream') {
    throw invalidInput(
      '--profile',
      profile,
      'upstream, since any other scales the probe by a factor of the trained scan',
      'give the bundle with that factor as --like',
    );
  }
  const normalization = stated.get('data.probeNormalization') ?? 'none';
  if (normalization !== 'none') {
    throw invalidInput(
      'data.probeNormalization',
      normalization,
      'none, since any other takes its factor from the trained scan',
      'give the bundle with that factor as --like',
    );
  }
  const known: Record<string, unknown> = {
    ...(profile === 'upstream' ? reference(layout) : {}),
    ...inferred,
    ...section(stated, 'model'),
  };
  for (const [key, flag] of Object.entries(untold))
    if (!(key in known)) throw nothingTells(key, flag, profile === undefined);
  const model = modelSpecSchema.parse(known);

  const nphotons = (stated.get('data.nphotons') as number | undefined) ?? photonsUnlessStated;
  const batchSize = (stated.get('training.batchSize') as number | undefined) ?? batchSizeUnlessStated;
  // S = √nphotons / (N/2) for patterns normalised as ours are (training spec §2.2).
  const physicsScale = Math.sqrt(nphotons) / (model.N / 2);
  return {
    model,
    params: legacySnapshot({ ...model, nphotons, batchSize, backend: 'ptychofleet' }, physicsScale),
    scaling: { physics_scale: physicsScale, probe_factor: 1, probe_normalization: 'none' },
  };
}

/** The configuration of a bundle that has been made already. */
export function configurationLike({ model, params, scaling }: Bundle): ImportConfiguration {
  return { model, params, scaling };
}

/** What somebody said, by the path of the field; the command line wins over the file, the file over the environment. */
function statedValues({ commandLine, file, environment }: PayloadSources): ReadonlyMap<string, unknown> {
  const stated = new Map<string, unknown>();
  for (const level of [environment, file, commandLine]) {
    for (const { field, value } of level?.assignments ?? []) stated.set(field.path, value);
  }
  return stated;
}

function section(stated: ReadonlyMap<string, unknown>, name: string): Record<string, unknown> {
  const own = [...stated].filter(([path]) => path.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([path, value]) => [path.slice(name.length + 1), value]));
}

function nothingTells(key: string, flag: string, profileIsOpen: boolean): Fault {
  const ways = ['--like BUNDLE', ...(profileIsOpen ? ['--profile upstream'] : []), flag];
  const message =
    `model.${key}: received nothing, expected a value, since the shapes of weights do not tell it; ` +
    `give ${ways.join(' or ')} (docs/weights.md)`;
  return new Fault('invalid-input', message, {
    field: `model.${key}`,
    received: 'nothing',
    expected: 'a value',
  });
}
