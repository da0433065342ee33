import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as later } from 'node:timers';

/** A loopback port that leads to another, and on which the line can be cut, delayed and throttled. */
export class Proxy {
  readonly port: number;
  /** Milliseconds that every piece of data is held back. */
  delayMs = 0;
  /** Bytes per second in each direction; null for as many as there are. */
  bytesPerSecond: number | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(targetPort: () => number): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new Proxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (near) => proxy.#join(near, connect(targetPort(), '127.0.0.1')));
    return proxy;
  }

  /** Breaks every connection; new ones may be made. Says how many there were. */
  cut(): number {
    const count = this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.destroy();
    return count;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      this.#forward(from, to);
    }
  }

  /** In order: a piece never overtakes the one before, however the line changes meanwhile. */
  #forward(from: Socket, to: Socket): void {
    let freeAtMs = 0;
    from.on('data', (bytes) => {
      const nowMs = performance.now();
      const sendMs = this.bytesPerSecond === null ? 0 : (1000 * bytes.length) / this.bytesPerSecond;
      freeAtMs = Math.max(freeAtMs, nowMs + this.delayMs) + sendMs;
      if (freeAtMs <= nowMs) {
        to.write(bytes);
        return;
      }
      // As a slow line would: nothing more is taken in before this has gone out.
      from.pause();
      later(() => {
        to.write(bytes);
        from.resume();
      }, freeAtMs - nowMs);
    });
    from.on('end', () => to.end());
  }
}
