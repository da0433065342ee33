import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeScan, readNpz, writeNpz, type NpyArray } from '@ptychofleet/data';
import {
  fromInterleaved,
  stitchTruePatches,
  toInterleaved,
  withoutPhase,
  type Canvas,
} from '@ptychofleet/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../program.test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ptychofleet-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const scan = join(folder, 'scan.npz');
const whole = join(folder, 'whole.npz');
let canvas: Canvas;
let positions: Float64Array;

type Entries = Readonly<Record<string, NpyArray>>;

/** What `infer` would write for a canvas, with other entries in the place of some or without them. */
function reconstructionOf(
  stitched: Canvas,
  changed: Readonly<Record<string, NpyArray | null>> = {},
): Uint8Array {
  const { height, width } = stitched.image;
  const entries: Entries = {
    object: { dtype: 'complex64', shape: [height, width], data: toInterleaved(stitched.image) },
    origin: { dtype: 'float64', shape: [2], data: Float64Array.of(stitched.originX, stitched.originY) },
    lit: { dtype: 'bool', shape: [height, width], data: stitched.lit },
    positions: { dtype: 'float64', shape: [positions.length / 2, 2], data: positions },
  };
  const kept = Object.entries({ ...entries, ...changed }).filter(
    (entry): entry is [string, NpyArray] => entry[1] !== null,
  );
  return writeNpz(kept);
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

interface Scored {
  readonly label: string;
  readonly shift: { readonly dx: number; readonly dy: number };
  readonly metrics: Record<'amplitude' | 'phase', Record<string, number | null>>;
}

async function evaluated(...args: string[]): Promise<Scored[]> {
  const out = join(folder, 'scores');
  const { code, stdout, stderr } = await runProgram(['evaluate', ...args, '--output_dir', out, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { reconstructions: Scored[] }).reconstructions;
}

beforeAll(async () => {
  const made = await runProgram([
    'simulate',
    scan,
    '--count',
    '196',
    '--no-noise',
    '--object',
    'dead_leaves',
    '--quiet',
  ]);
  expect(made).toEqual({ code: 0, stdout: '', stderr: '' });
  const { object, x, y } = decodeScan(readFileSync(scan), scan);
  positions = Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1] ?? NaN);
  canvas = stitchTruePatches(fromInterleaved(object!.height, object!.width, object!.data), positions, 20);
  writeFileSync(whole, reconstructionOf(canvas));
});

describe('evaluate', () => {
  it('finds nothing wrong with the true patches, against the scan and against themselves', async () => {
    for (const reference of [scan, whole]) {
      const [{ metrics, shift }] = await evaluated('--reconstruction', whole, '--reference', reference);
      expect(shift).toEqual({ dx: 0, dy: 0 });
      for (const quantity of [metrics.amplitude, metrics.phase])
        expect(quantity).toMatchObject({ mae: 0, mse: 0, psnr: null, ssim: 1, msSsim: 1 });
    }
  });

  it('scores several in one call, by the parts of their paths that differ', async () => {
    const ramped = {
      ...canvas,
      image: withoutPhase(canvas.image, { offset: 1, slopeX: 0.2, slopeY: -0.1 }, 3),
    };
    const spoilt = { ...canvas.image, im: canvas.image.im.map((value, i) => value + 0.2 * Math.sin(i * i)) };
    const paths = [
      write('ramped.npz', reconstructionOf(ramped)),
      write('spoilt.npz', reconstructionOf({ ...canvas, image: spoilt })),
    ];
    const both = await evaluated(...paths.flatMap((path) => ['--reconstruction', path]), '--reference', scan);
    expect(both.map(({ label }) => label)).toEqual(['ramped.npz', 'spoilt.npz']);
    const [good, bad] = both.map(({ metrics }) => metrics.phase);
    expect(good.mae).toBeLessThan(1e-5);
    expect(good.ssim).toBeGreaterThan(0.99999);
    expect(bad.mae).toBeGreaterThan(0.05);
    expect(bad.ssim).toBeLessThan(good.ssim!);

    const table = await runProgram([
      'evaluate',
      ...paths.flatMap((path) => ['--reconstruction', path]),
      '--reference',
      scan,
      '--output_dir',
      join(folder, 'scores'),
    ]);
    const lines = table.stdout.split('\n');
    expect(lines[0]).toBe('against scan.npz:');
    expect(lines[1]).toMatch(/ramped\.npz +spoilt\.npz$/);
    const mae = lines.find((line) => line.startsWith('  MAE'));
    expect(mae).toContain(`${bad.mae!.toPrecision(3)} rad`);
  });

  it('writes the picture, the metrics with their curves and a table for spreadsheets', async () => {
    const out = join(folder, 'files');
    await runProgram([
      'evaluate',
      '--reconstruction',
      whole,
      '--reference',
      scan,
      '--output_dir',
      out,
      '--quiet',
    ]);
    expect(readdirSync(out).sort()).toEqual(['comparison.png', 'metrics.csv', 'metrics.json']);
    expect(
      [...readFileSync(join(out, 'comparison.png')).subarray(1, 4)]
        .map((code) => String.fromCharCode(code))
        .join(''),
    ).toBe('PNG');
    const { reconstructions } = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as {
      reconstructions: {
        frcSide: number;
        phase: { frc: number[]; frc50: number };
        box: { height: number };
      }[];
    };
    expect(reconstructions).toHaveLength(1);
    const [{ frcSide, phase, box }] = reconstructions;
    expect(frcSide).toBe(box.height - 4);
    expect(phase.frc).toHaveLength(Math.round(Math.floor(frcSide / 2) * Math.SQRT2) + 1);
    for (const value of phase.frc.slice(1)) expect(value).toBeCloseTo(1, 6);
    const [header, amplitude, last] = readFileSync(join(out, 'metrics.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('reconstruction,quantity,mae,mse,psnr,ssim,msSsim,frc50,frc1over7,frcSide');
    expect(amplitude).toMatch(/^whole\.npz,amplitude,0,0,Infinity,1,1,/);
    expect(last).toMatch(/^whole\.npz,phase,0,0,Infinity,1,1,/);
  });

  it('takes an object that knows neither place nor patches', async () => {
    const bare = write('bare.npz', reconstructionOf(canvas, { origin: null, lit: null, positions: null }));
    const [{ metrics }] = await evaluated('--reconstruction', bare, '--reference', bare);
    expect(metrics.phase).toMatchObject({ mae: 0, ssim: 1 });
    const wide = readNpz(readFileSync(bare)).get('object') as NpyArray & { data: Float32Array };
    const doubled: NpyArray = { dtype: 'complex128', shape: wide.shape, data: Float64Array.from(wide.data) };
    const [same] = await evaluated(
      '--reconstruction',
      write('wide.npz', writeNpz([['object', doubled]])),
      '--reference',
      bare,
    );
    expect(same.metrics.amplitude).toMatchObject({ mae: 0, ssim: 1 });
  });
});

describe('evaluate refuses in one sentence', () => {
  const changed = (change: Readonly<Record<string, NpyArray | null>>) => () =>
    write('bad.npz', reconstructionOf(canvas, change));
  const square = (side: number): NpyArray => ({
    dtype: 'complex64',
    shape: [side, side],
    data: new Float32Array(2 * side * side).fill(1),
  });
  const real = (...shape: number[]): NpyArray => ({
    dtype: 'float64',
    shape,
    data: new Float64Array(shape.reduce((a, b) => a * b, 1)),
  });
  const nan: NpyArray = { dtype: 'complex64', shape: [64, 64], data: new Float32Array(8192).fill(NaN) };
  /** An array of 10^12 pixels by its header, in a file of some hundred bytes. */
  const absurd = (): Uint8Array => {
    const bytes = writeNpz([['object', square(16)]], { compress: false });
    const at = Buffer.from(bytes).indexOf("'shape': (16, 16), }");
    bytes.set(Buffer.from("'shape': (1000000, 1000000), }".padEnd(30)), at);
    return bytes;
  };

  it.each<[string, () => string, RegExp]>([
    ['a file that is not there', () => join(folder, 'gone.npz'), /gone\.npz: no such file/],
    ['a folder', () => folder, /is a folder, expected an NPZ file/],
    ['text', () => write('text.npz', Buffer.from('hello')), /text\.npz/],
    [
      'a missing object',
      changed({ object: null }),
      /object: is missing, the file holds origin, lit, positions/,
    ],
    [
      'a real object',
      changed({ object: real(64, 64) }),
      /object: received float64 values, expected complex64/,
    ],
    [
      'a stack',
      changed({ object: { dtype: 'complex64', shape: [2, 8, 8], data: new Float32Array(256) } }),
      /object: received shape \(2, 8, 8\)/,
    ],
    [
      'NaN',
      changed({ object: nan, lit: null, positions: null }),
      /object: received 8192 values that are NaN/,
    ],
    [
      'nothing lit',
      changed({
        object: { ...square(64), data: new Float32Array(8192) } as NpyArray,
        lit: null,
        positions: null,
      }),
      /object: received an object that is zero everywhere/,
    ],
    [
      'an absurd size',
      () => write('absurd.npz', absurd()),
      /object: received 1000000×1000000, expected at most/,
    ],
    [
      'an image of 12 px',
      changed({ object: square(12), lit: null, positions: null }),
      /reference: received a lit square of \d+ px in common/,
    ],
    ['a lit mask of another size', changed({ lit: real(3, 3) }), /lit: received shape \(3, 3\)/],
    ['an origin of three numbers', changed({ origin: real(3) }), /origin: received shape \(3\)/],
    [
      'a place far from the reference',
      changed({ origin: { dtype: 'float64', shape: [2], data: Float64Array.of(1e6, 0) } }),
      /reference: received a lit square of 0 px/,
    ],
    ['no positions', changed({ positions: real(0, 2) }), /positions: received 0 positions/],
  ])('%s', async (_, path, says) => {
    const out = join(folder, 'refused');
    const { code, stdout, stderr } = await runProgram([
      'evaluate',
      '--reconstruction',
      path(),
      '--reference',
      scan,
      '--output_dir',
      out,
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ptychofleet: --reconstruction [^\n]*[^.\n]\n$/);
    expect(stderr).toMatch(says);
    expect(readdirSync(folder)).not.toContain('refused');
  });

  it('a reference that holds no object', async () => {
    const reference = write('empty.npz', writeNpz([['probeGuess', square(8)]]));
    const { code, stderr } = await runProgram([
      'evaluate',
      '--reconstruction',
      whole,
      '--reference',
      reference,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^ptychofleet: --reference .*empty\.npz: object: received a file that holds probeGuess, expected .*objectGuess/,
    );
  });

  it('missing flags and too many files', async () => {
    expect(await runProgram(['evaluate', '--reference', scan])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--reconstruction'),
    });
    const many = Array.from({ length: 8 }, () => ['--reconstruction', whole]).flat();
    const { code, stderr } = await runProgram(['evaluate', ...many, '--reference', scan]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'ptychofleet: --reconstruction: received 8 files, expected 1 to 7; compare the others in a second call\n',
    });
  });
});
