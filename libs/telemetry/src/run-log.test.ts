import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openRunLog } from './open-run-log.ts';
import type { RunLog } from './run-log.ts';
import { decodeEvent } from './tensorboard/event-schema.ts';
import { maskedChecksum } from './tensorboard/record.ts';

const bench = mkdtempSync(join(tmpdir(), 'ptychofleet-log-'));
afterAll(() => rmSync(bench, { recursive: true, force: true }));
let outputFolder = '';
let warnings: string[] = [];
beforeEach(() => {
  outputFolder = mkdtempSync(join(bench, 'out-'));
  warnings = [];
});

let nowMs = 1_700_000_000_000;
function open(backends: readonly string[], runId = 'run-1'): RunLog {
  return openRunLog({
    backends,
    outputFolder,
    run: { runId, parameters: { 'training.epochs': 2, 'execution.notes': null } },
    mlflow: null,
    clock: { nowMs: () => (nowMs += 1000) },
    warn: (text) => warnings.push(text),
  });
}

const version = (number: number): string => join(outputFolder, `lightning_logs/version_${number}`);
const csvOf = (number: number): string => readFileSync(join(version(number), 'metrics.csv'), 'utf8');

function tell(log: RunLog, steps: number): void {
  for (let step = 1; step <= steps; step++) {
    const gradientNorm = step % 2 === 0 ? { gradientNorm: 10 * step } : {};
    log.step({ step, epoch: Math.ceil(step / 2), loss: step / 10, learningRate: 1e-3, ...gradientNorm });
    if (step % 2 !== 0) continue;
    const rest = { learningRate: 1e-3, patternsPerSecond: 8, seconds: 4 };
    log.epoch({
      epoch: step / 2,
      step,
      trainLoss: step,
      ...(step > 2 ? { validationLoss: 7 } : {}),
      ...rest,
    });
  }
}

const header =
  'epoch,step,train_loss_step,train_loss_epoch,val_loss,learning_rate,grad_norm,patterns_per_second,epoch_seconds';
const rows = [
  header,
  '1,1,0.1,,,0.001,,,',
  '1,2,0.2,,,0.001,20,,',
  '1,2,,2,,,,8,4',
  '2,3,0.3,,,0.001,,,',
  '2,4,0.4,,,0.001,40,,',
  '2,4,,4,7,,,8,4',
];

describe('metrics.csv', () => {
  it('has a row for every step and every epoch, beside the configuration', () => {
    tell(open(['csv']), 4);
    expect(csvOf(0)).toBe(`${rows.join('\n')}\n`);
    const parameters: unknown = parse(readFileSync(join(version(0), 'hparams.yaml'), 'utf8'));
    expect(parameters).toEqual({ run_id: 'run-1', 'training.epochs': 2, 'execution.notes': null });
  });

  it('is continued by the same run from any byte on, and left alone by another', () => {
    const whole = `${rows.join('\n')}\n`;
    tell(open(['csv']), 4);
    for (let length = header.length + 1; length <= whole.length; length++) {
      truncateSync(join(version(0), 'metrics.csv'), length);
      tell(open(['csv']), 4);
      expect(csvOf(0)).toBe(whole);
    }
    tell(open(['csv'], 'run-2'), 2);
    expect(csvOf(0)).toBe(whole);
    expect(csvOf(1)).toBe(`${rows.slice(0, 4).join('\n')}\n`);
  });
});

/** Records of an event file, their checksums compared. */
function eventsOf(path: string) {
  const bytes = readFileSync(path);
  const events = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedChecksum(bytes.subarray(at, at + 8)));
    const content = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedChecksum(content));
    events.push(decodeEvent(content));
    at += length + 16;
  }
  return events;
}

describe('the TensorBoard log', () => {
  const eventFiles = (): string[] =>
    readdirSync(version(0))
      .filter((name) => name.includes('tfevents'))
      .toSorted();

  it('has a scalar for every value of the table; tensorboard itself reads it in tools/tracking', () => {
    tell(open(['tensorboard', 'csv']), 4);
    const [name = ''] = eventFiles();
    const [first, configuration, ...rest] = eventsOf(join(version(0), name));
    expect(first?.fileVersion).toBe('brain.Event:2');
    expect(configuration?.summary?.value[0]?.tag).toBe('configuration');
    const seen = rest.flatMap(({ step = 0, summary }) =>
      (summary?.value ?? []).map((value) => [
        step,
        value.tag,
        'simpleValue' in value ? value.simpleValue : NaN,
      ]),
    );
    expect(seen).toContainEqual([2, 'grad_norm', 20]);
    expect(seen).toContainEqual([4, 'val_loss', 7]);
    const cells = rows
      .slice(1)
      .flatMap((row) => row.split(',').slice(2))
      .filter((cell) => cell !== '');
    expect(seen).toHaveLength(cells.length);
  });

  it('begins again where the history is told again, and says so to the reader', () => {
    tell(open(['tensorboard']), 2);
    tell(open(['tensorboard']), 4);
    const [, second = ''] = eventFiles();
    const [, session, step] = eventsOf(join(version(0), second));
    expect(session).toMatchObject({ step: 1, sessionLog: { status: 1 } });
    expect(step?.summary?.value[0]).toMatchObject({ tag: 'train_loss_step' });
  });

  it('has the checksum of the published vectors', () => {
    // RFC 3720 B.4: 32 bytes of zeros have CRC-32C 0x8a9136aa.
    const crc = 0x8a9136aa;
    const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(maskedChecksum(new Uint8Array(32))).toBe(masked);
  });
});

describe('a log that cannot be written', () => {
  it('is given up with a warning, and the others go on', async () => {
    mkdirSync(join(outputFolder, 'lightning_logs/version_0'), { recursive: true });
    const log = open(['csv', 'tensorboard', 'mlflow']);
    rmSync(version(1), { recursive: true });
    writeFileSync(version(1), 'a file in its way');
    tell(log, 2);
    await log.close('succeeded');
    expect(warnings).toHaveLength(3);
    expect(warnings.map((text) => /^the (\w+) log ends here: /.exec(text)?.[1]).toSorted()).toEqual([
      'csv',
      'mlflow',
      'tensorboard',
    ]);
  });

  it('is refused for a run whose name would leave the folder', () => {
    expect(() => open(['csv'], '../../run')).toThrow('cannot be a file name');
  });
});
