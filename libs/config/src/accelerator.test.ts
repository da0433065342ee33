import { describe, expect, it } from 'vitest';
import { resolveAccelerator } from './accelerator.ts';

const deprecated = '--device is deprecated: use --accelerator';

/** The table of spec configuration.md §5.1. */
describe('resolveAccelerator', () => {
  it.each([
    ['auto', 'cpu', 'cpu', [deprecated]],
    ['auto', 'cuda', 'gpu', [deprecated]],
    ['cpu', 'cuda', 'cpu', [deprecated, 'Ignoring --device value cuda, since --accelerator is cpu']],
    ['cuda', 'cpu', 'cuda', [deprecated, 'Ignoring --device value cpu, since --accelerator is cuda']],
  ] as const)('%s with --device %s is %s, whatever the hardware', (accelerator, device, result, warnings) => {
    for (const found of [true, false]) {
      expect(resolveAccelerator({ accelerator, device }, () => found)).toEqual({
        accelerator: result,
        warnings,
      });
    }
  });

  it.each([
    ['auto', true, 'cuda'],
    ['auto', false, 'cpu'],
    ['cpu', true, 'cpu'],
    ['gpu', false, 'gpu'],
    ['cuda', false, 'cuda'],
  ] as const)('%s with CUDA %s is %s', (accelerator, found, result) => {
    const choice = resolveAccelerator({ accelerator, device: null }, () => found);
    expect(choice.accelerator).toBe(result);
    const fallsBack = accelerator === 'auto' && !found;
    expect(choice.warnings).toEqual(
      fallsBack ? ['POLICY-001: No CUDA device detected, computing on the CPU'] : [],
    );
  });

  it('auto stays auto where nobody can look', () => {
    expect(resolveAccelerator({ accelerator: 'auto', device: null })).toEqual({
      accelerator: 'auto',
      warnings: [],
    });
  });
});
