import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { tensorflowVersion, wheelSets } from './pins.mjs';
import { readFolder, readJson, stateFile, writeJson } from './places.mjs';
import { SetupProblem } from './problem.mjs';

/**
 * Which TensorFlow C library this clone uses.
 * @typedef {{kind: 'wheels', accelerator: 'cpu'|'cuda', wheels: object[], untried: boolean, home: string}
 *   | {kind: 'own', folder: string}} LibraryChoice
 *
 * A library that is in place.
 * @typedef {{files: [name: string, target: string][], include: string, nvidia: string|null, identity: string,
 *   version: string|null, folder: string}} Library
 */

/**
 * From the environment, else as this clone was set up before (else the next plain `npm test` would undo a CUDA set-up), else CPU.
 * @returns {LibraryChoice}
 */
export function chooseLibrary(context) {
  const { PTYCHOFLEET_LIBTENSORFLOW: own, PTYCHOFLEET_ACCELERATOR: accelerator } = context.env;
  if (own) return { kind: 'own', folder: path.resolve(own) };
  if (accelerator && accelerator !== 'auto') return wheelChoice(context, accelerator);
  const remembered = readJson(stateFile(context, 'library.json'));
  if (remembered?.folder) return { kind: 'own', folder: remembered.folder };
  return wheelChoice(context, remembered?.accelerator ?? 'cpu');
}

export function rememberChoice(context, choice) {
  const value = choice.kind === 'own' ? { folder: choice.folder } : { accelerator: choice.accelerator };
  const file = stateFile(context, 'library.json');
  if (JSON.stringify(readJson(file)) !== JSON.stringify(value)) writeJson(file, value);
}

/** Runs read the same variable, whose words they take from upstream; `gpu` means CUDA there, too. */
function wheelChoice(context, word) {
  const accelerator = word === 'gpu' ? 'cuda' : word;
  if (!Object.hasOwn(wheelSets, accelerator)) {
    throw new SetupProblem(
      `PTYCHOFLEET_ACCELERATOR is "${word}", and set-up knows auto, cpu, cuda and gpu.`,
      'Set it to one of them, or leave it unset.',
    );
  }
  const set = wheelSets[accelerator][process.arch];
  if (process.platform !== 'linux' || !set) throw unsupported(accelerator);
  const key = `tensorflow-${accelerator}-${tensorflowVersion}-${process.arch}`;
  const home = path.join(context.cache, 'libtensorflow', key);
  return { kind: 'wheels', accelerator, wheels: set.wheels, untried: set.untried === true, home };
}

function unsupported(accelerator) {
  return new SetupProblem(
    `TensorFlow's C library for ${accelerator} is set up on Linux x86-64 (and for cpu, untried, on Linux aarch64) only; this is ${process.platform} ${process.arch}.`,
    'Use a Linux machine, a Linux container, or WSL 2.',
  );
}

/**
 * The chosen library if it is complete on this disk, else null.
 * @returns {Library|null}
 */
export function locateLibrary(choice) {
  return choice.kind === 'own' ? locateOwn(choice.folder) : locateUnpacked(choice);
}

/** The stamp is written before the folder gets its final name, so a folder of that name with it is complete. */
function locateUnpacked(choice) {
  const stamp = readJson(path.join(choice.home, 'stamp.json'));
  const wanted = choice.wheels.map((pin) => pin.sha256).join(' ');
  if (stamp?.wheels !== wanted) return null;
  const folder = path.join(choice.home, 'tensorflow');
  const files = libraryFiles(folder);
  const intact = files.every(([name, target]) => fs.statSync(target).size === stamp.bytes[name]);
  if (!intact || files.length !== Object.keys(stamp.bytes).length) return null;
  const nvidia = path.join(choice.home, 'nvidia');
  return {
    files,
    folder,
    include: path.join(folder, 'include'),
    nvidia: fs.existsSync(nvidia) ? nvidia : null,
    identity: `${choice.accelerator} ${wanted}`,
    version: tensorflowVersion,
  };
}

/** Both layouts that exist: lib/ and include/ of TensorFlow's C archive, and the `tensorflow` folder of a Python installation. */
function locateOwn(folder) {
  const lib = path.join(folder, 'lib');
  const files = libraryFiles(fs.existsSync(lib) ? lib : folder);
  const include = path.join(folder, 'include');
  if (
    !files.some(([name]) => isMain(name)) ||
    !fs.existsSync(path.join(include, 'tensorflow', 'c', 'c_api.h'))
  ) {
    return null;
  }
  const nvidia = path.join(folder, '..', 'nvidia');
  const sizes = files.map(([name, target]) => `${name} ${fs.statSync(target).size}`);
  return {
    files,
    folder,
    include,
    nvidia: fs.existsSync(nvidia) ? nvidia : null,
    identity: `own ${folder} ${sizes.join(' ')}`,
    version: null,
  };
}

export function libraryFiles(folder) {
  return readFolder(folder)
    .filter((entry) => /^libtensorflow(_cc|_framework)?\.so(\.\d+)*$/.test(entry.name))
    .map((entry) => [entry.name, path.join(folder, entry.name)])
    .filter(([, target]) => fs.existsSync(target));
}

/** The library that exports TF_* and TFE_*: libtensorflow_cc in a wheel, libtensorflow in the C archive. */
export function isMain(name) {
  return /^libtensorflow(_cc)?\.so/.test(name);
}

export function shortHash(parts) {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}
