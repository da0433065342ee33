// Synthetic workers for the ceiling bench: real sessions over real gRPC that answer each task at once with a slab made before.
//   node bench/ceiling-peer.mjs ADDRESS WORKERS
import { silentLogger } from '@ptychofleet/base';
import { FleetLink } from '@ptychofleet/wire';
import { runSession } from '../apps/worker/dist/session.js';

const [address, workers] = [process.argv[2], Number(process.argv[3])];

/** Does not hash what it pulls: the coordinator is what is measured, and here are only so many cores. */
class TrustingLink extends FleetLink {
  pull(session, digest) {
    return super.pull(session, digest, { digestElsewhere: (bytes) => Promise.resolve({ bytes, digest }) });
  }
}

/**
 * The sums of 1, 2, 4 … micro-batches with the same gradient: doubling is exact, so that the tree's sum does not depend on who
 * adds up which block, as with a real gradient.
 */
const slabs = new Map();

function slabOf(microBatches, size) {
  if (!slabs.has(microBatches)) {
    const slab = Float32Array.from({ length: size }, (_, i) => microBatches * 1e-3 * ((i % 7) - 3));
    if (slabs.size === 0) console.log(JSON.stringify({ parameters: size }));
    slabs.set(microBatches, slab);
  }
  return slabs.get(microBatches);
}

const compute = {
  numerics: Promise.resolve({ device: 'cpu', synthetic: true, pins: {} }),
  died: new Promise(() => undefined),
  foresee: () => Promise.resolve(),
  abandon: () => undefined,
  async run({ weightsDigest, microBatches }, source) {
    const { byteLength } = await source.pull(weightsDigest);
    const groupCount = microBatches.flatMap((groups) => [...groups]).filter((group) => group >= 0).length;
    // A copy: the session lets go of what it has delivered.
    const values = slabOf(microBatches.length, byteLength / 4).slice();
    return { lossSum: microBatches.length, groupCount, values, computeMs: 0 };
  },
};

const leave = new AbortController();
for (let worker = 0; worker < workers; worker++) {
  const options = {
    name: `${process.pid}-${worker}`,
    slots: 2,
    connectTimeoutMs: 30_000,
    logger: silentLogger,
  };
  const end = await Promise.race([
    runSession(new TrustingLink(address), compute, options, leave.signal),
    new Promise((resolve) => setTimeout(() => resolve(null), 20)),
  ]);
  if (end !== null) throw new Error(`a session ended: ${end.reason}`);
}
