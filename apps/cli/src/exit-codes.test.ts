import { readFileSync } from 'node:fs';
import { errorKinds, Fault, type ErrorKind } from '@ptychofleet/base';
import { describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from './exit-code.ts';
import { benchWithScan, runProgram } from './program.test-support.ts';

const bench = benchWithScan();
const page = readFileSync(new URL('../../../docs/exit-codes.md', import.meta.url), 'utf8');

/** The rows of the page: exit code and the kinds of fault that end with it. */
const rows = [...page.matchAll(/^\| *(\d+) *\|[^|]*\|([^|]*)\|/gm)].map(([, code = '', kinds = '']) => ({
  code: Number(code),
  kinds: [...kinds.matchAll(/`([\w-]+)`/g)].map(([, kind]) => kind),
}));

describe('exit codes', () => {
  it('are those of docs/exit-codes.md, for every kind of fault', () => {
    expect(rows.map(({ code }) => code)).toEqual([0, 1, 2, 3, 130]);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const told = (Object.keys(errorKinds) as ErrorKind[]).map((kind) => ({
      kind,
      code: exitCodeOf(new Fault(kind, 'why'), false),
    }));
    err.mockRestore();
    const documented = rows.flatMap(({ code, kinds }) =>
      kinds.filter((kind) => kind !== 'internal').map((kind) => ({ kind, code })),
    );
    const sorted = (list: readonly { readonly kind: string | undefined }[]) =>
      [...list].sort((a, b) => String(a.kind).localeCompare(String(b.kind)));
    expect(sorted(documented)).toEqual(sorted(told));
  });

  it.each([
    ['success', 0, ['config', 'fields']],
    ['help', 0, ['train', '--help']],
    ['an unknown command', 2, ['trian']],
    ['an unknown flag', 2, ['train', '--batchsise', '8']],
    ['a missing argument', 2, ['simulate']],
    ['a value outside its type', 2, ['train', '--train_data_file', bench.scan, '--batch_size', '7']],
    ['a file that is not there', 2, ['train', '--train_data_file', 'nowhere.npz']],
    ['no coordinator', 3, ['runs', '--coordinator', `unix:${bench.folder}/none.sock`]],
  ])('%s: %i', async (_, code, args) => {
    const outcome = await runProgram(args);
    expect(outcome.code).toBe(code);
    if (code !== 0) expect(outcome.stderr).toMatch(/^ptychofleet: .+\n$/);
  });
});
