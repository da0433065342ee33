import { exitCodeOf } from './exit-code.ts';
import { createProgram } from './program.ts';

// As typed, since what is wrong may be the arguments themselves.
const json = process.argv.includes('--json');
// A reader that has seen enough, such as `head`, is no fault.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit());

try {
  await createProgram(interruptible, json).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error, json);
}

/** For commands that have processes to stop before they end; every other command ends at a signal as any program does. */
function interruptible(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one means it.
      if (interrupt.signal.aborted) process.exit(130);
      interrupt.abort();
    });
  }
  return interrupt.signal;
}
