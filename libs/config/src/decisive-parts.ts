import type { TrainingRunSpec } from './run-spec.ts';

type Parts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The specification without what only concerns display and files beside the bundle: a quiet run makes the same bytes. */
export function decisiveParts({ model, loss, data, training, execution }: TrainingRunSpec): Parts {
  const { accelerator, deterministic, precision } = execution;
  return { model, loss, data, training, execution: { accelerator, deterministic, precision } };
}

export interface DifferingField {
  /** `training.batchSize` */
  readonly path: string;
  readonly one: unknown;
  readonly other: unknown;
}

/** The first field in which two runs differ; null when they are one and the same. */
export function firstDifferingField(one: Parts, other: Parts): DifferingField | null {
  for (const section of [...new Set([...Object.keys(one), ...Object.keys(other)])].sort()) {
    const [mine, theirs] = [one[section] ?? {}, other[section] ?? {}];
    for (const key of [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort()) {
      if (JSON.stringify(mine[key]) === JSON.stringify(theirs[key])) continue;
      return { path: `${section}.${key}`, one: mine[key], other: theirs[key] };
    }
  }
  return null;
}

const cosine = ['WarmupCosine', 'CosineAnnealing'];

/** The parts with what a run may change when it goes on: its length, unless the schedule was laid out for it. */
export function resumableParts(parts: Parts): Parts {
  if (cosine.includes(String(parts.training?.scheduler))) return parts;
  return { ...parts, training: { ...parts.training, epochs: null } };
}
