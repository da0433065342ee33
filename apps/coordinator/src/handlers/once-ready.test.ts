import { expect, it } from 'vitest';
import { onceReady } from './once-ready.ts';

it('a call waits until the runs are there, and one that was given up meanwhile is not begun', async () => {
  const begun: string[] = [];
  let open = (): void => undefined;
  const ready = new Promise<void>((resolve) => (open = resolve));
  const handlers = onceReady(ready, {
    GetRun: (call: { cancelled: boolean; name: string }, callback: (text: string) => void) => {
      begun.push(call.name);
      callback(`answer to ${call.name}`);
    },
  });
  const answers: string[] = [];
  const givenUp = { cancelled: false, name: 'second' };
  handlers.GetRun({ cancelled: false, name: 'first' }, (text) => answers.push(text));
  handlers.GetRun(givenUp, (text) => answers.push(text));
  await Promise.resolve();
  expect(begun).toEqual([]);
  givenUp.cancelled = true;
  open();
  await ready;
  await Promise.resolve();
  expect(answers).toEqual(['answer to first']);
  handlers.GetRun({ cancelled: false, name: 'third' }, (text) => answers.push(text));
  await Promise.resolve();
  expect(answers).toEqual(['answer to first', 'answer to third']);
});
