import { Fault } from '@ptychofleet/base';
import { registryOf, type RunKind } from '../fields/registry.ts';
import { assignmentsOf, type KeyedOptions } from './keyed-values.ts';
import { levelOf, type Level } from './level.ts';
import { shown } from './shown.ts';

/** Values by name, typed: flat (`batchSize` or `batch_size`) or in sections. `undefined` means "not given". */
export type Overrides = Readonly<Record<string, unknown>>;

/** The strongest level: what a caller states explicitly. */
export function overrideLevel(kind: RunKind, overrides: Overrides): Level {
  const options = { form: 'typed', otherKind: 'refuse', where: 'overrides' } as const;
  return levelOf('override', assignmentsOf(registryOf(kind), given(overrides, options.where), options));
}

/**
 * How a run is carried out, by upstream's `PyTorchExecutionConfig` names (spec configuration.md §5): the execution
 * section and the training fields that upstream keeps there. One object may serve both kinds of run.
 */
export function executionLevel(kind: RunKind, executionConfig: Overrides): Level {
  const options: KeyedOptions = { form: 'typed', otherKind: 'ignore', where: 'executionConfig' };
  const registry = registryOf(kind);
  const assignments = assignmentsOf(registry, given(executionConfig, options.where), options);
  for (const { field, source } of assignments) {
    if (field.section !== 'execution' && field.section !== 'foreign' && field.inExecutionConfig !== true) {
      throw new Fault(
        'invalid-input',
        `${source}: ${field.path} is no execution setting; put it into overrides`,
        {
          field: field.path,
        },
      );
    }
  }
  return levelOf('execution-config', assignments);
}

function given(values: unknown, where: string): ReadonlyMap<string, unknown> {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new Fault('invalid-input', `${where}: received ${shown(values)}, expected an object of fields`);
  }
  return new Map(Object.entries(values).filter(([, value]) => value !== undefined));
}
