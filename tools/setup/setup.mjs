// Brings a bare clone to a state where it runs: node tools/setup/setup.mjs (npm run setup, demo and test begin with it).
// Plain JavaScript with Node's builtin modules only, because it runs before there is a node_modules.
import path from 'node:path';
import { stopChildren } from './commands.mjs';
import { withLock } from './lock.mjs';
import { createContext, stateFile } from './places.mjs';
import { SetupProblem } from './problem.mjs';
import { createProgress } from './progress.mjs';
import { diskFull } from './wheels.mjs';
import { libtensorflow } from './steps/libtensorflow.mjs';
import { steps } from './steps/index.mjs';

const context = createContext();
const progress = createProgress();

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(signal));

try {
  await setUp();
} catch (error) {
  // While stopping, a program that was ended looks like one that failed; stop() says all there is to say.
  if (stopping) await new Promise(() => {});
  const problem = asProblem(error);
  progress.failed('set-up', problem.message);
  progress.note(`      ${problem.remedy}`);
  process.exitCode = 2;
}

async function stop(signal) {
  if (stopping) return;
  stopping = true;
  progress.stop();
  progress.note('Set-up stops. Run the same command again, and it goes on from here.');
  await stopChildren();
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

async function setUp() {
  if (steps.every((step) => step.check(context).ok)) {
    libtensorflow.remember(context);
    progress.note(`set-up: everything is in place (${progress.seconds()} s)`);
    return;
  }
  const waiting = (owner) =>
    progress.note(`Another set-up (process ${owner?.pid}) works on this clone; waiting for it.`);
  await withLock(stateFile(context, 'lock'), waiting, async () => {
    for (const step of steps) await bring(step);
    libtensorflow.remember(context);
  });
  progress.note(`set-up: done in ${progress.seconds()} s`);
}

async function bring(step) {
  if (!step.check(context).ok) await step.run(context, progress);
  const found = step.check(context);
  // A step that ran and still is not there is our mistake, not the user's.
  if (!found.ok) throw new Error(`set-up step "${step.name}" ran, and yet: ${found.problem}`);
  progress.done(step.name, `${found.version}, ${displayPath(found.path)}`);
}

function displayPath(file) {
  const relative = path.relative(context.root, file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

/** Errors of the file system are the user's to mend, and have names; the rest keeps its stack. */
function asProblem(error) {
  if (error instanceof SetupProblem) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(context);
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(error.code) || isUnmakable(error)) {
    return new SetupProblem(
      `Set-up may not write ${error.path ?? context.cache} (${error.code}).`,
      'Give yourself write access to it, or name another cache folder with PTYCHOFLEET_CACHE_DIR.',
    );
  }
  throw error;
}

/** Below /proc and the like, making a folder fails as if its parent were absent. */
function isUnmakable(error) {
  return error.code === 'ENOENT' && error.syscall === 'mkdir';
}
