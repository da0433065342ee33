import { assert } from '@ptychofleet/base';

/**
 * Tasks index·2^level … (index+1)·2^level − 1 of a round: a node of the reduction tree. Whoever holds a whole block adds
 * its micro-batches up in tree order and delivers one sum instead of many, which changes no bit (architecture §4).
 */
export interface Block {
  readonly level: number;
  readonly index: number;
}

export function tasksOf({ level, index }: Block): number[] {
  const width = 2 ** level;
  const tasks: number[] = [];
  for (let i = 0; i < width; i++) tasks.push(index * width + i);
  return tasks;
}

// A slow worker holds the others up by no more than this.
export const tasksPerBlockMax = 8;

/**
 * Tasks of a lease: as few as the coordinator can keep up with, since a lost worker loses the block that it is at. That is one,
 * unless all `workers` together would answer faster than it takes results in (`intakeMs` each).
 * @param microBatchMs how long a worker computes one task; null where that is not known yet.
 */
export function tasksPerLease(microBatchMs: number | null, intakeMs: number, workers: number): number {
  if (microBatchMs === null) return 1;
  let tasks = 1;
  while (tasks < tasksPerBlockMax && tasks * microBatchMs < workers * intakeMs) tasks *= 2;
  return tasks;
}

/**
 * Takes the block that begins at the lowest waiting task: at most `share` tasks, aligned, all of them waiting.
 * @param waiting sorted upwards and not empty; the block's tasks leave it.
 */
export function takeBlock(waiting: number[], share: number): Block {
  const first = waiting[0];
  assert(first !== undefined, 'a task waits');
  let width = 1;
  const fits = (next: number): boolean =>
    next <= Math.min(share, tasksPerBlockMax) && first % next === 0 && waiting[next - 1] === first + next - 1;
  while (fits(2 * width)) width *= 2;
  waiting.splice(0, width);
  return { level: Math.log2(width), index: first / width };
}
