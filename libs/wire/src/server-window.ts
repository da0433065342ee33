import http2 from 'node:http2';

/**
 * grpc-js servers keep HTTP/2's 64 KiB receive window whatever option is given, which caps an upload at one window
 * per round trip (15 MB/s at 1 ms delay against 194–333 with 8 MiB). There is no option for it, so the window is raised where
 * the server is made and when a session opens. Must run before grpc-js makes a server.
 */
export function raiseServerWindows(windowBytes: number): void {
  const original = http2.createServer as (options: http2.ServerOptions) => http2.Http2Server;
  if ((original as { windowBytes?: number }).windowBytes !== undefined) return;
  const raised = ((options: http2.ServerOptions) => {
    const settings = { ...options.settings, initialWindowSize: windowBytes };
    const server = original({ ...options, settings });
    server.on('session', (session) => session.setLocalWindowSize(windowBytes));
    return server;
  }) as typeof http2.createServer & { windowBytes?: number };
  raised.windowBytes = windowBytes;
  http2.createServer = raised;
}
