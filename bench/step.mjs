import path from 'node:path';
import { provideTorch } from './torch/provide.mjs';
import { memoryOf, Peer } from './child.mjs';
import { interleave, ratioRow } from './measure.mjs';

/** Calls until the graph that both functions become is taken. */
const warmUp = 14;

export const title = 'step: gradient and prediction of one micro-batch, one thread, beside plain PyTorch';

/** Ours and theirs run the same network with the same weights on the same patterns; their losses must agree. */
export async function run(context) {
  const python = await provideTorch(context);
  const rows = [];
  for (const gridsize of [1, 2]) {
    const file = path.join(context.folder, `step-${gridsize}.npz`);
    const settings = { gridsize, width: 2, groups: context.short ? 1 : 4, file };
    const ours = new Peer(context.node, [
      '--expose-gc',
      context.bench('step-peer.mjs'),
      JSON.stringify(settings),
    ]);
    await ours.next();
    const theirs = new Peer(python, [context.bench('torch/step.py'), file], { OMP_NUM_THREADS: '1' });
    await theirs.next();
    const [a, b] = [await ours.ask('gradient'), await theirs.ask('gradient')];
    const difference = Math.abs(a.loss / b.loss - 1);
    if (!(difference < 1e-3)) throw new Error(`the losses differ: ours ${a.loss}, PyTorch's ${b.loss}`);
    const peaks = {};
    const own = { ours: 0, theirs: 0 };
    for (const doing of ['gradient', 'predict']) {
      const ask = (name, peer) => async () => {
        const { ms, peakMiB } = await peer.ask(doing);
        peaks[name] = peakMiB;
        own[name] = Math.max(own[name], memoryOf(peer.pid)?.ownMiB ?? 0);
        return ms;
      };
      const samples = await interleave(
        { ours: ask('ours', ours), theirs: ask('theirs', theirs) },
        context.short ? { repeats: 5, warmUp } : { repeats: 21, warmUp },
      );
      const what = `${doing}, gridsize ${gridsize}, ${settings.groups} groups, f=2`;
      rows.push(ratioRow(what, 'ms', samples.ours, samples.theirs));
    }
    rows.push(ratioRow(`peak memory, gridsize ${gridsize}`, 'MiB', [peaks.ours], [peaks.theirs]));
    if (own.ours > 0)
      rows.push(ratioRow('– without pages of program files', 'MiB', [own.ours], [own.theirs]));
    ours.end();
    theirs.end();
  }
  return rows;
}
