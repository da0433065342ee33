import { assert, Fault } from '@ptychofleet/base';
import { registryOf } from './fields/registry.ts';
import { assignment, levelOf, type Level } from './levels/level.ts';
import { shown } from './levels/shown.ts';

/** Named sets of defaults: stronger than a field's own default, weaker than anything that is said or read. */
const profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // The recipe that leaves the flat-object plateau (docs/fidelity.md).
  default: {
    initialization: 'he',
    inputScale: 4,
    batchSize: 4,
    virtualShards: 4,
    scheduler: 'WarmupCosine',
  },
  // The reference's start: its framework's weights, the probe as the file has it, every batch's own mean amplitude
  // (spec model.md §4, training.md §2.4 and §11).
  upstream: {
    initialization: 'torch',
    probeNormalization: 'none',
    maxNeighborDistance: 3,
    lossNormalizer: 'batch',
  },
};

const refusedProfiles: Readonly<Record<string, string>> = {
  ci: 'the count-intensity forward model is not built; store normalised amplitudes and use the default profile',
};

/** @throws Fault naming the profile and the supported ones */
export function profileLevel(name: string, source: string): Level {
  const values = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  const expected = Object.keys(profiles).join(' or ');
  if (values === undefined) {
    const reason = Object.hasOwn(refusedProfiles, name) ? refusedProfiles[name] : undefined;
    const message =
      reason === undefined
        ? `${source}: received ${shown(name)}, expected ${expected}`
        : `${source}: profile ${name} is not available: ${reason}`;
    throw new Fault(reason === undefined ? 'invalid-input' : 'unsupported', message, {
      field: 'profile',
      received: shown(name),
      expected,
    });
  }
  const registry = registryOf('training');
  const assignments = Object.entries(values).map(([key, value]) => {
    const found = registry.byKey(key);
    assert(found !== undefined, `profile ${name} names ${key}`);
    return assignment(found, value, `profile ${name}`, 'typed');
  });
  return levelOf('profile', assignments);
}
