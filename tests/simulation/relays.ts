import { assert, RandomSequence, RandomStream, type Digest } from '@ptychofleet/base';
import { ScalarTree, TreeReduction } from '@ptychofleet/params';
import { shardsOfStep, takeBlock, type Block, type TrainingPlan } from '@ptychofleet/run';
import { gradientOfBlock } from '../../apps/worker/src/gradient-of-block.ts';
import { syntheticGradient, type SyntheticGradient } from './synthetic-gradient.ts';
import { SyntheticTraining, type Place } from './training.ts';

/** Slabs that pass through one place in a step, the busiest of all steps. */
export interface Traffic {
  /** Sums of blocks that arrive. */
  up: number;
  /** Copies of the weights that leave. */
  down: number;
}

export interface RelayedOutcome {
  readonly digest: Digest;
  readonly coordinator: Traffic;
  /** The busiest relay. */
  readonly relay: Traffic;
}

interface Sum extends SyntheticGradient {
  readonly block: Block;
}

/** Adds up what arrives below an aligned range of shards, as far as the tree allows without what is still missing. */
class Relay {
  readonly #gradients: TreeReduction;
  readonly #losses: ScalarTree;
  readonly #counts: ScalarTree;

  constructor(shards: number) {
    this.#gradients = new TreeReduction(shards);
    this.#losses = new ScalarTree(shards);
    this.#counts = new ScalarTree(shards);
  }

  add({ block: { level, index }, gradient, lossSum, groupCount }: Sum): void {
    this.#gradients.addNode(level, index, gradient);
    this.#losses.addNode(level, index, lossSum);
    this.#counts.addNode(level, index, groupCount);
  }

  /** What goes upwards: one sum where all shards are in, the fewest that cover a short batch. */
  sums(): Sum[] {
    const [losses, counts] = [this.#losses.blocks(), this.#counts.blocks()];
    return this.#gradients.blocks().map(({ level, index, value }, i) => {
      const [lossSum, groupCount] = [losses[i].value, counts[i].value];
      assert(value !== null && lossSum !== null && groupCount !== null, 'a block has groups');
      return { block: { level, index }, gradient: value, lossSum, groupCount };
    });
  }
}

/**
 * A calm training whose workers report to relays, and those to the coordinator: the plan beyond one coordinator
 * (docs/performance.md). The tree over all V shards stays as it is; a relay owns one of its nodes, an aligned range of
 * V / `relays` shards, so who adds up what changes no bit. Answers arrive in an order drawn from `seed`.
 * @param plan without validation
 * @param workers at least `relays`; shared out evenly among them
 * @param relays a power of two, at most V
 */
export function relayedTraining(
  plan: TrainingPlan,
  workers: number,
  relays: number,
  seed: number,
): RelayedOutcome {
  const { virtualShards } = plan;
  assert(Number.isInteger(Math.log2(relays)) && relays <= virtualShards, `relays: ${relays}`);
  assert(workers >= relays, `${workers} workers for ${relays} relays`);
  const random = new RandomSequence(new RandomStream(seed, 'relays'));
  const shards = virtualShards / relays;
  const depth = Math.log2(shards);
  const training = new SyntheticTraining(plan);
  const coordinator = { up: 0, down: relays };
  const relay = { up: 0, down: Math.ceil(workers / relays) };
  while (training.position.purpose !== 'end') {
    const { purpose, ...at } = training.position;
    assert(purpose === 'step', 'nothing is validated here');
    const place: Place = { purpose, ...at };
    const weights = training.weights(training.weightsName);
    assert(weights !== undefined, 'the weights are published');
    const present = shardsOfStep(plan, place.stepInEpoch);
    const arriving: Sum[] = [];
    for (let node = 0; node * shards < present; node++) {
      const sums = sumsOfWorkers(Math.min(shards, present - node * shards), Math.floor(workers / relays));
      relay.up = Math.max(relay.up, sums.length);
      const tree = new Relay(shards);
      const global = ({ level, index }: Block): Block => ({
        level,
        index: index + (node << (depth - level)),
      });
      for (const block of shuffled(sums, random)) {
        const batches = training.microBatches(place, global(block));
        const gradient = (task: { groupIndices: Int32Array }) =>
          syntheticGradient(weights, task.groupIndices);
        tree.add({ block, ...gradientOfBlock({ gradient }, batches) });
      }
      arriving.push(...tree.sums().map((sum) => ({ ...sum, block: global(sum.block) })));
    }
    coordinator.up = Math.max(coordinator.up, arriving.length);
    for (const sum of shuffled(arriving, random)) training.accept(place, sum.block, sum);
    training.closeRound(place);
  }
  return { digest: training.digest(), coordinator, relay };
}

/** Blocks as the machine gives them out to so many idle workers. */
function sumsOfWorkers(shards: number, workers: number): Block[] {
  const waiting = Array.from({ length: shards }, (_, shard) => shard);
  const blocks: Block[] = [];
  for (let idle = workers; waiting.length > 0; idle--) {
    blocks.push(takeBlock(waiting, waiting.length / Math.max(1, idle)));
  }
  return blocks;
}

function shuffled<T>(values: readonly T[], random: RandomSequence): T[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
