import cliProgress from 'cli-progress';

/** What a progress display shows of a run. */
export interface ProgressView {
  readonly epoch: number;
  readonly epochCount: number;
  readonly step: number;
  readonly stepCount: number;
  readonly loss: number;
  readonly patternsPerSecond: number;
  readonly remainingSeconds: number;
  readonly workerCount: number;
}

export interface EpochView {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss?: number;
  readonly learningRate: number;
  readonly patternsPerSecond: number;
  readonly seconds: number;
}

/** Tells a person, or a program, how a run goes. Results go to stdout, everything else to stderr. */
export interface Reporter {
  note(text: string): void;
  warn(text: string): void;
  progress(view: ProgressView): void;
  epoch(view: EpochView, epochCount: number): void;
  /** Ends the display; further calls are allowed. */
  stop(): void;
}

export type ReportMode = 'terminal' | 'lines' | 'json' | 'quiet';

export function createReporter(
  mode: ReportMode,
  unit: 'step' | 'batch',
  stream: NodeJS.WriteStream,
): Reporter {
  if (mode === 'terminal') return new TerminalReporter(unit, stream);
  if (mode === 'lines') return new LineReporter(stream);
  if (mode === 'json') return new JsonReporter(stream);
  return {
    note() {},
    warn: (text) => void stream.write(`warning: ${text}\n`),
    progress() {},
    epoch() {},
    stop() {},
  };
}

class TerminalReporter implements Reporter {
  readonly #bar;
  readonly #stream: NodeJS.WriteStream;
  #running = false;

  constructor(unit: string, stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#bar = new cliProgress.SingleBar({
      stream,
      hideCursor: true,
      clearOnComplete: true,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      barsize: 24,
      format: `{bar} {where} ${unit} {value}/{total}  {lossText}{rate} patterns/s  {workers}  ETA {remaining}`,
    });
  }

  note(text: string): void {
    this.#line(text);
  }

  warn(text: string): void {
    this.#line(`warning: ${text}`);
  }

  progress(view: ProgressView): void {
    const payload = {
      where:
        view.epochCount > 0 ? `epoch ${Math.min(view.epoch + 1, view.epochCount)}/${view.epochCount} ` : '',
      lossText: view.loss > 0 ? `loss ${formatLoss(view.loss)}  ` : '',
      rate: view.patternsPerSecond.toFixed(1),
      workers: `${view.workerCount} worker${view.workerCount === 1 ? '' : 's'}`,
      remaining: view.remainingSeconds > 0 ? formatSeconds(view.remainingSeconds) : '--',
    };
    if (!this.#running) this.#bar.start(view.stepCount, view.step, payload);
    else this.#bar.update(view.step, payload);
    this.#running = true;
  }

  epoch(view: EpochView, epochCount: number): void {
    this.#line(epochLine(view, epochCount));
  }

  stop(): void {
    if (this.#running) this.#bar.stop();
    this.#running = false;
  }

  /** A line above the bar. */
  #line(text: string): void {
    if (this.#running) this.#stream.write('\r\x1b[2K');
    this.#stream.write(`${text}\n`);
  }
}

class LineReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  note(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  warn(text: string): void {
    this.#stream.write(`warning: ${text}\n`);
  }

  progress(): void {
    // One line per epoch is what a log file wants.
  }

  epoch(view: EpochView, epochCount: number): void {
    this.#stream.write(`${epochLine(view, epochCount)}\n`);
  }

  stop(): void {
    // Nothing is open.
  }
}

/** One JSON object per line. */
class JsonReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  note(text: string): void {
    this.#write({ type: 'note', text });
  }

  warn(text: string): void {
    this.#write({ type: 'warning', text });
  }

  progress(view: ProgressView): void {
    this.#write({ type: 'progress', ...view });
  }

  epoch(view: EpochView): void {
    this.#write({ type: 'epoch', ...view });
  }

  stop(): void {
    // Nothing is open.
  }

  #write(record: object): void {
    this.#stream.write(`${JSON.stringify(record)}\n`);
  }
}

function epochLine(view: EpochView, epochCount: number): string {
  const width = String(epochCount).length;
  const validation = view.validationLoss === undefined ? '' : `  val ${formatLoss(view.validationLoss)}`;
  const rate = `${view.patternsPerSecond.toFixed(1)} patterns/s`;
  const number = String(view.epoch).padStart(width);
  return `epoch ${number}/${epochCount}  loss ${formatLoss(view.trainLoss)}${validation}  lr ${view.learningRate.toExponential(2)}  ${rate}  ${formatSeconds(view.seconds)}`;
}

export function formatLoss(loss: number): string {
  return Math.abs(loss) >= 1000 ? Math.round(loss).toLocaleString('en-US') : loss.toPrecision(5);
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
