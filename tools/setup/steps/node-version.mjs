import path from 'node:path';
import { readJson } from '../places.mjs';
import { SetupProblem } from '../problem.mjs';

/** Node itself: the one thing that set-up cannot bring. The least version stands in package.json, where npm reads it, too. */
export const nodeVersion = {
  name: 'node',
  check(context) {
    const range = readJson(path.join(context.root, 'package.json')).engines.node;
    return {
      ok: isAtLeast(process.versions.node, range.replace('>=', '')),
      version: process.versions.node,
      path: process.execPath,
      problem: `This is Node ${process.versions.node}, and PtychoFleet needs ${range}.`,
      remedy: 'Install Node 20.19, 22 or 24 and run the same command with it.',
    };
  },
  async run(context) {
    const found = this.check(context);
    throw new SetupProblem(found.problem, found.remedy);
  },
};

function isAtLeast(version, least) {
  const [major, minor] = version.split('.').map(Number);
  const [leastMajor, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
