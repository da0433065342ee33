import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let eslint;
beforeAll(() => {
  eslint = new ESLint({ cwd: root });
});

/** Messages that the rules have for `code`, were it the content of an existing source file. */
async function messagesFor(file, code) {
  const [result] = await eslint.lintText(code, { filePath: `${root}${file}` });
  return result.messages.map((message) => `${message.ruleId}: ${message.message}`);
}

const pure = 'libs/params/src/index.ts';

describe('a rule that must bite', () => {
  it.each([
    ['IO in a pure library', pure, "import 'node:fs';", /no IO/],
    ['a builtin without its prefix', pure, "import 'fs';", /no IO/],
    ['a subpath of a builtin', pure, "import 'node:fs/promises';", /no IO/],
    [
      'TensorFlow outside compute',
      pure,
      "import '@tensorflow/tfjs-core';",
      /Engine from @ptychofleet\/compute/,
    ],
    ['TensorFlow in an app', 'apps/worker/src/main.ts', "import '@tensorflow/tfjs-core';", /Engine/],
    ['gRPC outside wire', 'apps/coordinator/src/main.ts', "import '@grpc/grpc-js';", /@ptychofleet\/wire/],
    ['an import up the layers', pure, "import '@ptychofleet/run';", /can only depend on libs tagged/],
    ['unseeded chance', pure, 'export const x = Math.random();', /RandomStream/],
    ['the time as a number', pure, 'export const x = Date.now();', /Clock/],
    ['the time as a date', pure, 'export const x = new Date();', /Clock/],
    ['a timer', pure, 'setTimeout(() => undefined, 1);', /depend on time/],
    ['the environment', pure, 'export const x = process.env;', /@ptychofleet\/config/],
    ['the console', pure, "console.log('x');", /Logger/],
    ['a promise nobody waits for', pure, 'async function f() {}\nf();', /no-floating-promises/],
    ['any', pure, 'export const x: any = 1;', /no-explicit-any/],
    [
      'a forgotten case',
      pure,
      "export function f(k: 'a' | 'b') { switch (k) { case 'a': } }",
      /not exhaustive/,
    ],
    ['a file beyond 600 lines', pure, 'export {};\n'.repeat(601), /size\/hard-limit/],
  ])('catches %s', async (_case, file, code, expected) => {
    expect((await messagesFor(file, code)).join('\n')).toMatch(expected);
  });

  it('lets through what the layer may do', async () => {
    const code = "import { createHash } from 'node:crypto';\nexport const x = [createHash, new Date(0)];\n";
    expect(await messagesFor(pure, code)).toEqual([]);
  });
});
