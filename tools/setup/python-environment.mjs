import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { findProgram, lastLine, runCommand } from './commands.mjs';
import { makeFolder } from './places.mjs';
import { SetupProblem } from './problem.mjs';

/**
 * The interpreter of a virtual environment with pinned packages, in the cache folder: one per list of packages, made once.
 * @param {string} name folder below the cache, for people
 * @param {string} requirements file with one pinned package a line
 * @param {{constraints?: string, size: string}} how versions of what those need, and how much is downloaded, for people
 */
export async function providePython(context, name, requirements, { constraints, size }) {
  const lists = [requirements, ...(constraints ? [constraints] : [])];
  const hash = crypto.createHash('sha256');
  for (const list of lists) hash.update(fs.readFileSync(list));
  const folder = path.join(context.cache, name, hash.digest('hex').slice(0, 12));
  const python = path.join(folder, 'bin', 'python');
  const complete = path.join(folder, 'complete');
  if (fs.existsSync(complete)) return python;
  const system = findProgram('python3', context.env);
  if (!system)
    throw new SetupProblem('python3 is not on PATH.', 'Install Python 3.10 to 3.13 with venv and pip.');
  makeFolder(path.dirname(folder));
  console.log(`installing ${path.relative(context.root, requirements)} into ${folder} (${size}, once)`);
  const bounds = constraints ? ['--constraint', constraints] : [];
  for (const [program, ...args] of [
    [system, '-m', 'venv', '--clear', folder],
    [python, '-m', 'pip', 'install', '--quiet', '--requirement', requirements, ...bounds],
  ]) {
    const { code, stderr } = await runCommand(program, args, { env: context.env });
    if (code === 0) continue;
    throw new SetupProblem(
      `${path.basename(program)} ${args.slice(0, 3).join(' ')} failed: ${lastLine(stderr)}.`,
      `Check pip (python3 -m pip config list), or install ${requirements} by hand.`,
    );
  }
  fs.writeFileSync(complete, '');
  return python;
}
