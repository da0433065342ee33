import { digestOfText, valuesDigestOf } from '@ptychofleet/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chained,
  differenceOf,
  firstDifference,
  ledgerText,
  parseLedger,
  type Ledger,
  type LedgerEntry,
} from './index.ts';

const tensors = ['encoder.w', 'encoder.b', 'decoder.w'];
const prefixes = (salt: string): string =>
  tensors.map((name) => digestOfText(name + salt).slice(7, 15)).join('');

const losses = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity));
const ledgers = fc
  .array(fc.record({ salt: fc.string(), loss: losses, groups: fc.integer({ min: 1, max: 99 }) }), {
    maxLength: 12,
  })
  .map((entries): Ledger => {
    const genesis = digestOfText('genesis');
    let chain = genesis;
    const steps = entries.map(({ salt, loss, groups }, index) => {
      const entry: LedgerEntry = {
        step: index + 1,
        epoch: 1 + Math.floor(index / 4),
        stepInEpoch: 1 + (index % 4),
        groups,
        loss,
        gradient: digestOfText(`g${salt}`),
        gradientTensors: prefixes(`g${salt}`),
        weights: digestOfText(`w${salt}`),
        weightTensors: prefixes(`w${salt}`),
      };
      const step = chained(chain, entry);
      chain = step.chain;
      return step;
    });
    return { head: { genesis, tensors }, steps };
  });

describe('a ledger', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        expect(parseLedger(ledgerText(ledger), 'ledger.jsonl')).toEqual({
          ...ledger,
          // Text has no negative zero, and the chain does not tell it from zero.
          steps: ledger.steps.map((step) => ({ ...step, loss: Number(String(step.loss)) })),
        });
      }),
    );
  });

  it('does not hide a line that was taken out, swapped or changed', () => {
    fc.assert(
      fc.property(
        ledgers.filter(({ steps }) => steps.length > 2),
        fc.nat(),
        (ledger, choice) => {
          const lines = ledgerText(ledger).trimEnd().split('\n');
          const at = 1 + (choice % (lines.length - 2));
          const without = lines.toSpliced(at, 1);
          const swapped = lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!);
          const changed = lines.with(
            at,
            lines[at]!.replace(/"groups":(\d+)/, (_, n) => `"groups":${Number(n) + 1}`),
          );
          expect(() => parseLedger(swapped.join('\n'), 'l')).toThrow(/^l line \d+: /);
          expect(() => parseLedger(changed.join('\n'), 'l')).toThrow(/the chain breaks at step/);
          // Without its first step it is a range of steps, which is allowed.
          if (at > 1) expect(() => parseLedger(without.join('\n'), 'l')).toThrow(/steps are missing/);
        },
      ),
    );
  });

  it('is not compared with one that names values otherwise', () => {
    const entry: LedgerEntry = {
      ...{ step: 1, epoch: 1, stepInEpoch: 1, groups: 1, loss: 1 },
      ...{ gradient: digestOfText('g'), gradientTensors: '', weights: digestOfText('w'), weightTensors: '' },
    };
    const other: LedgerEntry = {
      ...entry,
      gradient: valuesDigestOf(new TextEncoder().encode('g')),
      weights: valuesDigestOf(new TextEncoder().encode('w')),
    };
    expect(() => differenceOf(entry, other, [])).toThrow(/by sha256, the other by blake3/);
    expect(differenceOf(other, other, [])).toBeNull();
  });

  it.each(['', '{}', '{"ledger":2}', 'no json', '{"ledger":1,"genesis":"sha256:12","tensors":[]}'])(
    'is not read from %j',
    (text) => expect(() => parseLedger(text, 'l')).toThrow(/^l line 1: received no ledger/),
  );

  it('parts from another at the first step that differs, and names what differs there', () => {
    fc.assert(
      fc.property(
        ledgers.filter(({ steps }) => steps.length > 0),
        fc.nat(),
        fc.nat(2),
        (ledger, choice, tensor) => {
          const at = choice % ledger.steps.length;
          const part = (change: (step: LedgerEntry) => Partial<LedgerEntry>) => ({
            ...ledger,
            steps: ledger.steps.map((step, i) => (i < at ? step : { ...step, ...change(step) })),
          });
          const otherTensor = (text: string): string =>
            text.slice(0, 8 * tensor) + 'zzzzzzzz' + text.slice(8 * tensor + 8);
          const gradient = part((step) => ({
            gradient: digestOfText('x'),
            gradientTensors: otherTensor(step.gradientTensors),
            weights: digestOfText('x'),
          }));
          const step = at + 1;
          expect(firstDifference(ledger, gradient)).toEqual({
            step,
            in: 'gradient',
            tensor: tensors[tensor],
          });
          const weights = part((entry) => ({
            weights: digestOfText('x'),
            weightTensors: otherTensor(entry.weightTensors),
          }));
          expect(firstDifference(ledger, weights)).toEqual({ step, in: 'weights', tensor: tensors[tensor] });
          expect(firstDifference(ledger, ledger)).toBeNull();
          // Only where both have steps can they differ.
          expect(firstDifference({ ...ledger, steps: ledger.steps.slice(0, at) }, gradient)).toBeNull();
        },
      ),
    );
  });
});
