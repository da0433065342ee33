/**
 * Tells that a boundary has been reached at which a test may end the process. Nothing happens there otherwise: an
 * ordinary program passes {@link noFailpoints}.
 */
export type Failpoint = (name: FailpointName) => void;

export const noFailpoints: Failpoint = () => undefined;

/** Every boundary between two things that become durable one after the other. */
export const failpointNames = [
  // Blobs and checkpoints: nothing yet; written but not in place; in place.
  'blob-before-write',
  'blob-before-rename',
  'blob-after-rename',
  // Registry: around every transaction that says so.
  'run-before-insert',
  'run-after-insert',
  'step-before-journal',
  'step-after-journal',
  'checkpoint-before-write',
  'checkpoint-before-pointer',
  'checkpoint-after-pointer',
  'checkpoint-after-sweep',
  'artifact-before-pointer',
  'artifact-after-pointer',
  'phase-before-journal',
  'phase-after-journal',
] as const;

export type FailpointName = (typeof failpointNames)[number];
