declare const brand: unique symbol;

/** Ids are branded: a run's id cannot be taken for a worker's. */
export type RunId = string & { readonly [brand]: 'run' };
export type WorkerId = string & { readonly [brand]: 'worker' };

export const runId = (text: string): RunId => text as RunId;
export const workerId = (text: string): WorkerId => text as WorkerId;
