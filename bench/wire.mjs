import net from 'node:net';
import grpc from '@grpc/grpc-js';
import { FleetLink } from '@ptychofleet/wire';
import { Peer } from './child.mjs';
import { interleave, ratioRow } from './measure.mjs';
import { plainService } from './wire-plain.mjs';

export const title =
  'wire: one slab of 9.4 MB in messages of 1 MiB from process to process, ours with its digest checked';

const size = 9_384_000;

export async function run(context) {
  const peer = new Peer(context.node, [context.bench('wire-peer.mjs'), String(size)]);
  const { ports, digest } = await peer.next();
  const session = { id: 'bench', over: new AbortController().signal };
  const rows = [];
  let memory;
  for (const delayMs of [0, 5]) {
    const proxies = [];
    const through = async (port) => {
      if (delayMs === 0) return port;
      const proxy = new Peer(context.node, [context.bench('delay-proxy.mjs'), String(port), String(delayMs)]);
      proxies.push(proxy);
      return (await proxy.next()).port;
    };
    const address = `127.0.0.1:${await through(ports.ours)}`;
    const link = new FleetLink(address, 'http');
    await link.connect(10_000);
    const near = new FleetLink(address);
    await near.connect(10_000);
    const Plain = grpc.makeGenericClientConstructor(plainService, 'Plain');
    const plain = new Plain(`127.0.0.1:${await through(ports.plain)}`, grpc.credentials.createInsecure());
    const socket = net.connect(await through(ports.raw), '127.0.0.1');
    const timed = (body) => async () => {
      const started = performance.now();
      await body();
      return performance.now() - started;
    };
    const sides = {
      // As a worker does: into the memory of weights that it needs no more.
      ours: timed(async () => (memory = await link.pull(session, digest, { spare: () => memory }))),
      // As workers of the coordinator's machine do.
      ...(delayMs === 0 && {
        near: timed(async () => (memory = await near.pull(session, digest, { spare: () => memory }))),
      }),
      plain: timed(async () => {
        let received = 0;
        for await (const { data } of plain.fetch({})) received += data.length;
        if (received !== size) throw new Error(`plain gRPC delivered ${received} bytes`);
      }),
      raw: timed(
        () =>
          new Promise((resolve, reject) => {
            let received = 0;
            const take = (bytes) => {
              received += bytes.length;
              if (received < size) return;
              socket.off('data', take).off('error', reject);
              resolve();
            };
            socket.on('data', take).once('error', reject);
            socket.write('?');
          }),
      ),
    };
    const repeats = context.short ? 3 : delayMs === 0 ? 15 : 5;
    const samples = await interleave(sides, { repeats, warmUp: context.short ? 1 : 2 });
    const at = delayMs === 0 ? 'loopback' : `${delayMs} ms one way`;
    rows.push(ratioRow(`${at}: beside plain grpc-js`, 'ms', samples.ours, samples.plain));
    rows.push(ratioRow(`${at}: beside a raw socket`, 'ms', samples.ours, samples.raw));
    if (delayMs === 0)
      rows.push(ratioRow('in memory: beside plain grpc-js', 'ms', samples.near, samples.plain));
    link.close();
    near.close();
    plain.close();
    socket.destroy();
    for (const proxy of proxies) proxy.end();
  }
  peer.end();
  return rows;
}
