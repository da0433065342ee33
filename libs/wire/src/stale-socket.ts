import { rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';

/** A server that was killed leaves its unix socket behind: it goes, unless somebody still listens there. */
export async function removeStaleSocket(address: string): Promise<void> {
  if (!address.startsWith('unix:')) return;
  const path = address.slice('unix:'.length);
  const entry = await stat(path).catch(() => null);
  // Never a file of the user's that happens to have this name.
  if (entry === null || !entry.isSocket()) return;
  if (!(await isListening(path))) await rm(path, { force: true });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
