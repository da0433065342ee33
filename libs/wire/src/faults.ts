import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { errorKinds, Fault, messageOf, type ErrorKind, type FaultDetails } from '@ptychofleet/base';

const codeOfKind: Record<ErrorKind, status> = {
  'invalid-input': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'data-loss': status.DATA_LOSS,
  'failed-precondition': status.FAILED_PRECONDITION,
  unsupported: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  exhausted: status.RESOURCE_EXHAUSTED,
  'run-failed': status.ABORTED,
  interrupted: status.CANCELLED,
};

const faultKey = 'ptychofleet-fault-bin';

/** A fault as gRPC sends it: the sentence as message, kind and details in a trailer. */
export function statusOf(error: unknown): Partial<StatusObject> {
  if (!(error instanceof Fault)) {
    return { code: status.INTERNAL, details: `internal error: ${messageOf(error)}` };
  }
  const metadata = new Metadata();
  metadata.set(faultKey, Buffer.from(JSON.stringify({ kind: error.kind, details: error.details })));
  return { code: codeOfKind[error.kind], details: error.message, metadata };
}

/** The fault that a gRPC error stands for. */
export function faultOf(error: unknown, doing: string): Fault {
  if (error instanceof Fault) return error;
  const service = error as Partial<ServiceError>;
  const [trailer] = service.metadata?.get(faultKey) ?? [];
  const message =
    service.details !== undefined && service.details !== '' ? service.details : messageOf(error);
  if (trailer instanceof Buffer) {
    const carried = parseCarried(trailer);
    if (carried !== null) return new Fault(carried.kind, message, carried.details, { cause: error });
  }
  // A server that shuts down cancels its calls. Nobody on our side did, or it would not have become an error.
  if (service.code === status.UNAVAILABLE || service.code === status.CANCELLED) {
    const lost = `the connection to the coordinator is lost (${doing}: ${message.replace(/\.? Resolution note:.*$/, '')})`;
    return new Fault('unavailable', lost, {}, { cause: error });
  }
  const kind = (Object.keys(codeOfKind) as ErrorKind[]).find(
    (candidate) => codeOfKind[candidate] === service.code,
  );
  return new Fault(kind ?? 'run-failed', `${doing}: ${message}`, {}, { cause: error });
}

function parseCarried(trailer: Buffer): { kind: ErrorKind; details: FaultDetails } | null {
  try {
    const { kind, details } = JSON.parse(trailer.toString()) as { kind: ErrorKind; details: FaultDetails };
    return kind in errorKinds ? { kind, details: details ?? {} } : null;
  } catch {
    return null;
  }
}
