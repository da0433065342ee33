import { RandomSequence, RandomStream } from '@ptychofleet/base';
import { ScalarTree, TreeReduction } from '@ptychofleet/params';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientOfBlock } from './gradient-of-block.ts';

/** An engine whose gradient is any function of the groups: only the order of additions matters here. */
const engine = {
  gradient({ groupIndices }: { groupIndices: Int32Array }) {
    const random = new RandomSequence(new RandomStream(groupIndices[0]!, 'gradient'));
    const gradient = Float32Array.from(
      { length: 7 },
      () => 10 ** random.integer(8) * (random.uniform() - 0.5),
    );
    return { lossSum: 1e6 * random.uniform(), groupCount: groupIndices.length, gradient };
  },
};

describe('gradient of a block', () => {
  it('enters the tree of the step with the same bits as its micro-batches one by one', () => {
    const cases = fc.record({ levels: fc.integer({ min: 0, max: 4 }), seed: fc.nat(1e6) });
    fc.assert(
      fc.property(cases, fc.nat(4), ({ levels, seed }, blockLevel) => {
        const shards = 2 ** levels;
        const width = 2 ** Math.min(blockLevel, levels);
        const microBatches = Array.from({ length: shards }, (_, i) => Int32Array.of(seed + i, -1));
        const [whole, inBlocks] = [new TreeReduction(shards), new TreeReduction(shards)];
        const [lossWhole, lossInBlocks] = [new ScalarTree(shards), new ScalarTree(shards)];
        microBatches.forEach((groupIndices, shard) => {
          const { gradient, lossSum } = engine.gradient({ groupIndices });
          whole.add(shard, gradient);
          lossWhole.addNode(0, shard, lossSum);
        });
        for (let start = 0; start < shards; start += width) {
          const block = gradientOfBlock(engine, microBatches.slice(start, start + width));
          expect(block.groupCount).toBe(2 * width);
          inBlocks.addNode(Math.log2(width), start / width, block.gradient);
          lossInBlocks.addNode(Math.log2(width), start / width, block.lossSum);
        }
        expect(new Uint8Array(inBlocks.result()!.buffer)).toEqual(new Uint8Array(whole.result()!.buffer));
        expect(Object.is(lossInBlocks.root(), lossWhole.root())).toBe(true);
      }),
    );
  });

  it('ends with the micro-batch in hand when nobody waits for it any more', () => {
    let computed = 0;
    const counting = {
      gradient: (batch: { groupIndices: Int32Array }) => {
        computed += 1;
        return engine.gradient(batch);
      },
    };
    const microBatches = Array.from({ length: 8 }, (_, shard) => Int32Array.of(shard));
    expect(() => gradientOfBlock(counting, microBatches, () => computed < 3)).toThrow(/is over/);
    expect(computed).toBe(3);
  });
});
