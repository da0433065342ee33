import { Fault } from '@ptychofleet/base';
import type { Field } from '../fields/field.ts';
import { foreignSection } from '../fields/foreign.ts';
import { inferenceInputSection, trainingInputSection } from '../fields/input.ts';
import { registryOf, type RunKind } from '../fields/registry.ts';
import { joinLevels, type Level } from '../levels/level.ts';
import { executionLevel, overrideLevel, type Overrides } from '../levels/overrides.ts';
import { resolveAccelerator, type Accelerator } from '../accelerator.ts';
import { commandDefaults, type Resolution } from '../resolution.ts';
import { trainingExecutionSection, inferenceExecutionSection } from '../fields/execution.ts';
import type { FactoryPorts } from './ports.ts';

/** What can decide a value, besides defaults and the data file. */
export interface PayloadSources {
  /** Strongest: stated by the caller. */
  readonly overrides?: Overrides;
  /** Execution settings by upstream's names. */
  readonly executionConfig?: Overrides;
  /** From `commandLineLevel`. Present (even empty) means that a command asks, and a command's defaults apply. */
  readonly commandLine?: Level;
  /** From `configFileLevel`. */
  readonly file?: Level;
  /** From `environmentLevel`. */
  readonly environment?: Level;
}

/** The levels that somebody said something in. Named arguments count as overrides. */
export function explicitLevels(kind: RunKind, sources: PayloadSources, named: Overrides): readonly Level[] {
  const { overrides, executionConfig, commandLine, file, environment } = sources;
  const levels = [
    joinLevels('override', [overrideLevel(kind, overrides ?? {}), overrideLevel(kind, named)]),
    executionConfig && executionLevel(kind, executionConfig),
    commandLine,
    file,
    environment,
  ].filter((level) => level !== undefined);
  checkScaleContract(levels);
  return levels;
}

export function commandDefaultLevel(kind: RunKind, sources: PayloadSources): readonly Level[] {
  if (sources.commandLine === undefined) return [];
  const command = kind === 'training' ? 'train' : 'infer';
  return [{ name: 'command-default', assignments: commandDefaults(registryOf(kind), command), warnings: [] }];
}

/** @throws Fault when one of the pair is given without the other (spec configuration.md §9) */
function checkScaleContract(levels: readonly Level[]): void {
  const { scaleContractVersion, measurementDomain } = foreignSection.field;
  const given = new Set(levels.flatMap(({ assignments }) => assignments.map(({ field }) => field)));
  const [alone, ...others] = [scaleContractVersion, measurementDomain].filter((field: Field) =>
    given.has(field),
  );
  if (alone === undefined || others.length > 0) return;
  throw new Fault(
    'invalid-input',
    `${alone.name}: received alone, expected scaleContractVersion and measurementDomain together; give both or none`,
    { field: alone.name },
  );
}

/** Puts the device that `auto` and `--device` stand for into its field (spec configuration.md §5.1). */
export function settleAccelerator(
  kind: RunKind,
  resolution: Resolution,
  ports: FactoryPorts,
): readonly string[] {
  const execution = kind === 'training' ? trainingExecutionSection : inferenceExecutionSection;
  const input = kind === 'training' ? trainingInputSection : inferenceInputSection;
  const field = execution.field.accelerator;
  const device = resolution.get(input.field.device);
  // The registry refuses tpu and mps before they get here.
  const requested = resolution.get(field) as Accelerator;
  const { accelerator, warnings } = resolveAccelerator({ accelerator: requested, device }, ports.hasCuda);
  resolution.refine(
    field,
    accelerator,
    device === null ? 'device detection' : resolution.sourceOf(input.field.device),
  );
  return warnings;
}
