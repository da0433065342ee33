#!/usr/bin/env node
// The one file that runs before anything is known to be installed: `doctor` must work then, and the rest must say what to do.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Coordinator and worker are apps of their own; their commands start them in this very process.
const apps = { coordinator: '../../coordinator/dist/main.js', worker: '../../worker/dist/main.js' };
const app = Object.hasOwn(apps, process.argv[2] ?? '') ? apps[process.argv[2]] : undefined;
const main = new URL(app ?? '../dist/main.js', import.meta.url);

if (process.argv[2] === 'doctor') {
  const { runDoctor } = await import('../../../tools/setup/doctor.mjs');
  process.exitCode = await runDoctor(process.argv.slice(3));
} else if (!existsSync(main) || !existsSync(new URL('../../../node_modules', import.meta.url))) {
  process.stderr.write(`PtychoFleet is not set up yet: run "npm run setup" in ${root} first.\n`);
  process.exitCode = 2;
} else {
  if (app !== undefined) process.argv.splice(2, 1);
  await import(main.href);
}
