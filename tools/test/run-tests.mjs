// Runs the whole test suite and ends with one line that a person or a script can read: "N passed, N failed[, N skipped]".
// Arguments go to vitest: npm test -- libs/run
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');

/**
 * @param {readonly string[]} args more arguments for vitest, such as a folder
 * @returns {Promise<{ok: boolean, line: string}>} `line` is the closing line, not yet printed
 */
export async function runTests(args) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ptychofleet-tests-'));
  const report = path.join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await vitestExitCode(['run', ...reporters, ...args]);
    return verdict(readReport(report), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function vitestExitCode(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit' });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Counts what vitest reports, and counts as failed what has no test of its own to fail: a file that does not load, an error
 * outside any test, a run without tests or without a report. So "0 failed" is never printed for a run that is not green.
 */
export function verdict(report, code) {
  if (report === null) return { ok: false, line: '0 passed, 1 failed' };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  let failed = report.numFailedTests + brokenFiles.length;
  if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;
  return {
    ok: failed === 0,
    line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { ok, line } = await runTests(process.argv.slice(2));
  process.stdout.write(`\n${line}\n`);
  process.exitCode = ok ? 0 : 1;
}
