import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeScan, simulateScan } from '@ptychofleet/data';
import { afterAll, vi } from 'vitest';
import { exitCodeOf } from './exit-code.ts';
import { createProgram } from './program.ts';
import { simulationOf } from './simulate.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the command line says and ends with, in this process, as `main.ts` runs it. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const out = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => ((stdout += String(text)), true));
  const err = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => ((stderr += String(text)), true));
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const json = args.includes('--json');
  let code = 0;
  try {
    await createProgram(() => new AbortController().signal, json).parseAsync(args, { from: 'user' });
  } catch (error) {
    code = exitCodeOf(error, json);
  } finally {
    out.mockRestore();
    err.mockRestore();
    vi.unstubAllEnvs();
  }
  return { code, stdout, stderr };
}

/** A folder with a small scan, removed after the tests of the file. */
export function benchWithScan(): {
  readonly folder: string;
  readonly scan: string;
  file(name: string, text: string): string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'ptychofleet-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const scan = join(folder, 'scan.npz');
  const simulation = {
    ...{ N: 64, object: 'star', objectSide: 96, probe: 'disk', scan: 'jittered' },
    ...{ count: 16, photons: 1e6, noise: false, seed: 1 },
  };
  writeFileSync(scan, encodeScan(simulateScan(simulationOf(simulation))));
  return {
    folder,
    scan,
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}
