import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { Fault, messageOf } from '@ptychofleet/base';
import { limits } from '@ptychofleet/config';
import { HealthImplementation } from 'grpc-health-check';
import type { DataServiceHandlers } from './gen/ptychofleet/v1/DataService.ts';
import type { FleetServiceHandlers } from './gen/ptychofleet/v1/FleetService.ts';
import type { ModelServiceHandlers } from './gen/ptychofleet/v1/ModelService.ts';
import type { RunServiceHandlers } from './gen/ptychofleet/v1/RunService.ts';
import { packageDefinition, services } from './protocol.ts';
import { raiseServerWindows } from './server-window.ts';
import { removeStaleSocket } from './stale-socket.ts';

export interface ServiceHandlers {
  readonly runs: RunServiceHandlers;
  readonly data: DataServiceHandlers;
  readonly models: ModelServiceHandlers;
  readonly fleet: FleetServiceHandlers;
}

export interface RunningServer {
  /** Where it listens; with port 0 the port that was chosen. */
  readonly address: string;
  /** Refuses new calls, ends the open ones. */
  stop(): void;
}

/** Opens the gRPC server with health and reflection. A taken port is a {@link Fault}. */
export async function serve(address: string, handlers: ServiceHandlers): Promise<RunningServer> {
  raiseServerWindows(limits.receiveWindowBytes);
  const server = new Server({
    'grpc.max_receive_message_length': limits.messageBytesMax,
    'grpc.keepalive_time_ms': 20_000,
  });
  server.addService(services.RunService.service, handlers.runs);
  server.addService(services.DataService.service, handlers.data);
  server.addService(services.ModelService.service, handlers.models);
  server.addService(services.FleetService.service, handlers.fleet);
  const health = new HealthImplementation({ '': 'SERVING', 'ptychofleet.v1.RunService': 'SERVING' });
  health.addToServer(server);
  new ReflectionService(packageDefinition).addToServer(server);
  await removeStaleSocket(address);
  const port = await bind(server, address);
  const bound = address.startsWith('unix:')
    ? address
    : `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
  return { address: bound, stop: () => server.forceShutdown() };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) return resolve(port);
      const why = /EADDRINUSE/.test(error.message) ? 'the address is in use' : messageOf(error);
      const fix = 'choose another with --listen, or port 0 for any free one';
      reject(
        new Fault('invalid-input', `--listen ${address}: ${why}; ${fix}`, {
          field: '--listen',
          received: address,
        }),
      );
    });
  });
}
