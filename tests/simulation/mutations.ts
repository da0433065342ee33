import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants, type Mutant } from './mutants.ts';

const schedules = 2000;
const timeoutMs = 900_000;
const root = fileURLToPath(new URL('../../', import.meta.url));
const page = path.join(root, 'docs', 'simulation.md');
const marks = ['<!-- mutations: begin -->', '<!-- mutations: end -->'] as const;

interface Caught {
  readonly seed: number;
  readonly failure: string;
  readonly command: string;
}

/** Runs the simulator with a bug planted; null when all schedules pass all the same. */
function hunt({ edits }: Mutant, folder: string): Caught | null {
  const file = path.join(folder, 'mutation.json');
  writeFileSync(file, JSON.stringify(edits));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...process.execArgv, 'tests/simulation/main.ts', '--count', String(schedules), '--json'],
    {
      cwd: root,
      env: { ...process.env, SIMULATION_MUTATION: file },
      encoding: 'utf8',
      timeout: timeoutMs,
    },
  );
  if (status === 0) return null;
  // Anything but a verdict means that the mutation itself is broken, which must not count as caught.
  if (status !== 1 || !stdout.startsWith('{')) throw new Error(`the simulator gave no verdict: ${stderr}`);
  const { seed, smallest } = JSON.parse(stdout) as { seed: number; smallest: Omit<Caught, 'seed'> };
  return { seed, ...smallest };
}

function row({ bug, edits }: Mutant, caught: Caught | null): string {
  const { file } = edits[0];
  if (caught === null) return `| ${bug} | \`${file}\` | **not caught** | | |`;
  const failure = caught.failure.replace(/sha256:([0-9a-f]{6})[0-9a-f]+/g, '$1…');
  return `| ${bug} | \`${file}\` | ${caught.seed} | ${failure} | \`${caught.command.replace('npm run sim -- ', '')}\` |`;
}

const folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-mutations-'));
try {
  const lines = [
    '| planted bug | in | first seed | what says so | smallest schedule |',
    '| - | - | - | - | - |',
  ];
  let missed = 0;
  for (const mutant of mutants) {
    const caught = hunt(mutant, folder);
    if (caught === null) missed += 1;
    lines.push(row(mutant, caught));
    console.info(`${caught === null ? 'NOT CAUGHT' : 'caught    '}  ${mutant.bug}: ${caught?.failure ?? ''}`);
  }
  console.info(`${mutants.length - missed} of ${mutants.length} planted bugs caught`);
  if (process.argv.includes('--write')) {
    const text = readFileSync(page, 'utf8');
    const [start, end] = [text.indexOf(marks[0]) + marks[0].length, text.indexOf(marks[1])];
    writeFileSync(page, `${text.slice(0, start)}\n\n${lines.join('\n')}\n\n${text.slice(end)}`);
  }
  process.exitCode = missed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
