import { binding } from './binding.mjs';
import { build } from './build.mjs';
import { libtensorflow } from './libtensorflow.mjs';
import { nodeVersion } from './node-version.mjs';
import { npmPackages } from './npm-packages.mjs';

/**
 * Each step is `{ name, check(context), run(context, progress) }`. `check` is cheap, changes nothing outside the clone's stamps and returns
 * `{ ok, version, path, problem, remedy }`; `run` is called when it is not ok, and may be stopped anywhere. In order of need.
 */
export const steps = [nodeVersion, npmPackages, libtensorflow, binding, build];
