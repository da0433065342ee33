import type { Fault } from '@ptychofleet/base';
import { protocolVersion, toStruct, type JsonObject } from '@ptychofleet/wire';
import { describe, expect, it } from 'vitest';
import { Workers } from './workers.ts';

const wire = { send: () => undefined, close: () => undefined };
const usual = {
  tensorflow: '2.19.1',
  device: 'cpu',
  processor: 'one',
  instructions: 'avx2',
  pins: { intraOpThreads: 1, oneDnn: true },
  probe: `sha256:${'a'.repeat(64)}`,
};
/** As it is when it has come over the wire: every value says of which kind it is. */
function received(object: JsonObject): unknown {
  const fields = Object.entries(toStruct(object).fields ?? {}).map(([name, value]) => {
    const [kind = ''] = Object.keys(value);
    const inner = object[name];
    const nested = typeof inner === 'object' ? { structValue: received(inner as JsonObject) } : value;
    return [name, { ...nested, kind }];
  });
  return { fields: Object.fromEntries(fields) };
}

const hello = (numerics: JsonObject) =>
  ({
    name: 'w',
    protocolVersion,
    numerics: received(numerics),
    slotCount: 1,
    processId: 1,
  }) as unknown as Parameters<Workers['admit']>[0];

function refusal(numerics: JsonObject): Fault | null {
  const workers = new Workers(false);
  workers.admit(hello(usual), wire);
  try {
    workers.admit(hello(numerics), wire);
    return null;
  } catch (error) {
    return error as Fault;
  }
}

describe('a worker that joins', () => {
  it('is taken whatever its processor is called, when it computes the same', () => {
    expect(refusal({ ...usual, processor: 'another' })).toBeNull();
  });

  it.each([
    ['tensorflow', { ...usual, tensorflow: '2.18.0', probe: `sha256:${'b'.repeat(64)}` }],
    ['pins', { ...usual, pins: { intraOpThreads: 2, oneDnn: true } }],
    ['instructions', { ...usual, instructions: 'avx512f' }],
    ['the bits of a probe gradient', { ...usual, probe: `sha256:${'b'.repeat(64)}` }],
  ])('is refused when it differs in %s, with both values', (what, numerics) => {
    const fault = refusal(numerics);
    expect(fault?.kind).toBe('failed-precondition');
    expect(fault?.message).toMatch(
      new RegExp(`^numerics differ in ${what}: the fleet has .*, the worker .*`),
    );
  });

  it('is taken all the same where classes may mix, as one of its own class, and files say so', () => {
    const workers = new Workers(true);
    const first = workers.admit(hello(usual), wire);
    const other = workers.admit(hello({ ...usual, probe: `sha256:${'b'.repeat(64)}` }), wire);
    const like = workers.admit(hello({ ...usual, processor: 'another' }), wire);
    expect(other.numericsClass).not.toBe(first.numericsClass);
    expect(like.numericsClass).toBe(first.numericsClass);
    expect(workers.numerics(true)).toEqual({
      promise: 'not bitwise',
      classes: [first.numericsClass, other.numericsClass].sort(),
    });
    const { processor: _processor, ...compared } = usual;
    expect({ ...workers.numerics(false) }).toEqual(compared);
  });
});
