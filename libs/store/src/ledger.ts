import {
  digestOfText,
  Fault,
  isContentDigest,
  isDigest,
  kindOf,
  type ContentDigest,
  type Digest,
} from '@ptychofleet/base';
import { firstDifferingTensor } from '@ptychofleet/params';

/** What a run's steps are measured against: everything that decides them, and the names of the tensors. */
export interface LedgerHead {
  /** Chain before the first step: digest of specification, scans and first weights. */
  readonly genesis: Digest;
  readonly tensors: readonly string[];
}

/** One optimiser step: what was added up and what came of it. The same for any workers. */
export interface LedgerEntry {
  /** Counted from 1 over the run, like epoch and stepInEpoch. */
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  /** Groups whose gradients were added up. */
  readonly groups: number;
  /** Mean loss per group. */
  readonly loss: number;
  /** The merged gradient of the step, before division. */
  readonly gradient: ContentDigest;
  readonly gradientTensors: string;
  /** The weights after the step. */
  readonly weights: ContentDigest;
  readonly weightTensors: string;
}

/** An entry in its place: its chain is the digest of the chain before it and of the entry. */
export type LedgerStep = LedgerEntry & { readonly chain: Digest };

/** Who computed which shards of a step, by range of shards: beside the chain, since it must not depend on workers. */
export type ShardWorkers = Readonly<Record<string, string>>;

export function chained(before: Digest, entry: LedgerEntry): LedgerStep {
  const { step, epoch, stepInEpoch, groups, loss, gradient, gradientTensors, weights, weightTensors } = entry;
  // As text, since JSON has no word for a loss that is no number.
  const said = [step, epoch, stepInEpoch, groups, loss, gradient, gradientTensors, weights, weightTensors];
  return { ...entry, chain: digestOfText([before, ...said.map(String)].join('\n')) };
}

export interface Ledger {
  readonly head: LedgerHead;
  readonly steps: readonly LedgerStep[];
}

/** One line of JSON for the head and one for every step. */
export function ledgerText({ head, steps }: Ledger): string {
  const lines = [{ ledger: 1, ...head }, ...steps.map((step) => ({ ...step, loss: String(step.loss) }))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Reads a ledger and checks its chain.
 * @throws Fault data-loss naming the line that is malformed or breaks the chain
 */
export function parseLedger(text: string, label: string): Ledger {
  const lines = text.split('\n').filter((line) => line !== '');
  const damaged = (line: number, why: string): Fault =>
    new Fault('data-loss', `${label} line ${line}: ${why}`, { field: label });
  const head = objectOf(lines[0] ?? '');
  if (head?.ledger !== 1 || !isDigestValue(head.genesis) || !isTexts(head.tensors))
    throw damaged(1, 'received no ledger of this program, expected the ledger.jsonl of a run');
  const steps: LedgerStep[] = [];
  let before: Digest = head.genesis;
  lines.slice(1).forEach((line, index) => {
    const step = stepOf(objectOf(line));
    if (step === null) throw damaged(index + 2, 'it is no step');
    const previous = steps.at(-1);
    if (previous !== undefined && step.step !== previous.step + 1)
      throw damaged(index + 2, `step ${step.step} follows step ${previous.step}: steps are missing`);
    // A range of steps may begin anywhere; from then on every link holds.
    if ((step.step === 1 || previous !== undefined) && chained(before, step).chain !== step.chain)
      throw damaged(
        index + 2,
        `the chain breaks at step ${step.step}: a line before it or this one was changed`,
      );
    before = step.chain;
    steps.push(step);
  });
  return { head: { genesis: head.genesis, tensors: head.tensors }, steps };
}

/** Where two ledgers part. */
export interface Difference {
  readonly step: number;
  /** `gradient`: what the workers computed differs. `weights`: only what the optimiser made of it. */
  readonly in: 'gradient' | 'weights' | 'groups' | 'loss';
  /** First tensor that differs. */
  readonly tensor: string | null;
}

/** The first step that both ledgers hold and that differs; null when they agree wherever they overlap. */
export function firstDifference(one: Ledger, other: Ledger): Difference | null {
  const byStep = new Map(other.steps.map((step) => [step.step, step]));
  for (const mine of one.steps) {
    const theirs = byStep.get(mine.step);
    const difference = theirs === undefined ? null : differenceOf(mine, theirs, one.head.tensors);
    if (difference !== null) return difference;
  }
  return null;
}

/**
 * How two records of the same step differ.
 * @throws Fault failed-precondition when they name the same values by different kinds of digest
 */
export function differenceOf(
  one: LedgerEntry,
  other: LedgerEntry,
  tensors: readonly string[],
): Difference | null {
  const { step } = one;
  const [mine, theirs] = [kindOf(one.gradient), kindOf(other.gradient)];
  if (mine !== theirs) {
    const text = `step ${step}: one ledger names gradients and weights by ${mine}, the other by ${theirs}, so they cannot be compared; train both with the same version`;
    throw new Fault('failed-precondition', text, { field: 'ledger' });
  }
  const tensorIn = (mine: string, theirs: string): string | null => {
    const place = firstDifferingTensor(mine, theirs);
    return place === null ? null : (tensors[place] ?? null);
  };
  if (one.groups !== other.groups) return { step, in: 'groups', tensor: null };
  if (one.gradient !== other.gradient)
    return { step, in: 'gradient', tensor: tensorIn(one.gradientTensors, other.gradientTensors) };
  if (one.weights !== other.weights)
    return { step, in: 'weights', tensor: tensorIn(one.weightTensors, other.weightTensors) };
  return String(one.loss) === String(other.loss) ? null : { step, in: 'loss', tensor: null };
}

function objectOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function stepOf(value: Record<string, unknown> | null): LedgerStep | null {
  if (value === null) return null;
  const counts = [value.step, value.epoch, value.stepInEpoch, value.groups];
  const digests = [value.gradient, value.weights];
  const texts = [value.gradientTensors, value.weightTensors, value.loss];
  const fits =
    counts.every((count) => Number.isSafeInteger(count) && (count as number) > 0) &&
    digests.every((digest) => typeof digest === 'string' && isContentDigest(digest)) &&
    isDigestValue(value.chain) &&
    isTexts(texts);
  return fits ? ({ ...value, loss: Number(value.loss) } as unknown as LedgerStep) : null;
}

function isDigestValue(value: unknown): value is Digest {
  return typeof value === 'string' && isDigest(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
