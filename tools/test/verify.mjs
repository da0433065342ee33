// Everything that must hold before a change is merged: node tools/test/verify.mjs (npm run verify, .ci/run).
// Checks come in order of speed, all of them run, and the tests' closing line stays the last one.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './run-tests.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tool = (...place) => path.join(root, 'node_modules', ...place);

/** Tools are called by their files: what is on PATH or in a global folder is not what this repository pins. */
const checks = [
  {
    name: 'format',
    script: tool('prettier', 'bin', 'prettier.cjs'),
    args: ['--check', '--log-level=warn', '.'],
  },
  { name: 'api lint', script: tool('@bufbuild', 'buf', 'bin', 'buf'), args: ['lint'] },
  { name: 'types', script: tool('typescript', 'bin', 'tsc'), args: ['-p', 'tsconfig.test.json'] },
  { name: 'docs', script: path.join(root, 'tools', 'docs', 'generate.mjs'), args: ['--check'] },
  { name: 'lint', script: tool('eslint', 'bin', 'eslint.js'), args: ['.', '--max-warnings=-1'] },
];

const results = [];
for (const check of checks) results.push(await timed(check.name, () => run(check)));

let closing = '';
// CI runs the tests by themselves afterwards, as a user would.
if (!process.argv.includes('--static')) {
  results.push(
    await timed('tests', async () => {
      const { ok, line } = await runTests(process.argv.slice(2));
      closing = line;
      return ok;
    }),
  );
}

process.stdout.write('\n');
for (const { name, ok, seconds } of results) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.padStart(6)} s\n`);
}
if (closing !== '') process.stdout.write(`\n${closing}\n`);
process.exitCode = results.every((result) => result.ok) ? 0 : 1;

async function timed(name, work) {
  process.stdout.write(`\n== ${name}\n`);
  const startedMs = performance.now();
  const ok = await work();
  return { name, ok, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
}

function run({ script, args }) {
  return new Promise((resolve) => {
    const env = { ...process.env, NX_DAEMON: 'false' };
    const child = spawn(process.execPath, [script, ...args], { cwd: root, env, stdio: 'inherit' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
