import { describe, expect, it } from 'vitest';
import { portsWith, typed } from './factories/ports.test-support.ts';
import { createTrainingPayload } from './factories/training.ts';

/** Spec configuration.md §10: a 128×128 probe, metadata photons 5e8, and the command line given there. */
const ports = portsWith({ N: 128, nphotons: 5e8 });
const request = {
  trainDataFile: 'scan.npz',
  outputDir: 'out',
  commandLine: typed(
    'train',
    '--n_images 256 --batch_size 8 --gridsize 2 --learning-rate 5e-4 --accelerator cpu',
  ),
};

describe('the worked example of the specification', () => {
  const { spec, overridesApplied } = createTrainingPayload(request, ports);
  const decided = (field: string) => {
    const { level, source } = overridesApplied.filter((entry) => entry.field === field).at(-1) ?? {};
    return { level, source };
  };

  it('takes what the command line says', () => {
    expect([spec.data.nGroups, spec.training.batchSize, spec.model.gridsize]).toEqual([256, 8, 2]);
    expect([spec.training.learningRate, spec.execution.accelerator]).toEqual([5e-4, 'cpu']);
    expect(decided('data.nGroups')).toEqual({ level: 'command-line', source: '--n_images' });
  });

  it("adds the command's own default of 100 epochs", () => {
    expect(spec.training.epochs).toBe(100);
    expect(decided('training.epochs')).toEqual({ level: 'command-default', source: 'default of train' });
  });

  it('infers pattern side and photons from the file', () => {
    expect([spec.model.N, spec.data.nphotons]).toEqual([128, 5e8]);
    expect(decided('model.N')).toEqual({ level: 'inferred', source: 'probe of scan.npz' });
    expect(decided('data.nphotons')).toEqual({ level: 'inferred', source: 'metadata of scan.npz' });
  });

  it("keeps the torch back end's defaults where the canonical ones differ", () => {
    expect(spec.data.neighborCount).toBe(6);
    expect(spec.model.ampActivation).toBe('swish');
    expect(spec.model.intensityScaleTrainable).toBe(false);
  });

  it('lets explicit overrides win over both inferred values, without a trace of inference', () => {
    const payload = createTrainingPayload({ ...request, overrides: { N: 64, nphotons: 1e6 } }, ports);
    expect([payload.spec.model.N, payload.spec.data.nphotons]).toEqual([64, 1e6]);
    const inferred = payload.overridesApplied.filter(({ level }) => level === 'inferred');
    expect(inferred.map(({ field }) => field)).not.toContain('data.nphotons');
    expect(inferred.map(({ field }) => field)).not.toContain('model.N');
  });
});
