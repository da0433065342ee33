import fs from 'node:fs';
import path from 'node:path';
import { chooseLibrary, libraryFiles, locateLibrary, rememberChoice } from '../library.mjs';
import { withLock } from '../lock.mjs';
import { makeFolder, readFolder, readJson, sizeOf, writeJson } from '../places.mjs';
import { SetupProblem } from '../problem.mjs';
import { fetchWheel, removeAbandonedStaging, requireSpace, unpackWheel, wheelFile } from '../wheels.mjs';

// Of the 8573 headers in the wheel the binding reads 14; all of them would be 188 MB of small files on a shared file system.
const wantedEntries = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/THIRD_PARTY_NOTICES.txt',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
  'nvidia/',
];

/** TensorFlow's C library: out of a Python wheel, in the cache folder that all clones share, or one that the user names. */
export const libtensorflow = {
  name: 'libtensorflow',
  check(context) {
    const choice = chooseLibrary(context);
    const library = locateLibrary(choice);
    const own = choice.kind === 'own';
    return {
      ok: library !== null,
      version: own ? 'own' : `${choice.accelerator} ${choice.wheels[0].version}`,
      path: own ? choice.folder : choice.home,
      problem: own
        ? `The TensorFlow C library was to be in ${choice.folder} (PTYCHOFLEET_LIBTENSORFLOW), which does not hold lib/libtensorflow*.so and include/tensorflow/c/c_api.h.`
        : `TensorFlow's C library is not in ${choice.home}.`,
      remedy: own
        ? "Name a folder unpacked from TensorFlow's C archive or the tensorflow folder of a Python installation; PTYCHOFLEET_ACCELERATOR=cpu goes back to the downloaded one."
        : 'Run npm run setup, which downloads it through pip.',
    };
  },
  async run(context, progress) {
    const choice = chooseLibrary(context);
    if (choice.kind === 'own') {
      const found = this.check(context);
      throw new SetupProblem(found.problem, found.remedy);
    }
    requireGlibc();
    if (choice.untried)
      progress.note(`Nobody has tried TensorFlow ${choice.wheels[0].version} on ${process.arch} yet.`);
    const waiting = () =>
      progress.start(this.name, () => 'another set-up is filling the cache; waiting for it');
    await withLock(path.join(context.cache, 'setup.lock'), waiting, async () => {
      removeAbandonedStaging(context);
      if (locateLibrary(choice) === null) await unpackAll(context, choice, progress);
    });
  },
  /** Said once the rest works, too: a choice that failed is not remembered. */
  remember: (context) => rememberChoice(context, chooseLibrary(context)),
};

/**
 * Wheel by wheel into one site-packages layout, each with a stamp of its own: gigabytes of CUDA wheels go on after Ctrl-C where
 * they stopped. Only the last rename gives the folder the name that is looked for.
 */
async function unpackAll(context, choice, progress) {
  const partial = `${choice.home}.partial`;
  const stampOf = (pin) => path.join(partial, 'stamps', `${pin.package}.json`);
  const missing = choice.wheels.filter((pin) => readJson(stampOf(pin))?.sha256 !== pin.sha256);
  requireSpace(context, missing);
  for (const pin of missing) {
    const wheel = await fetchWheel(context, pin, progress);
    const staging = await unpackWheel(context, pin, wheel, wantedEntries, progress);
    moveInto(staging, partial);
    writeJson(stampOf(pin), { sha256: pin.sha256 });
    if (context.env.PTYCHOFLEET_KEEP_WHEEL !== '1') fs.rmSync(wheelFile(context, pin), { force: true });
    progress.done('libtensorflow', `${pin.package} ${pin.version} unpacked`);
  }
  const files = libraryFiles(path.join(partial, 'tensorflow'));
  const bytes = Object.fromEntries(files.map(([name, target]) => [name, sizeOf(target)]));
  const wheels = choice.wheels.map((pin) => pin.sha256).join(' ');
  writeJson(path.join(partial, 'stamp.json'), { wheels, bytes });
  fs.rmSync(choice.home, { recursive: true, force: true });
  fs.renameSync(partial, choice.home);
}

/** Moves tensorflow/ and each nvidia/<name>/; the twelve CUDA wheels share the folder nvidia/, which thus cannot be renamed whole. */
function moveInto(staging, partial) {
  for (const top of readFolder(staging)) {
    const from = path.join(staging, top.name);
    for (const entry of readFolder(from)) {
      const target = path.join(partial, top.name, entry.name);
      makeFolder(path.dirname(target));
      fs.rmSync(target, { recursive: true, force: true });
      fs.renameSync(path.join(from, entry.name), target);
    }
  }
  fs.rmSync(staging, { recursive: true, force: true });
}

function requireGlibc() {
  if (process.report.getReport().header.glibcVersionRuntime) return;
  throw new SetupProblem(
    "TensorFlow's C library needs glibc, and this Linux (Alpine, it may be) has another C library.",
    'Use a distribution with glibc: Debian, Ubuntu, Fedora, RHEL.',
  );
}
