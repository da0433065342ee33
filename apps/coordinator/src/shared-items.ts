import { doItem, itemsOf, type SlabWork } from '@ptychofleet/params';

/** Work that several threads do together, and how far they are. */
export interface Shared {
  readonly work: SlabWork;
  /** Items taken and items done. Of this work alone: who comes late to work that is over finds nothing left. */
  readonly progress: Int32Array;
}

/**
 * Takes one item after the other until none is left; others may still be at theirs.
 * @param place of this thread among those at work
 */
export function doItems({ work, progress }: Shared, place: number): void {
  const items = itemsOf(work);
  for (;;) {
    const item = Atomics.add(progress, 0, 1);
    if (item >= items) return;
    doItem(work, item, place);
    if (Atomics.add(progress, 1, 1) + 1 === items) Atomics.notify(progress, 1);
  }
}
