// A loopback proxy that hands every byte on a fixed time later, in both directions. It shares the cores with what is measured, so it takes
// little of them: one timer for all that is due, one write for all of that, and memory that is used again.
//   node bench/delay-proxy.mjs PORT DELAY_MS
import net from 'node:net';

const [port, delayMs] = process.argv.slice(2).map(Number);
const pieceBytes = 512 << 10;
const sparePieces = 32;

/** One direction of a connection. */
class Lane {
  #to = null;
  /** What is under way, in order: bytes, or null for the end. */
  #underWay = [];
  #timer = null;
  #spare = [];

  leadTo(socket) {
    this.#to = socket;
  }

  /** Memory for the next bytes. */
  room = () => this.#spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);

  take(bytes, memory = null) {
    this.#underWay.push({ bytes, memory, dueMs: performance.now() + delayMs });
    this.#timer ??= setTimeout(this.#handOn, delayMs);
  }

  #handOn = () => {
    this.#timer = null;
    const nowMs = performance.now();
    this.#to.cork();
    while (this.#underWay.length > 0 && this.#underWay[0].dueMs <= nowMs) {
      const { bytes, memory } = this.#underWay.shift();
      if (bytes === null) this.#to.end();
      else this.#to.write(bytes, () => memory !== null && this.#keep(memory));
    }
    this.#to.uncork();
    // Timers of whole milliseconds end up to one too early or too late.
    if (this.#underWay.length > 0)
      this.#timer = setTimeout(this.#handOn, Math.max(1, this.#underWay[0].dueMs - nowMs));
  };

  #keep(memory) {
    if (this.#spare.length < sparePieces) this.#spare.push(memory);
  }
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const [there, back] = [new Lane(), new Lane()];
  // What comes from afar is most of it, and may lie in memory of ours.
  const onread = {
    buffer: back.room,
    callback: (count, memory) => {
      back.take(memory.subarray(0, count), memory);
      return true;
    },
  };
  const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true, onread });
  there.leadTo(far);
  back.leadTo(near);
  near.on('data', (bytes) => there.take(bytes)).on('end', () => there.take(null));
  far.on('end', () => back.take(null));
  const cut = (other) => () => setTimeout(() => other.destroy(), delayMs);
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ])
    socket.on('error', cut(other)).on('close', cut(other));
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
