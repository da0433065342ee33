// The root of the repository holds what is listed here and nothing else: no log, no cache, no forgotten output.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = [
  ...[
    '.gitignore',
    '.npmrc',
    '.prettierignore',
    '.prettierrc.json',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
  ],
  ...['README.md', 'buf.yaml', 'eslint.config.mjs', 'nx.json', 'package-lock.json', 'package.json'],
  ...['tsconfig.base.json', 'tsconfig.build.json', 'tsconfig.test.json', 'vitest.config.ts'],
];
const folders = ['.ci', 'apps', 'bench', 'docs', 'examples', 'libs', 'protos', 'tests', 'tools'];

// A copy without its history cannot say what is kept.
it.skipIf(!existsSync(`${root}.git`))('what is kept in the root is what belongs there', () => {
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const names = new Set(tracked.map((path) => path.split('/', 1)[0]));
  expect([...names].sort()).toEqual([...files, ...folders].sort());
});

it('nothing that ran has left a log, a cache or weights in the root', () => {
  // A scan or a folder of results may lie there: somebody follows the read-me.
  const strays = readdirSync(root, { withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(log|json|jsonl|csv|tsbuildinfo|ckpt|h5|zip|db|tmp)$/.test(entry.name),
    )
    .map(({ name }) => name)
    .filter((name) => !files.includes(name));
  expect(strays).toEqual([]);
});
