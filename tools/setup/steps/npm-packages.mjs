import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { findProgram, lastLine, runCommand } from '../commands.mjs';
import { readJson, stateFile, writeJson } from '../places.mjs';
import { SetupProblem } from '../problem.mjs';
import { diskFull } from '../wheels.mjs';

const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
const noNetwork = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;

/** node_modules as package-lock.json says. */
export const npmPackages = {
  name: 'npm packages',
  check(context) {
    const installed = path.join(context.root, 'node_modules', '.package-lock.json');
    const ok = fs.existsSync(installed) && (stampMatches(context) || installedMatches(context, installed));
    return {
      ok,
      version: ok ? `${Object.keys(readJson(installed)?.packages ?? {}).length} packages` : null,
      path: path.join(context.root, 'node_modules'),
      problem: 'node_modules is absent or differs from package-lock.json.',
      remedy: 'Run npm run setup, which runs npm ci.',
    };
  },
  async run(context, progress) {
    const npm = npmCommand(context);
    progress.start(this.name, () => 'npm ci');
    const result = await installPackages(npm);
    if (result.code !== 0) throw npmProblem(context, result);
    writeJson(stateFile(context, 'npm-packages.json'), { lock: lockDigest(context) });
  },
};

/**
 * One question to the registry first: without network npm asks for hundreds of packages in vain, which takes minutes, while its
 * own cache may hold them all. With network, old index pages are good enough, since the lock file names every version and hash.
 */
async function installPackages(npm) {
  const ping = await npm.run(['ping', '--fetch-retries=0', '--fetch-timeout=20000']);
  if (ping.code !== 0 && noNetwork.test(ping.stderr)) return npm.run([...install, '--offline']);
  const result = await npm.run([...install, '--prefer-offline']);
  if (!/ETARGET|ENOVERSIONS|notarget/.test(result.stderr)) return result;
  return npm.run([...install, '--prefer-online']);
}

function lockDigest(context) {
  const lock = fs.readFileSync(path.join(context.root, 'package-lock.json'));
  return crypto.createHash('sha256').update(lock).digest('hex');
}

function stampMatches(context) {
  return readJson(stateFile(context, 'npm-packages.json'))?.lock === lockDigest(context);
}

/**
 * A developer who ran `npm install` has the right tree without our stamp. npm writes its own record when it is through, so comparing
 * that with the lock file spares a needless `npm ci`. Packages for other platforms are optional and rightly absent.
 */
function installedMatches(context, installed) {
  const present = readJson(installed)?.packages;
  const wanted = readJson(path.join(context.root, 'package-lock.json'))?.packages;
  if (!present || !wanted) return false;
  const same = (place) =>
    present[place].version === wanted[place].version && present[place].integrity === wanted[place].integrity;
  const matches = Object.keys(wanted)
    .filter((place) => place !== '')
    .every((place) => (place in present ? same(place) : wanted[place].optional === true));
  if (matches) writeJson(stateFile(context, 'npm-packages.json'), { lock: lockDigest(context) });
  return matches;
}

/** The npm that started us, else the one on PATH; each with the Node that runs us. */
function npmCommand(context) {
  const script = context.env.npm_execpath;
  if (script?.endsWith('.js') && fs.existsSync(script)) {
    return {
      run: (args) => runCommand(context.node, [script, ...args], { cwd: context.root, env: context.env }),
    };
  }
  const program = findProgram('npm', context.env);
  if (program) return { run: (args) => runCommand(program, args, { cwd: context.root, env: context.env }) };
  throw new SetupProblem(
    'There is no npm on PATH.',
    'Install Node with npm, or run set-up as "npm run setup".',
  );
}

function npmProblem(context, result) {
  if (/ENOSPC|no space left/i.test(result.stderr)) return diskFull(context);
  const offline = noNetwork.test(result.stderr) || /ENOTCACHED/.test(result.stderr);
  const lines = result.stderr.split('\n').filter((line) => !/A complete log|npm warn/.test(line));
  const why = offline ? 'the npm registry cannot be reached' : lastLine(lines.join('\n'));
  return new SetupProblem(
    `npm ci failed: ${why}.`,
    offline
      ? 'Connect to the network, set npm to your mirror or proxy (npm config set registry ...), or copy node_modules here.'
      : 'Run npm ci to see the whole message.',
  );
}
