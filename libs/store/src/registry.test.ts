import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfText, Fault } from '@ptychofleet/base';
import { afterAll, describe, expect, it } from 'vitest';
import { chained, Registry, registryFileName, type RegistryWrite, type RunRow } from './index.ts';

const base = await mkdtemp(join(tmpdir(), 'ptychofleet-registry-'));
afterAll(() => rm(base, { recursive: true, force: true }));
let folders = 0;
const emptyFolder = (): string => {
  const folder = join(base, String(folders++));
  mkdirSync(folder);
  return folder;
};

const row = (runId: string): RunRow => ({
  runId,
  requestId: `request of ${runId}`,
  kind: 'training',
  spec: '{}',
  specDigest: digestOfText('{}'),
  warnings: ['a warning'],
  epochCount: 2,
  stepCount: 20,
  datasetDigest: digestOfText('scan'),
  validationDigest: '',
  modelDigest: '',
  checkpointDigest: '',
  stopAfterStep: 0,
  ledger: { genesis: digestOfText('genesis'), tensors: ['w'] },
});
const stepWrite = (runId: string, step: number, loss = 0.5): Extract<RegistryWrite, { type: 'step' }> => ({
  type: 'step',
  runId,
  workers: { '0-7': 'w1' },
  step: chained(digestOfText('before'), {
    step,
    epoch: 1,
    stepInEpoch: step,
    groups: 16,
    loss,
    gradient: digestOfText(`g${step}`),
    gradientTensors: 'aabbccdd',
    weights: digestOfText(`w${step}`),
    weightTensors: 'aabbccdd',
  }),
});

/** Does `work` while no file of this process may grow beyond so many bytes: the kernel refuses it as it does on a full disk. */
function growing(bytesMax: string, work: () => void): void {
  const limit = (bytes: string): unknown =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
  limit(bytesMax);
  try {
    work();
  } finally {
    limit('unlimited');
  }
}

describe('a registry', () => {
  it('has after a restart what was committed, in its order', () => {
    const folder = emptyFolder();
    const first = new Registry(folder);
    const artifact = { name: 'wts.h5.zip', digest: digestOfText('z'), size: 1 };
    first.commit([{ type: 'run', row: row('b') }], true);
    first.commit([{ type: 'run', row: row('a') }, stepWrite('a', 2, NaN), stepWrite('a', 1)], false);
    first.commit(
      [
        { type: 'phase', runId: 'b', phase: 'failed', reason: 'why' },
        { type: 'event', runId: 'a', sequence: 2, event: { note: 'two' } },
        { type: 'event', runId: 'a', sequence: 1, event: { note: 'one' } },
        { type: 'artifact', runId: 'a', artifact },
        { type: 'checkpoint', runId: 'a', checkpoint: { step: 1, digest: digestOfText('c1') } },
        { type: 'checkpoint', runId: 'a', checkpoint: { step: 2, digest: digestOfText('c2') } },
        { type: 'dataset', digest: digestOfText('scan'), name: 'scan.npz' },
      ],
      true,
    );
    first.close();
    const again = new Registry(folder);
    expect(again.runs()).toEqual([
      { ...row('b'), phase: 'failed', reason: 'why' },
      { ...row('a'), phase: 'queued', reason: '' },
    ]);
    expect(again.events('a')).toEqual([{ note: 'one' }, { note: 'two' }]);
    expect(again.steps('a').map(({ step, workers }) => [step, workers])).toEqual([
      [stepWrite('a', 1).step, { '0-7': 'w1' }],
      [stepWrite('a', 2, NaN).step, { '0-7': 'w1' }],
    ]);
    expect(again.step('a', 2)?.loss).toBeNaN();
    expect(again.step('a', 3)).toBeNull();
    expect(again.artifacts('a')).toEqual([artifact]);
    expect(again.checkpoints('a').map(({ step }) => step)).toEqual([2, 1]);
    expect(again.datasetName(digestOfText('scan'))).toBe('scan.npz');
    expect(
      [digestOfText('c1'), digestOfText('z'), digestOfText('no')].map((d) => again.isReferenced(d)),
    ).toEqual([true, true, false]);
    again.commit(
      [
        { type: 'checkpoint-dropped', runId: 'a', step: 1 },
        { type: 'artifact-dropped', runId: 'a', name: 'wts.h5.zip' },
      ],
      true,
    );
    expect([digestOfText('c1'), digestOfText('z')].map((d) => again.isReferenced(d))).toEqual([false, false]);
    again.close();
  });

  it('commits everything or nothing', () => {
    const registry = new Registry(emptyFolder());
    registry.commit([{ type: 'run', row: row('a') }], true);
    const twice: RegistryWrite[] = [stepWrite('a', 1), { type: 'run', row: row('a') }];
    expect(() => registry.commit(twice, true)).toThrow(Fault);
    expect(registry.step('a', 1)).toBeNull();
    registry.commit([stepWrite('a', 1)], true);
    expect(registry.step('a', 1)).not.toBeNull();
    registry.close();
  });

  it('says why the disk did not take a commit, which it takes when there is room', () => {
    const registry = new Registry(emptyFolder());
    registry.commit([{ type: 'run', row: row('a') }], true);
    const refused: unknown[] = [];
    growing('1', () => {
      for (const durably of [true, false]) {
        try {
          registry.commit([stepWrite('a', 1)], durably);
        } catch (error) {
          refused.push(error);
        }
      }
    });
    expect(refused).toHaveLength(2);
    for (const fault of refused)
      expect(fault).toMatchObject({ kind: 'exhausted', message: expect.stringMatching(/disk I\/O error$/) });
    expect(registry.step('a', 1)).toBeNull();
    registry.commit([stepWrite('a', 1)], true);
    expect(registry.step('a', 1)).not.toBeNull();
    registry.close();
  });

  it('is held by one coordinator at a time', () => {
    const folder = emptyFolder();
    const holder = new Registry(folder);
    expect(() => new Registry(folder)).toThrow(/another coordinator uses it; choose another --state-dir$/);
    holder.close();
    new Registry(folder).close();
  });
});

/** The files as a process that was killed leaves them: the last commits are in the log alone. */
function killedAfter(steps: number): string {
  const folder = emptyFolder();
  const registry = new Registry(folder);
  registry.commit([{ type: 'run', row: row('a') }], true);
  for (let step = 1; step <= steps; step++) registry.commit([stepWrite('a', step)], true);
  const copy = emptyFolder();
  for (const suffix of ['', '-wal'])
    copyFileSync(join(folder, registryFileName + suffix), join(copy, registryFileName + suffix));
  registry.close();
  return copy;
}

describe('a log that was torn', () => {
  it('loses whole commits from its end and nothing before them, wherever it is cut', () => {
    const killed = killedAfter(8);
    const log = statSync(join(killed, `${registryFileName}-wal`)).size;
    const seen: number[] = [];
    for (let length = log; length >= 0; length -= Math.ceil(log / 40)) {
      const torn = emptyFolder();
      for (const suffix of ['', '-wal'])
        copyFileSync(join(killed, registryFileName + suffix), join(torn, registryFileName + suffix));
      truncateSync(join(torn, `${registryFileName}-wal`), length);
      const registry = new Registry(torn);
      const steps = registry.steps('a').map(({ step }) => step.step);
      expect(steps).toEqual(steps.map((_, i) => i + 1));
      seen.push(steps.length);
      // It takes writes again.
      registry.commit([stepWrite('b', 1)], true);
      registry.close();
    }
    expect(seen[0]).toBe(8);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(new Set(seen).size).toBeGreaterThan(4);
  });
});

describe('a registry that cannot be used', () => {
  const refusal = (folder: string): string => {
    try {
      new Registry(folder).close();
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      return (error as Fault).message;
    }
    throw new Error('it was opened');
  };

  it('is refused in one sentence: damaged, no folder', () => {
    const damaged = emptyFolder();
    writeFileSync(join(damaged, registryFileName), 'no database at all. '.repeat(500));
    expect(refusal(damaged)).toBe(
      `cannot write ${join(damaged, registryFileName)}: it is damaged; move it away to begin with an empty one`,
    );
    expect(readFileSync(join(damaged, registryFileName), 'utf8')).toContain('no database');
    const missing = join(base, 'nowhere');
    expect(refusal(missing)).toMatch(/^cannot write .*: [^.]+; choose another folder/);
    expect(existsSync(missing)).toBe(false);
    rmSync(damaged, { recursive: true });
  });
});
