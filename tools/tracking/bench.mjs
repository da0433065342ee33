import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createContext } from '../setup/places.mjs';
import { SetupProblem } from '../setup/problem.mjs';
import { providePython } from '../setup/python-environment.mjs';

export const context = createContext();
const here = path.join(context.root, 'tools/tracking');
const cli = path.join(context.root, 'apps/cli/bin/ptychofleet.js');

/** Python with the pinned MLflow and TensorBoard. */
export function trackingPython() {
  const constraints = path.join(here, 'constraints.txt');
  const how = { constraints, size: 'about 400 MB' };
  return providePython(context, 'tracking', path.join(here, 'requirements.txt'), how);
}

/** Runs the checks in a temporary folder, tells each, and ends with a line and a code that say whether all held. */
export async function runChecks(checks) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ptychofleet-tracking-'));
  const started = performance.now();
  let failed = 0;
  let passed = 0;
  const check = async (name, work) => {
    try {
      await work();
      passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  };
  try {
    await checks(folder, check);
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    process.stderr.write(`${error.message} ${error.remedy}\n`);
    process.exitCode = 2;
    return;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`\n${passed} passed, ${failed} failed (${seconds} s)`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

/** Starts the command line; `ended` resolves with its code and what it said. */
export function ptychofleet(args, env = {}) {
  const child = spawn(context.node, [cli, ...args], { env: { ...context.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return { child, ended };
}

export async function succeed(args, env) {
  const outcome = await ptychofleet(args, env).ended;
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome;
}

/** A training of seconds with two steps an epoch. */
export function trainArguments(scan, folder, epochs, ...more) {
  const fixed = ['--gridsize', '1', '--n_filters_scale', '1', '--batch_size', '16', '--accelerator', 'cpu'];
  return ['train', '--train_data_file', scan, '--output_dir', folder, '--max_epochs', String(epochs), '--workers', '1', ...fixed, ...more]; // prettier-ignore
}

/** Columns of metrics.csv as `[step, value]`, by name. */
export function metricsOf(folder) {
  const text = fs.readFileSync(path.join(folder, 'lightning_logs/version_0/metrics.csv'), 'utf8');
  const [header, ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const columns = header.slice(2).map((name, place) => {
    const cells = rows.filter((row) => row[place + 2] !== '');
    return [name, cells.map((row) => [Number(row[1]), Number(row[place + 2])])];
  });
  return new Map(columns.filter(([, values]) => values.length > 0));
}
