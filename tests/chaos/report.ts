import type { ChaosOutcome, Struck } from './chaos.ts';
import { chaosKinds } from './schedule.ts';

/** The outcome for people: what was done, how soon it was noticed, how soon the run went on. */
export function reportOf({ calm, digests, struck, steps }: ChaosOutcome): string[] {
  const lines = [`${'fault'.padEnd(12)}  count  noticed, ms (median, worst)  next step, ms (median, worst)`];
  for (const kind of chaosKinds) {
    const those = struck.filter(({ fault }) => fault.kind === kind);
    if (those.length > 0) lines.push(rowOf(kind, those));
  }
  lines.push(rowOf('all', struck));
  const equal = digests.filter((digest) => digest === calm).length;
  lines.push(`${steps} steps, ${struck.length} faults, ${equal} of ${digests.length} runs end with ${calm}`);
  return lines;
}

function rowOf(name: string, struck: readonly Struck[]): string {
  const noticed = spread(struck.map(({ detectedMs }) => detectedMs));
  const next = spread(struck.map(({ stepMs }) => stepMs));
  return `${name.padEnd(12)}  ${String(struck.length).padStart(5)}  ${noticed.padStart(27)}  ${next.padStart(28)}`;
}

function spread(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return '-';
  const [middle, worst] = [known[known.length >> 1]!, known.at(-1)!].map((value) => Math.round(value));
  return `${middle}, ${worst} (of ${known.length})`;
}
