import { describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// The driver's own list: TensorFlow itself takes seconds to say that there is nothing.
const present = fs.existsSync('/dev/nvidia0');
const script = fileURLToPath(new URL('./gradients.mjs', import.meta.url));
const run = promisify(execFile);

interface Report {
  device: string;
  loss: number;
  digests: string[];
}

async function gradients(environment: Record<string, string>, ...options: string[]): Promise<Report> {
  const { stdout } = await run(process.execPath, [script, ...options], {
    env: { ...process.env, ...environment },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Report;
}

describe.skipIf(!present)(`on a GPU${present ? '' : ' (skipped: no /dev/nvidia0 here)'}`, () => {
  it('gradients repeat bit by bit, in one process and in the next', { timeout: 120_000 }, async () => {
    const options = ['--width', '2', '--gridsize', '1', '--groups', '16', '--repeats', '5'];
    const [first, second] = [await gradients({}, ...options), await gradients({}, ...options)];
    expect(first.device, 'set up with PTYCHOFLEET_ACCELERATOR=cuda npm run setup').toBe('gpu');
    expect(first.digests).toHaveLength(1);
    expect(second.digests).toEqual(first.digests);
  });

  it('gradients agree with the CPU to float32', { timeout: 120_000 }, async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ptychofleet-gpu-'));
    try {
      const files = ['gpu', 'cpu'].map((device) => path.join(folder, device));
      const options = ['--width', '1', '--gridsize', '2', '--groups', '4'];
      await gradients({}, ...options, '--write', files[0]);
      await gradients({ CUDA_VISIBLE_DEVICES: '-1' }, ...options, '--write', files[1]);
      const [gpu, cpu] = files.map((file) => new Float32Array(new Uint8Array(fs.readFileSync(file)).buffer));
      let [difference, size] = [0, 0];
      gpu.forEach((value, i) => {
        difference += (value - cpu[i]) ** 2;
        size += cpu[i] ** 2;
      });
      expect(Math.sqrt(difference / size)).toBeLessThan(1e-4);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
