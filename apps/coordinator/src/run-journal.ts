import { Fault, type Logger } from '@ptychofleet/base';
import type { Registry, RegistryWrite } from '@ptychofleet/store';

/** What a run has to say to the registry, in order: nothing overtakes, nothing is left out. */
export class RunJournal {
  readonly #registry: Registry;
  readonly #logger: Logger;
  #pending: RegistryWrite[] = [];
  /** Whether something was committed that a power cut could still take. */
  #loose = false;

  constructor(registry: Registry, logger: Logger) {
    this.#registry = registry;
    this.#logger = logger;
  }

  /** Goes into the next commit. */
  take(...writes: readonly RegistryWrite[]): void {
    this.#pending.push(...writes);
  }

  /** Commits now if that is possible, else with the next commit: for what may come late, but not be lost. */
  note(...writes: readonly RegistryWrite[]): void {
    this.take(...writes);
    try {
      this.flush(false);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#logger.warn({ reason: error.message }, 'not journaled yet');
    }
  }

  /**
   * Commits all that was taken.
   * @throws Fault when it cannot be stored; it is then still there to be committed
   */
  flush(durably: boolean): void {
    if (this.#pending.length > 0) {
      this.#registry.commit(this.#pending, durably);
      this.#pending = [];
      this.#loose = !durably;
    } else if (durably && this.#loose) {
      this.#registry.sync();
      this.#loose = false;
    }
  }
}
