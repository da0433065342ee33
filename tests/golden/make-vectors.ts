// Makes the committed subset of the golden vectors from the complete set:
//   node --conditions=ptychofleet-source --import ./tests/golden/typescript.mjs tests/golden/make-vectors.ts
// Files keep their names and keys, so that the same checks read them; what is too large for a repository is left out.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readNpz, writeNpz, type NpyArray } from '@ptychofleet/data';
import { writeFileAtomic } from '@ptychofleet/store';
import { committedFolder, sharedFolder } from './folders.ts';

/** Files of the subset, each with the keys that it goes without. */
const subset: Readonly<Record<string, RegExp | null>> = {
  // Stored weights are as large as all the rest, and the hash fill makes them.
  cnn_gs1_small: /^w:/,
  cnn_gs1_nocbam: null,
  cnn_gs1_sigmoid_probesmall: null,
  cnn_gs2_small: null,
  cnn_tf: /^gs2_/,
  diffraction: /^b_/,
  grouping: null,
  losses: null,
  metrics: /^a_/,
  normalisation: null,
  reassembly: null,
  scale_solvers: null,
  schedulers_optim: null,
  simulator: null,
  stitching: null,
  trajectory_gs1: null,
  translation: null,
};

mkdirSync(committedFolder, { recursive: true });
let total = 0;
for (const [name, without] of Object.entries(subset)) {
  const entries = readNpz(readFileSync(path.join(sharedFolder, `${name}.npz`)), name);
  const kept = [...entries].filter(([key, entry]) => 'dtype' in entry && !without?.test(key));
  const bytes = writeNpz(kept as [string, NpyArray][]);
  await writeFileAtomic(path.join(committedFolder, `${name}.npz`), bytes);
  total += bytes.length;
  process.stdout.write(`${name}.npz ${bytes.length}\n`);
}
process.stdout.write(`${total} bytes\n`);
