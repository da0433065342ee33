import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Fault, silentLogger } from '@ptychofleet/base';
import { FleetLink } from '@ptychofleet/wire';
import { gradientOfBlock } from '../../apps/worker/src/gradient-of-block.ts';
import { runSession } from '../../apps/worker/src/session.ts';

type Compute = Parameters<typeof runSession>[1];

/**
 * Answers as a worker's compute thread does, with a gradient that is a pure function of weights and groups but costs
 * nothing: for tests in which the coordinator is what may fail.
 */
const syntheticCompute: Compute = {
  numerics: Promise.resolve({ device: 'cpu', synthetic: true, pins: {} } as unknown as Awaited<
    Compute['numerics']
  >),
  died: new Promise(() => undefined),
  // It asks for everything anew, so that what is fetched is tested.
  foresee: () => Promise.resolve(),
  abandon: () => undefined,
  run: async ({ kind, weightsDigest, scanDigest, microBatches }, source) => {
    const pulled = [await source.pull(scanDigest), await source.pull(weightsDigest)];
    const bytes = pulled[1]!;
    const weights = new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
    const engine = {
      gradient: ({ groupIndices }: { groupIndices: Int32Array }) => {
        const groups = groupIndices.filter((group) => group >= 0);
        const pull = groups.reduce((sum, group) => sum + Math.sin(group + pulled[0]!.length), 0);
        return {
          lossSum: groups.length * Math.abs(weights[0]! + pull),
          groupCount: groups.length,
          gradient: weights.map((weight, i) => 0.01 * weight + pull * ((i % 7) - 3)),
        };
      },
    };
    const { gradient, ...sums } = gradientOfBlock(engine, microBatches);
    const values = kind === 'gradient' ? gradient : new Float32Array(0);
    return { ...sums, values, computeMs: 0 };
  },
};

/** A worker in this process: the real session over real gRPC, and it comes back as long as it is wanted. */
export function startSyntheticWorker(address: string, name: string, leave: AbortSignal): Promise<void> {
  // Every life listens on its own.
  setMaxListeners(0, leave);
  const live = async (): Promise<void> => {
    while (!leave.aborted) {
      const link = new FleetLink(address);
      const options = { name, slots: 2, connectTimeoutMs: 2000, logger: silentLogger };
      await runSession(link, syntheticCompute, options, leave).catch((error: unknown) => {
        if (!(error instanceof Fault) || error.kind !== 'unavailable') throw error;
      });
      link.close();
      await setTimeout(50);
    }
  };
  return live();
}
