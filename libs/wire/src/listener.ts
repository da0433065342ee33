import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { Fault, messageOf } from '@ptychofleet/base';
import { removeStaleSocket } from './stale-socket.ts';

/** Who takes a connection over, by the first words of its client. */
export interface Routes {
  readonly http2: (socket: Socket) => void;
  readonly http1: (socket: Socket) => void;
}

export interface Listener {
  /** Where it listens; with port 0 the port that was chosen. */
  readonly address: string;
  /** Takes no more connections and ends the open ones. */
  close(): void;
}

/** How HTTP/2 begins: `PRI * HTTP/2.0` (RFC 9113 §3.4). No method of HTTP/1.1 does. */
const preface = 'PRI';
const silentMs = 60_000;

/** Opens one address for HTTP/2 and HTTP/1.1. A taken port is a {@link Fault}. */
export async function listen(address: string, routes: Routes): Promise<Listener> {
  await removeStaleSocket(address);
  const open = new Set<Socket>();
  const servers: Server[] = [];
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of open) socket.destroy();
  };
  const add = async (options: ListenOptions): Promise<Server> => {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      route(socket, routes);
    });
    await bound(server, options);
    servers.push(server);
    return server;
  };
  try {
    if (address.startsWith('unix:')) {
      await add({ path: address.slice('unix:'.length) });
      return { address, close };
    }
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon);
    const [first, ...others] = await addressesOf(host.replace(/^\[|\]$/g, ''));
    const server = await add({ host: first as string, port: Number(address.slice(colon + 1)) });
    const { port } = server.address() as AddressInfo;
    // A name with two addresses, such as localhost: one of them is enough where the other is not there.
    for (const other of others) await add({ host: other, port }).catch(() => undefined);
    return { address: `${host}:${port}`, close };
  } catch (error) {
    close();
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = taken ? 'the address is in use' : messageOf(error);
    const fix = 'choose another with --listen, or port 0 for any free one';
    const details = { field: '--listen', received: address };
    throw new Fault('invalid-input', `--listen ${address}: ${why}; ${fix}`, details, { cause: error });
  }
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, verbatim: false });
  return [...new Set(found.map(({ address }) => address))];
}

function bound(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Looks at the first bytes without taking them. */
function route(socket: Socket, { http1, http2 }: Routes): void {
  const give = (): void => void socket.destroy();
  socket.once('error', give);
  socket.setTimeout(silentMs, give);
  const look = (): void => {
    const first = socket.read(preface.length) as Buffer | null;
    if (first === null) return;
    socket.off('readable', look).off('error', give).off('timeout', give);
    socket.setTimeout(0);
    socket.unshift(first);
    (first.toString('latin1') === preface ? http2 : http1)(socket);
  };
  socket.on('readable', look).once('end', give);
}
