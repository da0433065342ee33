import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MlflowLog, outboxPath } from './mlflow-log.ts';
import { sendOutboxes } from './send-outboxes.ts';
import { TrackingServer } from './tracking-server.test-support.ts';

const bench = mkdtempSync(join(tmpdir(), 'ptychofleet-mlflow-'));
afterAll(() => rmSync(bench, { recursive: true, force: true }));
let server = new TrackingServer();
let folder = '';
let warnings: string[] = [];
const warn = (text: string): void => void warnings.push(text);

beforeEach(async () => {
  server = new TrackingServer();
  await server.start();
  folder = mkdtempSync(join(bench, 'run-'));
  warnings = [];
});
afterEach(() => server.stop());

const parameters = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`section.key${i}`, i]));
let nowMs = 1000;

function open(runId = 'run-1'): MlflowLog {
  const address = { trackingUri: server.address, authorization: 'Bearer secret' };
  const tags = [{ key: 'mlflow.note.content', value: 'why' }];
  const settings = { address, experiment: 'E', runName: 's', tags };
  return new MlflowLog(folder, { runId, parameters }, settings, { nowMs: () => nowMs++ }, warn);
}

function logSteps(log: MlflowLog, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    log.step({ step, epoch: Math.ceil(step / 10), loss: 1 / step, learningRate: 1e-3 });
    if (step % 10 !== 0) continue;
    const rest = { learningRate: 1e-3, patternsPerSecond: 5, seconds: 2 };
    log.epoch({ epoch: step / 10, step, trainLoss: 2 / step, validationLoss: 3 / step, ...rest });
  }
}

const losses = (count: number): number[] => Array.from({ length: count }, (_, i) => 1 / (i + 1));

describe('the MLflow log', () => {
  it('brings parameters, tags, metrics of every step and epoch, files and the end', async () => {
    const log = open();
    logSteps(log, 1, 2500);
    log.step({ step: 2501, epoch: 251, loss: NaN, learningRate: Infinity });
    writeFileSync(join(folder, 'wts.h5.zip'), 'weights');
    log.file(join(folder, 'wts.h5.zip'));
    await log.close('succeeded');
    expect(warnings).toEqual([]);
    expect(server.experiments).toEqual(['E']);
    expect(server.runs).toMatchObject([{ name: 's', status: 'FINISHED' }]);
    expect(server.runs[0]?.tags.get('mlflow.note.content')).toBe('why');
    expect(server.params.size).toBe(250);
    expect(server.values('train_loss_step')).toEqual([...losses(2500), 'NaN']);
    expect(server.values('val_loss')).toHaveLength(250);
    expect(server.values('epoch').at(-1)).toBe(250);
    expect([...server.files]).toEqual([['0/m0/artifacts/wts.h5.zip', 'weights']]);
    expect([...server.authorizations]).toEqual(['Bearer secret']);
    expect(readFileSync(outboxPath(folder, 'run-1'), 'utf8')).not.toContain('secret');
  });

  it('keeps everything while the server is away, and sends it when it is back', async () => {
    const log = open();
    logSteps(log, 1, 10);
    await server.stop();
    logSteps(log, 11, 40);
    await new Promise((later) => setTimeout(later, 700));
    await server.start();
    await log.close('succeeded');
    expect(warnings.join()).toMatch(/is away .*answers again/);
    expect(server.values('train_loss_step')).toEqual(losses(40));
    expect(server.runs).toMatchObject([{ status: 'FINISHED' }]);
  });

  it('leaves what it could not send, says how to send it, and it can be sent later', async () => {
    await server.stop();
    const log = open();
    logSteps(log, 1, 20);
    await log.close('interrupted');
    expect(warnings.at(-1)).toContain(`ptychofleet mlflow send ${folder}`);
    await server.start();
    const address = { trackingUri: server.address, authorization: null };
    expect(await sendOutboxes(folder, address, 5000, warn)).toMatchObject([
      { complete: true, mlflowRunId: 'm0' },
    ]);
    expect(server.values('train_loss_step')).toEqual(losses(20));
    expect(server.runs).toMatchObject([{ status: 'KILLED' }]);
    // Nothing is left: the server is not asked again.
    const before = server.calls;
    await sendOutboxes(folder, address, 5000, warn);
    expect(server.calls).toBe(before);
  });

  it('goes on with the same run after a crash: a history told again is not logged again', async () => {
    const first = open();
    logSteps(first, 1, 15);
    await first.close('failed');
    // A crash may cut the last line off.
    const path = outboxPath(folder, 'run-1');
    truncateSync(path, readFileSync(path).length - 3);
    const second = open();
    logSteps(second, 1, 30);
    await second.close('succeeded');
    expect(server.runs).toMatchObject([{ status: 'FINISHED' }]);
    expect(server.values('train_loss_step')).toEqual(losses(30));
    expect(server.values('train_loss_epoch')).toHaveLength(3);
  });

  it('tells what the server refuses and goes on', async () => {
    server.trouble.push(400);
    const refused = open();
    logSteps(refused, 1, 3);
    await refused.close('succeeded');
    expect(warnings.join()).toContain('nothing more goes to MLflow: not now');
  });
});

it('loses and repeats nothing, whatever goes wrong on the way', async () => {
  const trouble = fc.array(fc.constantFrom('lost' as const, 503 as const), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(trouble, fc.integer({ min: 1, max: 60 }), async (faults, steps) => {
      const before = server.runs.length;
      server.metrics.clear();
      server.trouble.push(...faults);
      const runId = `run-${before}-${nowMs}`;
      const log = open(runId);
      logSteps(log, 1, steps);
      await log.close('succeeded');
      // What could not be sent in the time that closing waits is kept and sent later, once.
      await sendOutboxes(folder, { trackingUri: server.address, authorization: null }, 5000, warn);
      expect(server.runs.length).toBe(before + 1);
      expect(server.values('train_loss_step')).toEqual(losses(steps));
    }),
    { numRuns: 6 },
  );
}, 120_000);
