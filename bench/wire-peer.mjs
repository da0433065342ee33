// The serving side of the wire bench: one payload by three ways. Prints their ports.
import { randomFillSync } from 'node:crypto';
import net from 'node:net';
import grpc from '@grpc/grpc-js';
import { valuesDigestOf } from '@ptychofleet/base';
import { chunksOf, lasting, serve } from '@ptychofleet/wire';
import { plainService } from './wire-plain.mjs';

const payload = new Uint8Array(Number(process.argv[2]));
randomFillSync(payload);

const bulk = {
  isOpen: () => true,
  blob: () => Promise.resolve(lasting(payload)),
  failed: (error) => console.error(error),
};
const ours = await serve('127.0.0.1:0', { runs: {}, data: {}, models: {}, fleet: {} }, bulk);

const plain = new grpc.Server();
plain.addService(plainService, {
  async fetch(stream) {
    for (const { data } of chunksOf(payload)) {
      if (!stream.write({ data })) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  },
});
const plainPort = await new Promise((resolve, reject) => {
  plain.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
});

const raw = net.createServer((socket) => {
  socket.on('data', () => socket.write(payload));
  socket.on('error', () => socket.destroy());
});
await new Promise((resolve) => raw.listen(0, '127.0.0.1', resolve));

const ports = { ours: Number(ours.address.split(':').at(-1)), plain: plainPort, raw: raw.address().port };
console.log(JSON.stringify({ ports, digest: valuesDigestOf(payload) }));
