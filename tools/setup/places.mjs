// Builtin modules are imported as a whole on purpose: a named import that an old Node lacks is a link error,
// and the user would never see the sentence about the Node version.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Everything a step needs to know about where it runs. Made once, so that tests can aim a step at another folder. */
export function createContext(env = process.env) {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return { root: path.resolve(root), env, cache: cacheFolder(env), node: process.execPath };
}

/** PTYCHOFLEET_CACHE_DIR, else the XDG cache folder: what is large and the same for every clone. */
function cacheFolder(env) {
  if (env.PTYCHOFLEET_CACHE_DIR) return path.resolve(env.PTYCHOFLEET_CACHE_DIR);
  const base = env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'ptychofleet');
}

/** Stamps of this clone live outside node_modules, because `npm ci` empties that folder. */
export function stateFile(context, name) {
  return path.join(context.root, '.ptychofleet', 'setup', name);
}

/** The parsed file, or null where it is absent or cut short: a broken stamp means "do the step again". */
export function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Makes a folder and those above it. One by one, since Node's recursive form answers a read-only file system with "no such file"
 * and may never answer where no folder can be made at all, such as below /proc.
 */
export function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Another set-up was faster.
    if (error.code !== 'EEXIST') throw error;
  }
}

/** Written beside its target and renamed, so that Ctrl-C leaves the old stamp or the new one, never half of one. */
export function writeJson(file, value) {
  makeFolder(path.dirname(file));
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  fs.renameSync(draft, file);
}

/** A symbolic link that is replaced in one step: a process that loads the library meanwhile sees the old or the new one. */
export function replaceLink(link, target) {
  if (linkTarget(link) === target) return;
  makeFolder(path.dirname(link));
  const draft = `${link}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  fs.symlinkSync(target, draft);
  // rename() cannot replace a folder by a link; only a folder made by hand can be in the way here.
  if (isRealFolder(link)) fs.rmSync(link, { recursive: true });
  fs.renameSync(draft, link);
}

export function linkTarget(link) {
  try {
    return fs.readlinkSync(link);
  } catch {
    return null;
  }
}

function isRealFolder(file) {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Size in bytes, or -1 where there is no such file. */
export function sizeOf(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}

/** Bytes of all files below a folder; links count nothing, so a shared library is counted once. */
export function folderBytes(folder) {
  let total = 0;
  for (const entry of readFolder(folder)) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) total += folderBytes(file);
    else if (entry.isFile()) total += Math.max(0, sizeOf(file));
  }
  return total;
}

/** Entries sorted by name, empty for a folder that is not there: readdir's order differs between file systems. */
export function readFolder(folder) {
  let entries;
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
