// A loopback proxy that hands every byte on a fixed time later, in both directions.
//   node bench/delay-proxy.mjs PORT DELAY_MS
import net from 'node:net';

const [port, delayMs] = process.argv.slice(2).map(Number);

function later(from, to) {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
}

const server = net.createServer((near) => {
  const far = net.connect(port, '127.0.0.1');
  for (const socket of [near, far]) socket.setNoDelay(true);
  later(near, far);
  later(far, near);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
