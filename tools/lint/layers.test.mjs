import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { apps, layers } from './layers.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const projects = [
  ...Object.entries(layers).map(([name, allowed]) => ({
    folder: `libs/${name}`,
    tag: `layer:${name}`,
    allowed,
  })),
  ...Object.entries(apps).map(([name, allowed]) => ({ folder: `apps/${name}`, tag: `app:${name}`, allowed })),
];

const readJson = (...place) => JSON.parse(readFileSync(path.join(root, ...place), 'utf8'));

/** Whether following the table from `name` ever comes back to `name`. */
function reaches(name, target, seen = new Set()) {
  if (seen.has(name)) return false;
  seen.add(name);
  return layers[name].some((next) => next === target || reaches(next, target, seen));
}

describe('the layer table', () => {
  it('covers every project of the workspace', () => {
    const present = ['libs', 'apps'].flatMap((group) =>
      readdirSync(path.join(root, group))
        .map((name) => `${group}/${name}`)
        .filter((folder) => existsSync(path.join(root, folder, 'package.json'))),
    );
    expect(projects.map((project) => project.folder).sort()).toEqual(present.sort());
  });

  it.each(Object.keys(layers))('has no way from %s back to itself', (name) => {
    expect(reaches(name, name)).toBe(false);
  });

  it.each(projects)(
    'is what package.json and tsconfig.json of $folder keep to',
    ({ folder, tag, allowed }) => {
      const manifest = readJson(folder, 'package.json');
      const declared = Object.keys(manifest.dependencies ?? {})
        .filter((name) => name.startsWith('@ptychofleet/'))
        .map((name) => name.slice('@ptychofleet/'.length));
      const references = (readJson(folder, 'tsconfig.json').references ?? []).map((reference) =>
        path.posix.relative('libs', path.posix.normalize(path.posix.join(folder, reference.path))),
      );
      expect(manifest.nx.tags).toContain(tag);
      expect(declared.filter((name) => !allowed.includes(name))).toEqual([]);
      expect(references.filter((name) => !allowed.includes(name))).toEqual([]);
    },
  );
});
