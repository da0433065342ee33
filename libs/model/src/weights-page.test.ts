import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { modelSpecSchema } from '@ptychofleet/config';
import { exchangeTensors, networkTensors, referenceShape } from './index.ts';

/** The rows of the page, as the code has them: every tensor of the default model in the order of our layout. */
function rows(): string[][] {
  const keras = new Map(
    exchangeTensors(modelSpecSchema.parse({ cbamEncoder: false }), 'keras').map(({ name, tensor }) => [
      tensor.name,
      name,
    ]),
  );
  const shown = (shape: readonly number[]): string => `(${shape.join(', ')})`;
  return networkTensors(modelSpecSchema.parse({})).map((tensor) => [
    `\`${tensor.name}\``,
    shown(referenceShape(tensor)),
    shown(tensor.shape),
    keras.has(tensor.name) ? `\`${keras.get(tensor.name)}\`` : '–',
  ]);
}

it('docs/weights.md lists what the mapping does', () => {
  const page = readFileSync(new URL('../../../docs/weights.md', import.meta.url), 'utf8');
  const listed = page
    .split('\n')
    .filter((line) => /^\| `(encoder|decoder_)/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(listed).toEqual(rows());
});
