import { finished, type Readable } from 'node:stream';

/**
 * Hands all pieces of a stream on as they come: without the queue and the promise that iterating costs each of them. Where `take` throws,
 * the rest is dropped and the stream stays open.
 */
export function takeAll(stream: Readable, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (piece: Buffer): void => {
      try {
        take(piece);
      } catch (error) {
        stream.off('data', onData).resume();
        reject(error as Error);
      }
    };
    stream.on('data', onData);
    finished(stream, { writable: false }, (error) => (error ? reject(error) : resolve()));
  });
}
