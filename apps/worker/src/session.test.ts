import { EventEmitter } from 'node:events';
import { digestOfText, Fault, silentLogger } from '@ptychofleet/base';
import { lossSpecSchema, modelSpecSchema } from '@ptychofleet/config';
import { toStruct, type FleetLink, type JsonObject } from '@ptychofleet/wire';
import { expect, it } from 'vitest';
import { runSession, type SessionEnd } from './session.ts';

/** A flat structure as it comes from the wire: every value says of which kind it is. */
function struct(object: object): { fields: Record<string, unknown> } {
  const fields = Object.entries(toStruct(object as JsonObject).fields ?? {});
  return {
    fields: Object.fromEntries(
      fields.map(([key, value]) => [key, { ...value, kind: Object.keys(value)[0] }]),
    ),
  };
}
const task = {
  leaseId: 7,
  kind: 'TASK_KIND_GRADIENT',
  modelSpec: struct(modelSpecSchema.parse({})),
  lossSpec: struct(lossSpecSchema.parse({})),
  scanDigest: digestOfText('scan'),
  weightsDigest: digestOfText('weights'),
  microBatches: [{ groupIndices: [0] }],
  cropSide: 0,
};

/** The coordinator's end of a session, and what came out of it. */
class Line extends EventEmitter {
  readonly sent: Record<string, unknown>[] = [];
  destroyed = false;
  write(message: Record<string, unknown>): void {
    this.sent.push(message);
    if ('failure' in message)
      this.emit('data', { message: 'goodbye', goodbye: { reason: 'told', mayReturn: true } });
  }
  cancel(): void {
    this.destroyed = true;
  }
}

/** A session in which delivering the first result ends with `fault`. */
async function sessionWith(fault: Fault): Promise<{ end: SessionEnd; line: Line; abandoned: number }> {
  let abandoned = 0;
  const line = new Line();
  const link = {
    address: 'here',
    connect: () => Promise.resolve('http'),
    openSession: () => line,
    push: () => Promise.reject(fault),
  } as unknown as FleetLink;
  const result = { lossSum: 1, groupCount: 1, values: new Float32Array(1), computeMs: 1 };
  const compute = {
    numerics: Promise.resolve({ pins: {} }),
    died: new Promise<never>(() => undefined),
    run: () => Promise.resolve(result),
    foresee: () => Promise.resolve(),
    abandon: () => void (abandoned += 1),
  } as unknown as Parameters<typeof runSession>[1];
  const options = { name: 'w', slots: 2, connectTimeoutMs: 1, logger: silentLogger };
  const ended = runSession(link, compute, options, new AbortController().signal);
  setImmediate(() => {
    const welcome = { sessionId: 's', workerId: 'w1', heartbeatIntervalMs: 1000 };
    line.emit('data', { message: 'welcome', welcome });
    line.emit('data', { message: 'task', task });
  });
  return { end: await ended, line, abandoned };
}

it('a result that cannot be delivered because the connection is lost ends the session: its task has not failed', async () => {
  const { end, line, abandoned } = await sessionWith(new Fault('unavailable', 'the connection is lost'));
  // What else it was given is not computed.
  expect(abandoned).toBe(1);
  expect(end).toEqual({ reason: 'the connection is lost', mayReturn: true, joined: true });
  expect(line.sent.filter((message) => 'failure' in message)).toEqual([]);
  expect(line.destroyed).toBe(true);
});

it('a result that is refused is a failure of its task', async () => {
  const { end, line } = await sessionWith(new Fault('data-loss', 'it does not match'));
  expect(end.reason).toBe('told');
  expect(line.sent.at(-1)).toEqual({ failure: { leaseId: 7, reason: 'it does not match' } });
});
