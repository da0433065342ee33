import { inferenceDataSection } from '../fields/data.ts';
import { inferenceInputSection } from '../fields/input.ts';
import { registryOf } from '../fields/registry.ts';
import { assignment, emptyLevel, type Level } from '../levels/level.ts';
import { Resolution, type AppliedOverride } from '../resolution.ts';
import { parseInferenceRunSpec, schemaVersion, type InferenceRunSpec } from '../run-spec.ts';
import { commandDefaultLevel, explicitLevels, settleAccelerator, type PayloadSources } from './levels.ts';
import type { DatasetHeader, FactoryPorts } from './ports.ts';
import { requireFile, requireInput } from './required-inputs.ts';

export interface InferencePayloadRequest extends PayloadSources {
  readonly modelPath?: string;
  readonly testDataFile?: string;
  readonly outputDir?: string;
}

export interface InferencePayload {
  readonly spec: InferenceRunSpec;
  readonly inputs: {
    /** `wts.h5.zip`, of which only the existence is known yet. */
    readonly modelArchive: string;
    readonly testDataFile: string;
    readonly outputDir: string;
  };
  readonly header: DatasetHeader;
  readonly overridesApplied: readonly AppliedOverride[];
  readonly warnings: readonly string[];
}

const archiveName = 'wts.h5.zip';

/**
 * Everything about a reconstruction, decided before the bundle is opened or a pattern is read (spec configuration.md §8).
 * The bundle restores network, grid and scales afterwards.
 * @throws Fault naming the field and where its value came from
 */
export function createInferencePayload(
  request: InferencePayloadRequest,
  ports: FactoryPorts,
): InferencePayload {
  const { modelPath, testDataFile, outputDir } = request;
  const explicit = explicitLevels('inference', request, { modelPath, testDataFile, outputDir });
  const chosen: readonly Level[] = [...explicit, ...commandDefaultLevel('inference', request)];
  const stated = new Resolution(chosen);
  const inputs = inputsOf(stated, ports);
  const header = ports.headers.read(inputs.testDataFile);
  const { N } = inferenceDataSection.field;
  const inferred = stated.isExplicit(N)
    ? []
    : [assignment({ field: N, scope: 'own' }, header.N, `probe of ${inputs.testDataFile}`, 'typed')];
  const resolution = new Resolution([...chosen, { ...emptyLevel('inferred'), assignments: inferred }]);
  const acceleratorWarnings = settleAccelerator('inference', resolution, ports);
  const spec = parseInferenceRunSpec({
    schemaVersion,
    kind: 'inference',
    ...resolution.sections(registryOf('inference')),
  });
  const sideWarnings =
    spec.data.N === header.N
      ? []
      : [
          `N is stated as ${spec.data.N}, but the probe of ${inputs.testDataFile} has ${header.N} pixels a side`,
        ];
  return {
    spec,
    inputs,
    header,
    overridesApplied: resolution.trail,
    warnings: [
      ...new Set([...chosen.flatMap((level) => level.warnings), ...acceleratorWarnings, ...sideWarnings]),
    ],
  };
}

function inputsOf(stated: Resolution, { files }: FactoryPorts): InferencePayload['inputs'] {
  const { modelPath, testDataFile, outputDir } = inferenceInputSection.field;
  const model = requireInput(stated.get(modelPath), 'modelPath', '--model_path');
  const test = requireInput(stated.get(testDataFile), 'testDataFile', '--test_data');
  requireFile(files, model, 'Model directory not found', stated.sourceOf(modelPath));
  const modelArchive = model.endsWith('.zip') ? model : `${model.replace(/\/+$/, '')}/${archiveName}`;
  requireFile(files, modelArchive, 'Model archive not found', stated.sourceOf(modelPath));
  requireFile(files, test, 'Test data file not found', stated.sourceOf(testDataFile));
  return { modelArchive, testDataFile: test, outputDir: stated.get(outputDir) };
}
