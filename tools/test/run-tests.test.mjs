import { describe, expect, it } from 'vitest';
import { verdict } from './run-tests.mjs';

const file = (status, ...tests) => ({ status, assertionResults: tests.map((test) => ({ status: test })) });

function report(files, { passed = 0, failed = 0, pending = 0, todo = 0 } = {}) {
  return {
    testResults: files,
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: todo,
  };
}

describe('the closing line', () => {
  it('counts passed and failed tests', () => {
    const files = [file('passed', 'passed', 'passed'), file('failed', 'failed')];
    expect(verdict(report(files, { passed: 2, failed: 1 }), 1)).toEqual({
      ok: false,
      line: '2 passed, 1 failed',
    });
  });

  it('names skipped tests only where there are any', () => {
    expect(verdict(report([file('passed', 'passed')], { passed: 1 }), 0).line).toBe('1 passed, 0 failed');
    const skipped = report([file('passed', 'passed')], { passed: 1, pending: 2, todo: 1 });
    expect(verdict(skipped, 0)).toEqual({ ok: true, line: '1 passed, 0 failed, 3 skipped' });
  });

  it.each([
    ['a file that does not load', report([file('passed', 'passed'), file('failed')], { passed: 1 }), 1],
    ['an error outside any test', report([file('passed', 'passed')], { passed: 1 }), 1],
    ['a run without a single test', report([]), 0],
    ['a run whose tests were all skipped', report([file('passed', 'skipped')], { pending: 1 }), 0],
    ['a run that left no report', null, 0],
  ])('never says "0 failed" of %s', (_case, given, code) => {
    const { ok, line } = verdict(given, code);
    expect(ok).toBe(false);
    expect(line).toMatch(/, 1 failed/);
  });
});
