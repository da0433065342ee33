// `npm run bench`: side-by-side measurements; each compares two things in one run and prints ratios. What was measured is
// appended to docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createContext, makeFolder } from '../tools/setup/places.mjs';
import { SetupProblem } from '../tools/setup/problem.mjs';
import { benchArguments, usage } from './arguments.mjs';
import { table } from './measure.mjs';

function heading(context) {
  const git = (...args) => execFileSync('git', args, { cwd: context.root, encoding: 'utf8' }).trim();
  // Results of a bench before this one are no change to what is measured.
  const status = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs/benchmarks.md');
  const changed = status === '' ? '' : ' with local changes';
  const cpus = os.cpus();
  const load = os.loadavg()[0].toFixed(1);
  return `## ${new Date().toISOString().slice(0, 16).replace('T', ' ')} · ${git('rev-parse', '--short', 'HEAD')}${changed}\n\n${cpus.length} × ${cpus[0].model}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}, load ${load} at the start${context.short ? ', short form' : ''}.\n`;
}

function profileFolder(name) {
  const folder = path.resolve(name);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new SetupProblem(`--profile: ${folder} cannot be made (${error.code}).`, 'Name another folder.');
  }
  return folder;
}

async function main() {
  const { help, only, short, record, profile } = benchArguments(process.argv.slice(2));
  if (help) return console.log(usage);
  const root = createContext();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ptychofleet-bench-'));
  const bench = (name) => path.join(root.root, 'bench', name);
  const profiles = profile === null ? null : profileFolder(profile);
  const context = { ...root, folder, short, profiles, bench };
  const head = heading(context);
  const sections = [];
  try {
    for (const name of only) {
      const { run, title } = await import(`./${name}.mjs`);
      process.stderr.write(`${title} …\n`);
      try {
        const text = `### ${title}\n\n${table(await run(context))}\n`;
        sections.push(text);
        console.log(`\n${text}`);
      } catch (error) {
        process.exitCode = 1;
        process.stderr.write(`bench ${name} failed: ${error.message}\n`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (record && sections.length > 0) {
    appendFileSync(path.join(root.root, 'docs/benchmarks.md'), `\n${[head, ...sections].join('\n')}`);
  }
}

await main().catch((error) => {
  if (!(error instanceof SetupProblem)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exitCode = 2;
});
