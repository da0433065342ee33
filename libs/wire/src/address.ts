import { invalidInput } from '@ptychofleet/base';

const accepted = 'HOST:PORT (for example 127.0.0.1:50051) or unix:/path/to/socket';

/** Checks an address and gives it in the form that gRPC takes. */
export function parseAddress(text: string, field: string): string {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    // The kernel's limit for a socket path is 108 bytes with the terminating zero.
    if (!path.startsWith('/') || Buffer.byteLength(path) > 107) {
      throw invalidInput(field, text, 'unix: and an absolute path of at most 107 bytes');
    }
    return text;
  }
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65535) throw invalidInput(field, text, accepted);
  return text;
}

/** Whether nobody but this machine can reach the address. */
export function isLocalAddress(address: string): boolean {
  if (address.startsWith('unix:')) return true;
  const host = address.slice(0, address.lastIndexOf(':'));
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
