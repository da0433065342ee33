import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The complete set, where it lies beside the checkout. */
export const sharedFolder = path.resolve(root, '../shared/golden');
/** The compact subset that is part of the repository (make-vectors.ts). */
export const committedFolder = path.join(root, 'tests/golden/vectors');
/** The page whose table is generated. */
export const fidelityPage = path.join(root, 'docs/fidelity.md');

export function defaultFolder(): string {
  return existsSync(sharedFolder) ? sharedFolder : committedFolder;
}

/** All NPZ files below a folder, sorted, with `/` between folders. */
export function goldenFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.npz'))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}
