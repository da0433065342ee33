// What one gets from grpc-js and protobuf without further thought: a stream of messages with bytes, all options as they are.
import protobuf from 'protobufjs';

const { root } = protobuf.parse('syntax = "proto3"; message Chunk { bytes data = 1; }');
const chunk = root.lookupType('Chunk');
const serialize = (message) => Buffer.from(chunk.encode(chunk.fromObject(message)).finish());
const deserialize = (bytes) => chunk.toObject(chunk.decode(bytes));

export const plainService = {
  fetch: {
    path: '/bench.Plain/Fetch',
    requestStream: false,
    responseStream: true,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  },
};
