import { Fault } from '@ptychofleet/base';
import { registryOf, type RunKind } from '../fields/registry.ts';
import { assignmentsOf, entriesOf, type KeyedValues } from './keyed-values.ts';
import { assignment, type Assignment } from './level.ts';
import { shown } from './shown.ts';

/** Sections of the reference's JSON interface; those of one kind of run say nothing about the other. */
const sectionKinds: Readonly<Record<string, RunKind | 'both'>> = {
  data_config: 'both',
  model_config: 'both',
  training_config: 'training',
  inference_config: 'inference',
  datagen_config: 'both',
};

/** Channel counts, which the grid decides (spec cli.md §6). */
const channelKeys: readonly string[] = ['C', 'C_forward', 'C_model'];
const samplesPerCentre = 7;

export interface LegacySections {
  /** What else the file says. */
  readonly rest: KeyedValues;
  readonly assignments: readonly Assignment[];
  readonly warnings: readonly string[];
}

/**
 * The reference's JSON interface: sections named after its configuration objects, with its names for what they hold.
 * @throws Fault naming section and file, as for any other key
 */
export function legacySections(kind: RunKind, values: KeyedValues, where: string): LegacySections {
  const found = Object.keys(sectionKinds).filter((name) => values.get(name) instanceof Map);
  if (found.length === 0) return { rest: values, assignments: [], warnings: [] };
  const stated = found.flatMap((name) => {
    const section = entriesOf(values.get(name) as ReadonlyMap<unknown, unknown>, name);
    const own = sectionKinds[name] as RunKind | 'both';
    // A section of the other kind of run is checked all the same: a misspelt name is one for every reader.
    const read = assignmentsOfSection(own === 'both' ? kind : own, name, section, where);
    return own === 'both' || own === kind ? read : [];
  });
  const { kept, warnings } = mergedByGrid(stated);
  const advice = 'write flat keys, or the sections that --print-config shows';
  return {
    rest: new Map([...values].filter(([key]) => !found.includes(key))),
    assignments: kept,
    warnings: [`${where}: ${found.join(', ')} are deprecated: ${advice}`, ...warnings],
  };
}

function assignmentsOfSection(
  kind: RunKind,
  name: string,
  section: KeyedValues,
  where: string,
): readonly Assignment[] {
  const registry = registryOf(kind);
  const place = `${name} in ${where}`;
  const plain = new Map<string, unknown>();
  const sides: Assignment[] = [];
  for (const [key, value] of section) {
    if (channelKeys.includes(key)) {
      const side = sideOf(value, `${key} in ${place}`);
      const gridsize = registry.byKey('gridsize');
      if (gridsize?.scope === 'own')
        sides.push(assignment(gridsize, side, `${key} = ${shown(value)} in ${place}`, 'typed'));
    } else if (name === 'data_config' && key === 'n_subsample') checkSamplesPerCentre(value, place);
    else if (name === 'inference_config' && key === 'batch_size') plain.set('inference_batch_size', value);
    // A mask is there or not; the reference says "none" for the latter.
    else if (key === 'probe_mask' && value === null) plain.set(key, false);
    else plain.set(key, value);
  }
  return [...assignmentsOf(registry, plain, { form: 'text', otherKind: 'ignore', where: place }), ...sides];
}

/** Samples per centre; the patterns that are kept are another thing of the same name. */
function checkSamplesPerCentre(value: unknown, place: string): void {
  if (value === samplesPerCentre || value === null) return;
  throw new Fault(
    'unsupported',
    `n_subsample in ${place}: ${shown(value)} is not available: n_groups decides how many groups there are, so set that and drop it`,
    { field: 'data.nGroups', received: shown(value), expected: shown(samplesPerCentre) },
  );
}

/** Whether a group is merged follows from its size there, whatever the file says about it (spec cli.md §6). */
function mergedByGrid(stated: readonly Assignment[]): {
  readonly kept: readonly Assignment[];
  readonly warnings: readonly string[];
} {
  const grid = stated.find(({ field }) => field.path === 'model.gridsize');
  if (grid === undefined) return { kept: stated, warnings: [] };
  const idle = stated.filter(
    ({ field, value }) => field.path === 'model.objectBig' && value !== (grid.value as number) > 1,
  );
  const warnings = idle.map(
    ({ source, value }) => `Ignoring ${source}, which says ${shown(value)}: ${grid.source} decides it`,
  );
  return { kept: stated.filter((one) => !idle.includes(one)), warnings };
}

function sideOf(channels: unknown, source: string): number {
  const side = Math.sqrt(Number(channels));
  if (typeof channels === 'number' && Number.isInteger(side) && side > 0) return side;
  throw new Fault(
    'invalid-input',
    `${source}: received ${shown(channels)}, expected a square such as 1, 4 or 9`,
    { field: 'model.gridsize', received: shown(channels), expected: '1, 4 or 9' },
  );
}
