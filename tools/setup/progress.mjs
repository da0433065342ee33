const terminalTickMs = 500;
// A log file gets a sign of life now and then, not a line per percent.
const logTickMs = 15_000;

/**
 * Progress on standard error, so that the output of the command that follows stays clean.
 * A terminal sees one line that is rewritten; a log sees a line when a step starts, ends, and every 15 s between.
 */
export function createProgress(stream = process.stderr) {
  const terminal = stream.isTTY === true;
  const startedMs = performance.now();
  let current = null;

  function write(state, name, text, fleeting = false) {
    const line = `${state.padEnd(5)} ${name.padEnd(14)} ${text}`;
    if (!terminal) stream.write(`${line}\n`);
    else stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 100) - 1)}${fleeting ? '' : '\n'}`);
  }

  function tick() {
    const seconds = Math.round((performance.now() - current.startedMs) / 1000);
    write('...', current.name, `${current.detail()} (${seconds} s)`, true);
  }

  function stop() {
    if (current) clearInterval(current.timer);
    current = null;
  }

  return {
    seconds: () => ((performance.now() - startedMs) / 1000).toFixed(1),
    note: (text) => stream.write(`${terminal ? '\r\u001b[2K' : ''}${text}\n`),
    /** @param {() => string} detail asked again at every tick: what the step is doing at this moment */
    start(name, detail) {
      stop();
      const timer = setInterval(tick, terminal ? terminalTickMs : logTickMs);
      current = { name, detail, timer, startedMs: performance.now() };
      write('...', name, detail(), true);
    },
    done(name, text) {
      const seconds = current ? ` (${((performance.now() - current.startedMs) / 1000).toFixed(1)} s)` : '';
      stop();
      write('ok', name, text + seconds);
    },
    stop,
    failed(name, text) {
      stop();
      write('stop', name, text);
    },
  };
}
