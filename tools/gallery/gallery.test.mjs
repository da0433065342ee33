import { describe, expect, it } from 'vitest';
import { galleryPage } from './page.mjs';
import { scans } from './scans.mjs';
import { stepsDone, stepsOf } from './steps.mjs';

const scan = {
  name: 'star',
  file: 'star.npz',
  title: 'A star',
  about: 'Measured.',
  train: { n_images: 512, max_epochs: 40 },
  infer: {},
};
const steps = stepsOf(scan, { out: 'out/gallery', data: '../shared/data', changed: {} });
const doneWith = (list) =>
  Object.fromEntries(list.map(({ name, args }) => [name, { args, seconds: 120, machine: 'a machine' }]));
const everything = () => true;

describe('the steps of a scan', () => {
  it('feed one another', () => {
    const [train, infer, evaluate] = steps.map(({ args }) => args.join(' '));
    expect(train).toContain(
      `--train_data_file ../shared/data/${scan.file} --output_dir out/gallery/${scan.name}`,
    );
    expect(infer).toContain(`--model_path out/gallery/${scan.name} `);
    expect(evaluate).toContain(`--reconstruction ${steps[1].result}`);
  });

  it('take the settings of a quick run in the place of their own', () => {
    const [{ args }] = stepsOf(scan, { out: 'o', data: 'd', changed: { max_epochs: 1 } });
    expect(args.filter((word) => word === '--max_epochs')).toHaveLength(1);
    expect(args[args.indexOf('--max_epochs') + 1]).toBe('1');
  });

  it('are done up to the first that was not run like this, or whose result is gone', () => {
    const record = doneWith(steps);
    expect(stepsDone(steps, null, everything)).toBe(0);
    expect(stepsDone(steps, record, everything)).toBe(3);
    expect(stepsDone(steps, doneWith(steps.slice(0, 1)), everything)).toBe(1);
    expect(stepsDone(steps, record, (file) => file !== steps[1].result)).toBe(1);
    const longer = stepsOf(scan, { out: 'out/gallery', data: '../shared/data', changed: { max_epochs: 99 } });
    expect(stepsDone(longer, record, everything)).toBe(0);
  });
});

describe('the table of scans', () => {
  it('has names that are names of files, each once', () => {
    for (const { name } of scans) expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(new Set(scans.map(({ name }) => name)).size).toBe(scans.length);
  });
});

describe('the page', () => {
  const quantity = { ssim: 0.91234, msSsim: 0.5, psnr: 66.07, mae: 0.0991, frc50: 12.34 };
  const metrics = {
    reconstructions: [
      { amplitude: { ...quantity, psnr: null, ssim: null }, phase: { ...quantity, frc50: 99 }, frcSide: 156 },
    ],
  };
  const where = { images: 'images/gallery', command: 'npm run gallery' };

  it('shows figures, picture and commands of what has been run', () => {
    const page = galleryPage([{ scan, steps, record: doneWith(steps), metrics }], where);
    expect(page).toContain(
      `| ${scan.title} | 512 × 40 | 2 min | amplitude | none | 0.500 | ∞ | 0.0991 | 12.3 of 78 rings |`,
    );
    expect(page).toContain('|  |  |  | phase | 0.912 | 0.500 | 66.1 dB | 0.0991 rad | beyond Nyquist |');
    expect(page).toContain(`](images/gallery/${scan.name}.png)`);
    expect(page).toContain(`npx ptychofleet ${steps[0].args.join(' ')}`);
    expect(page).toContain('Measured on: a machine.');
  });

  it('claims nothing of what has not', () => {
    const page = galleryPage([{ scan, steps, record: null, metrics: null }], where);
    expect(page).toContain('_Not run yet._');
    expect(page).not.toMatch(/## Figures|\.png/);
  });
});
