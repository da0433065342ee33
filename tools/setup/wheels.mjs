import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, lastLine, runCommand } from './commands.mjs';
import { isAlive } from './lock.mjs';
import { folderBytes, makeFolder, megabytes, readFolder } from './places.mjs';
import { SetupProblem } from './problem.mjs';

// What this belongs to in the list of parts that the user sees.
const part = 'libtensorflow';
const unpackScript = fileURLToPath(new URL('unpack_wheel.py', import.meta.url));
const noNetwork =
  /NewConnectionError|name resolution|Connection refused|timed out|ProxyError|Network is unreachable|getaddrinfo/i;

/**
 * The wheel of `pin` as a file with the pinned sha256: from the cache where it lies there, else through pip, which brings
 * the user's own index, mirror, proxy and certificates with it.
 * @returns {Promise<string>} path of the verified file
 */
export async function fetchWheel(context, pin, progress) {
  const file = wheelFile(context, pin);
  if (fs.existsSync(file)) {
    progress.start(part, () => `checking ${pin.file}`);
    if ((await sha256Of(file)) === pin.sha256) return file;
    throw new SetupProblem(
      `The file ${file} does not have the sha256 ${pin.sha256} that ${pin.package} ${pin.version} must have.`,
      'Delete it, and set-up downloads it again.',
    );
  }
  const python = await requirePip(context, pin);
  const staging = makeStaging(context);
  const title = `${pin.package} ${pin.version}`;
  const total = megabytes(pin.bytes);
  progress.start(part, () => `downloading ${title}: ${megabytes(folderBytes(staging))} of ${total}`);
  const result = await runPip(context, python, pin, staging);
  if (result.code !== 0) throw pipProblem(context, pin, result);
  const found = readFolder(staging).find((entry) => entry.name.endsWith('.whl'));
  const fresh = path.join(staging, found?.name ?? pin.file);
  if (!found || (await sha256Of(fresh)) !== pin.sha256) {
    throw new SetupProblem(
      `What pip downloaded for ${pin.package} ${pin.version} does not have the pinned sha256 ${pin.sha256}.`,
      'Check the package index or mirror that pip is set to (python3 -m pip config list).',
    );
  }
  makeFolder(path.dirname(file));
  fs.renameSync(fresh, file);
  progress.done(part, `${title} downloaded, ${total}`);
  fs.rmSync(staging, { recursive: true, force: true });
  return file;
}

export function wheelFile(context, pin) {
  return path.join(context.cache, 'wheels', pin.file);
}

/** Unpacks the entries below `prefixes` into a new staging folder and returns it; the caller renames what it wants out of it. */
export async function unpackWheel(context, pin, wheel, prefixes, progress) {
  const staging = makeStaging(context);
  const title = `${pin.package} ${pin.version}`;
  const total = megabytes(pin.unpackedBytes);
  progress.start(part, () => `unpacking ${title}: ${megabytes(folderBytes(staging))} of ${total}`);
  const python = findProgram('python3', context.env);
  if (!python) throw noPython(context, pin);
  const result = await runCommand(python, [unpackScript, wheel, staging, ...prefixes]);
  if (result.code === 0) return staging;
  const why = lastLine(result.stderr);
  if (/No space left/.test(why)) throw diskFull(context);
  throw new SetupProblem(
    `${path.basename(wheel)} could not be unpacked: ${why}.`,
    `Delete ${wheel} and try again.`,
  );
}

/** Staging folders carry their owner's name, so that a later set-up can tell the leftovers of a killed one from live ones. */
export function makeStaging(context) {
  const parent = path.join(context.cache, 'staging');
  makeFolder(parent);
  return fs.mkdtempSync(path.join(parent, `${os.hostname()}-${process.pid}-`));
}

export function removeAbandonedStaging(context) {
  const parent = path.join(context.cache, 'staging');
  for (const entry of readFolder(parent)) {
    const owner = /^(.*)-(\d+)-[^-]*$/.exec(entry.name);
    if (owner === null || owner[1] !== os.hostname()) continue;
    const pid = Number(owner[2]);
    if (pid === process.pid || isAlive(pid)) continue;
    fs.rmSync(path.join(parent, entry.name), { recursive: true, force: true });
  }
}

async function requirePip(context, pin) {
  const python = findProgram('python3', context.env);
  if (!python) throw noPython(context, pin);
  const result = await runCommand(python, ['-m', 'pip', '--version'], { env: context.env });
  if (result.code === 0) return python;
  throw new SetupProblem(
    `${python} has no pip, which fetches ${pin.package} ${pin.version} (${lastLine(result.stderr)}).`,
    `Install it (Debian, Ubuntu: apt install python3-pip), ${otherWays(context, pin)}.`,
  );
}

function noPython(context, pin) {
  return new SetupProblem(
    `There is no python3 on PATH, and its pip fetches ${pin.package} ${pin.version}.`,
    `Install it (Debian, Ubuntu: apt install python3 python3-pip), ${otherWays(context, pin)}.`,
  );
}

function otherWays(context, pin) {
  return `or put ${pin.file} into ${path.join(context.cache, 'wheels')}, or name a TensorFlow C library of your own with PTYCHOFLEET_LIBTENSORFLOW`;
}

async function runPip(context, python, pin, staging) {
  const requirements = path.join(staging, 'requirements.txt');
  fs.writeFileSync(requirements, `${pin.package}==${pin.version} --hash=sha256:${pin.sha256}\n`);
  // The wheel is only a container of a C library here: whichever Python runs pip, the one that the hash belongs to is asked for.
  const target = ['--implementation', 'cp', '--python-version', '3.11', '--platform', pin.platform];
  const flags = [
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--no-cache-dir',
    '--progress-bar',
    'off',
  ];
  const args = ['-m', 'pip', 'download', '--quiet', ...flags, ...target, '-r', requirements, '-d', staging];
  // pip assembles the file in TMPDIR first, and /tmp is often a small memory disk.
  const env = { ...context.env, TMPDIR: staging, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  return runCommand(python, args, { env });
}

function pipProblem(context, pin, result) {
  if (/No space left/.test(result.stderr)) return diskFull(context);
  const offline = noNetwork.test(result.stderr);
  const why = offline ? 'the package index cannot be reached' : lastLine(result.stderr);
  return new SetupProblem(
    `pip could not download ${pin.package} ${pin.version}: ${why}.`,
    `${offline ? 'Connect to the network, or set pip to your mirror or proxy' : 'Try again'}, ${otherWays(context, pin)}.`,
  );
}

/** Refuses to begin what cannot end: the wheels that are still to come, unpacked, and the largest of them packed. */
export function requireSpace(context, pins) {
  const unpacked = pins.reduce((sum, pin) => sum + pin.unpackedBytes, 0);
  const needed = unpacked + Math.max(0, ...pins.map((pin) => pin.bytes));
  makeFolder(context.cache);
  const disk = fs.statfsSync(context.cache);
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return;
  throw new SetupProblem(
    `${context.cache} has ${megabytes(free)} free, and TensorFlow's C library needs ${megabytes(needed)} while it is unpacked.`,
    'Free some space, or name another folder with PTYCHOFLEET_CACHE_DIR.',
  );
}

export function diskFull(context) {
  return new SetupProblem(
    `The disk that holds ${context.cache} or ${context.root} is full.`,
    'Free some space (or name another cache folder with PTYCHOFLEET_CACHE_DIR) and run the same command again.',
  );
}

async function sha256Of(file) {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
