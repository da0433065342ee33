import { describe, expect, it } from 'vitest';
import {
  commandLineLevel,
  configFileLevel,
  environmentLevel,
  type PayloadSources,
} from '@ptychofleet/config';
import type { InferredModel } from '@ptychofleet/bundle';
import { statedConfiguration } from './import-configuration.ts';

const inferred: InferredModel = {
  N: 64,
  nFiltersScale: 2,
  gridsize: 1,
  objectBig: false,
  cbamEncoder: true,
  cbamBottleneck: false,
  headVariant: 'torch',
  intensityScaleTrainable: false,
};

function sources(flags: string, file?: string, environment: Record<string, string> = {}): PayloadSources {
  const words = flags.split(' ').filter((word) => word !== '');
  const typed = words.flatMap((word, at) => {
    if (!word.startsWith('--')) return [];
    const text = words[at + 1];
    return [text === undefined || text.startsWith('--') ? { flag: word } : { flag: word, text }];
  });
  return {
    commandLine: commandLineLevel('train', typed),
    environment: environmentLevel('training', environment),
    ...(file === undefined ? {} : { file: configFileLevel('training', file, 'run.yaml') }),
  };
}

const untold =
  '--amp-activation sigmoid --no-probe-big --probe-scale 2 --input-scale 4 --amplitude-physics-gain 2';

describe('the configuration of imported weights', () => {
  it('is the reference where the profile says so', () => {
    const torch = statedConfiguration(sources('--profile upstream'), inferred, 'torch');
    expect(torch.model).toMatchObject({
      ...inferred,
      ampActivation: 'swish',
      probeBig: true,
      probeScale: 4,
      inputScale: 1,
    });
    const keras = statedConfiguration(sources('--profile upstream --probe-scale 7'), inferred, 'keras');
    expect(keras.model).toMatchObject({ ampActivation: 'sigmoid', probeScale: 7, inputScale: 1 });
    expect(torch.scaling).toEqual({
      physics_scale: Math.sqrt(1e9) / 32,
      probe_factor: 1,
      probe_normalization: 'none',
    });
    expect(torch.params).toMatchObject({
      N: 64,
      gridsize: 1,
      nphotons: 1e9,
      batch_size: 16,
      backend: 'ptychofleet',
    });
    expect(torch.params.intensity_scale).toBeCloseTo(988.21, 2);
  });

  it('is what flags say, before the file, before the environment, before the shapes', () => {
    const said = sources(
      '--probe-scale 3 --gridsize 2',
      'ampActivation: relu\nprobeScale: 9\nprobeBig: true\nnphotons: 1e6\ntrainDataFile: scan.npz',
      {
        PTYCHOFLEET_AMP_ACTIVATION: 'sigmoid',
        PTYCHOFLEET_INPUT_SCALE: '4',
        PTYCHOFLEET_BATCH_SIZE: '8',
        PTYCHOFLEET_AMPLITUDE_PHYSICS_GAIN: '1',
      },
    );
    const { model, params } = statedConfiguration(said, inferred, 'torch');
    expect(model).toMatchObject({
      ampActivation: 'relu',
      probeScale: 3,
      probeBig: true,
      inputScale: 4,
      gridsize: 2,
      nFiltersScale: 2,
    });
    expect(params).toMatchObject({ nphotons: 1e6, batch_size: 8, probe_scale: 3 });
  });

  it.each([
    'amp-activation sigmoid',
    'no-probe-big',
    'probe-scale 2',
    'input-scale 4',
    'amplitude-physics-gain 2',
  ])('is refused when nothing tells what --%s does', (flag) => {
    const rest = untold.replace(`--${flag}`, '');
    expect(() => statedConfiguration(sources(rest), inferred, 'torch')).toThrow(
      /^model\.\w+: received nothing, expected a value, .*--like BUNDLE or --profile upstream or --/,
    );
    expect(statedConfiguration(sources(untold), inferred, 'torch').model.probeScale).toBe(2);
  });

  it('is refused for Keras weights of the reference when nobody says by what their probe was divided', () => {
    expect(() => statedConfiguration(sources('--profile upstream'), inferred, 'keras')).toThrow(
      /^model\.probeScale: received nothing, .*; give --like BUNDLE or --probe-scale \(/,
    );
  });

  it.each([
    ['--profile default', /^--profile: received default, expected upstream, .*--like$/],
    [`${untold} --probe-normalization target`, /^data\.probeNormalization: received target, expected none/],
  ])('is refused with %s, which needs the trained scan', (flags, says) => {
    expect(() => statedConfiguration(sources(flags), inferred, 'torch')).toThrow(says);
  });
});
