import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, logVerbosity, setLogVerbosity, type GrpcObject } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { ProtoGrpcType as DataTypes } from './gen/data_service.ts';
import type { ProtoGrpcType as FleetTypes } from './gen/fleet_service.ts';
import type { ProtoGrpcType as ModelTypes } from './gen/model_service.ts';
import type { ProtoGrpcType as RunTypes } from './gen/run_service.ts';

/** Version of the contract in protos/. Another major version is refused at hello. */
export const protocolVersion = '3.1';

// What gRPC has to say comes to us as an error, and we say it in one sentence; its own lines would stand beside that.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

const protoFolder = fileURLToPath(new URL('../../../protos/', import.meta.url));

/** The loaded contract; the files lie beside the code, so no build step can make them differ. */
export const packageDefinition: PackageDefinition = loadSync(
  ['run_service', 'data_service', 'model_service', 'fleet_service'].map(
    (name) => `ptychofleet/v1/${name}.proto`,
  ),
  { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true },
);

type Services = RunTypes['ptychofleet']['v1'] &
  DataTypes['ptychofleet']['v1'] &
  ModelTypes['ptychofleet']['v1'] &
  FleetTypes['ptychofleet']['v1'];

const loaded = loadPackageDefinition(packageDefinition) as GrpcObject & { ptychofleet: { v1: unknown } };

export const services = loaded.ptychofleet.v1 as Services;
