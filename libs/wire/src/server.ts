import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { limits } from '@ptychofleet/config';
import { HealthImplementation } from 'grpc-health-check';
import { bulkServer, type BulkService } from './bulk/http-server.ts';
import type { DataServiceHandlers } from './gen/ptychofleet/v1/DataService.ts';
import type { FleetServiceHandlers } from './gen/ptychofleet/v1/FleetService.ts';
import type { ModelServiceHandlers } from './gen/ptychofleet/v1/ModelService.ts';
import type { RunServiceHandlers } from './gen/ptychofleet/v1/RunService.ts';
import { listen } from './listener.ts';
import { packageDefinition, services } from './protocol.ts';
import { raiseServerWindows } from './server-window.ts';

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

/**
 * Opens the gRPC server with health and reflection. A taken port is a {@link Fault}.
 * @param bulk is offered over HTTP/1.1 at the same address as well
 */
export async function serve(
  address: string,
  handlers: ServiceHandlers,
  bulk?: BulkService,
): Promise<RunningServer> {
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
  const grpc = server.createConnectionInjector(ServerCredentials.createInsecure());
  const bulkSide = bulk && bulkServer(bulk);
  const listener = await listen(address, {
    http2: (socket) => grpc.injectConnection(socket),
    http1: (socket) =>
      bulkSide === undefined ? socket.destroy() : void bulkSide.http.emit('connection', socket),
  }).catch((error: unknown) => {
    bulkSide?.close();
    throw error;
  });
  const stop = (): void => {
    server.forceShutdown();
    listener.close();
    bulkSide?.close();
  };
  return { address: listener.address, stop };
}
