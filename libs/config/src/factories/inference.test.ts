import { describe, expect, it } from 'vitest';
import { createInferencePayload } from './inference.ts';
import { faultOf, portsWith, typed } from './ports.test-support.ts';

const command = (line: string, header = {}, missing: readonly string[] = []) =>
  createInferencePayload({ commandLine: typed('infer', line) }, portsWith(header, missing));
const files = '--model_path run --test_data scan.npz';

describe('files', () => {
  it('the bundle lies in the run folder, or is named itself', () => {
    const { inputs } = command(`${files} --output_dir out`);
    expect(inputs).toEqual({ modelArchive: 'run/wts.h5.zip', testDataFile: 'scan.npz', outputDir: 'out' });
    expect(command('--model_path a/b.zip --test_data scan.npz').inputs.modelArchive).toBe('a/b.zip');
  });

  it.each([
    ['run', 'Model directory not found: run (from --model_path)'],
    ['run/wts.h5.zip', 'Model archive not found: run/wts.h5.zip (from --model_path)'],
    ['scan.npz', 'Test data file not found: scan.npz (from --test_data)'],
  ])('%s missing', (path, message) => {
    const fault = faultOf(() => command(files, {}, [path]));
    expect(fault.kind).toBe('not-found');
    expect(fault.message).toContain(message);
  });

  it('are checked in the order of the specification', () => {
    const missing = ['run', 'run/wts.h5.zip', 'scan.npz'];
    expect(faultOf(() => command(files, {}, missing)).message).toContain('Model directory');
    expect(faultOf(() => command(files, {}, missing.slice(1))).message).toContain('Model archive');
  });

  it('are required', () => {
    expect(faultOf(() => command('--test_data scan.npz')).message).toContain('give --model_path');
    expect(faultOf(() => command('--model_path run')).message).toContain('give --test_data');
  });
});

describe('values', () => {
  it('defaults reconstruct the whole scan by uniform stitching', () => {
    const { data, inference, execution } = command(files).spec;
    expect(data).toMatchObject({ nGroups: null, neighborCount: 4, N: 64 });
    expect(inference).toMatchObject({ patchWeighting: 'uniform', stitchCrop: 20, middleTrim: 32 });
    expect(execution).toMatchObject({
      accelerator: 'auto',
      inferenceBatchSize: null,
      enableProgressBar: true,
    });
  });

  it("the specification's reference command", () => {
    const line = `${files} --output_dir R --n_images 32 --accelerator cpu --num-workers 0 --inference-batch-size 4 --quiet`;
    const { data, execution } = command(line).spec;
    expect(data.nGroups).toBe(32);
    expect(execution).toMatchObject({ accelerator: 'cpu', inferenceBatchSize: 4, enableProgressBar: false });
  });

  it('N comes from the probe, and a stated one is kept with a warning', () => {
    expect(command(files, { N: 128 }).spec.data.N).toBe(128);
    const { spec, warnings } = command(`${files} --N 64`, { N: 128 });
    expect(spec.data.N).toBe(64);
    expect(warnings.join()).toContain('N is stated as 64');
  });

  it('an execution configuration reaches the payload', () => {
    const request = {
      modelPath: 'run',
      testDataFile: 'scan.npz',
      executionConfig: { inference_batch_size: 8 },
    };
    expect(createInferencePayload(request, portsWith()).spec.execution.inferenceBatchSize).toBe(8);
  });

  it('what the bundle decides is refused as an override', () => {
    const request = { modelPath: 'run', testDataFile: 'scan.npz', overrides: { gridsize: 2 } };
    expect(faultOf(() => createInferencePayload(request, portsWith())).message).toContain(
      'the weight bundle decides it',
    );
  });
});
