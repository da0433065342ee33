import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Bench } from './processes.test-support.ts';
import { simulateScan } from './runs.test-support.ts';

// requirements.txt in examples/python says what it takes; PYTHON names an interpreter that has it.
const python = process.env.PYTHON ?? 'python3';
const ready = spawnSync(python, ['-c', 'import grpc, grpc_tools, h5py']).status === 0;
const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/python/${name}`, import.meta.url));

describe.skipIf(!ready)(`Python (skipped: ${python} lacks grpcio, grpcio-tools or h5py)`, () => {
  const bench = new Bench();

  it('trains over gRPC and opens the bundle', async () => {
    const scan = await simulateScan(bench);
    const up = bench.start([
      'up',
      '--listen',
      '127.0.0.1:0',
      '--workers',
      '1',
      '--state-dir',
      bench.path('up'),
    ]);
    const [, address = ''] = await up.said(/at (127\.0\.0\.1:\d+)/);
    const bundle = bench.path('wts.h5.zip');
    const flags = ['--coordinator', address, '--epochs', '2', '--output', bundle];
    const trained = await bench.launch(python, [example('train_over_grpc.py'), scan, ...flags]).ended;
    expect(trained.stderr).toBe('');
    expect(trained.stdout).toMatch(/epoch 1: loss [^]*epoch 2: loss [^]*RUN_STATE_SUCCEEDED[^]*wrote /);

    const read = await bench.launch(python, [example('read_bundle.py'), bundle]).ended;
    expect(read.stderr).toBe('');
    const [, tensors, parameters] = /(\d+) tensors, (\d+) parameters/.exec(read.stdout) ?? [];
    const listed = read.stdout.split('\n').filter((line) => /^ {2}\S+\.(weight|bias) +\(/.test(line));
    expect(listed).toHaveLength(Number(tensors));
    expect(Number(parameters) * 4).toBeLessThan(readFileSync(bundle).length);
    up.signal('SIGINT');
    expect((await up.ended).code).toBe(0);
  });
});
