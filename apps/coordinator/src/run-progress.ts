import type { Clock } from '@ptychofleet/base';
import { stepCount, stepsBefore } from '@ptychofleet/run';
import type { EpochSummary, Job, RoundOutcome, RoundPlace } from './job.ts';
import type { RunRecord } from './run-record.ts';
import { Throughput } from './throughput.ts';

/** What a run's watchers are told of its steps and epochs: counted from what its job brings, never read back by it. */
export class RunProgress {
  readonly #record: RunRecord;
  readonly #job: Job;
  readonly #clock: Clock;
  readonly #throughput = new Throughput();
  #stepsDone: number;
  #patternsInEpoch = 0;
  #lossSumInEpoch = 0;
  #stepsInEpoch = 0;
  #epochStartedMs: number;

  constructor(record: RunRecord, job: Job, clock: Clock) {
    const { plan, position } = job;
    this.#record = record;
    this.#job = job;
    this.#clock = clock;
    this.#stepsDone = plan.kind === 'training' && position !== undefined ? stepsBefore(plan, position) : 0;
    this.#epochStartedMs = clock.nowMs();
  }

  /** Time in which it waited for workers is none of its epoch's. */
  started(): void {
    this.#epochStartedMs = this.#clock.nowMs();
  }

  accepted({ purpose }: RoundPlace, groupCount: number): void {
    const patterns = groupCount * this.#job.patternsPerGroup;
    this.#throughput.add(patterns, this.#clock.nowMs());
    if (purpose === 'step') this.#patternsInEpoch += patterns;
  }

  roundClosed(
    place: RoundPlace,
    learningRate: number,
    { loss, gradientNorm, epoch }: RoundOutcome,
    workerCount: number,
  ): void {
    if (place.purpose !== 'validation') {
      const { plan } = this.#job;
      this.#stepsDone = place.purpose === 'step' ? this.#stepsDone + 1 : stepCount(plan);
      this.#lossSumInEpoch += loss ?? 0;
      this.#stepsInEpoch += 1;
      if (loss !== null) {
        const norm = gradientNorm === undefined ? {} : { gradientNorm };
        this.#record.addStep({ step: this.#stepsDone, epoch: place.epoch + 1, loss, learningRate, ...norm });
      }
      this.#tell(place, learningRate, workerCount);
    }
    if (epoch !== undefined) this.#epochEnded(place, epoch);
  }

  #tell({ epoch }: RoundPlace, learningRate: number, workerCount: number): void {
    const { plan, patternsPerGroup } = this.#job;
    const steps = stepCount(plan);
    const rate = this.#throughput.patternsPerSecond();
    const epochCount = plan.kind === 'training' ? plan.epochs : 0;
    const perStep = plan.kind === 'training' ? (plan.groupCount * epochCount * patternsPerGroup) / steps : 0;
    this.#record.setProgress({
      epoch,
      epochCount,
      step: this.#stepsDone,
      stepCount: steps,
      loss: this.#lossSumInEpoch / this.#stepsInEpoch,
      patternsPerSecond: rate,
      remainingSeconds: rate > 0 ? ((steps - this.#stepsDone) * perStep) / rate : 0,
      workerCount,
      learningRate,
    });
  }

  #epochEnded({ epoch }: RoundPlace, { validationLoss, ...summary }: EpochSummary): void {
    const seconds = (this.#clock.nowMs() - this.#epochStartedMs) / 1000;
    this.#record.addEpoch({
      epoch: epoch + 1,
      ...summary,
      ...(validationLoss === null ? {} : { validationLoss }),
      patternsPerSecond: this.#patternsInEpoch / seconds,
      seconds,
    });
    this.#epochStartedMs = this.#clock.nowMs();
    this.#patternsInEpoch = this.#lossSumInEpoch = this.#stepsInEpoch = 0;
  }
}
