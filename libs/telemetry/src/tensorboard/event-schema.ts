import protobuf from 'protobufjs';

/**
 * The part of TensorFlow's event.proto, summary.proto and tensor.proto that scalars, texts and pictures need. Numbers are
 * those of the published files; readers pass over what they do not know, and so do we.
 */
const schema = `
syntax = "proto3";
package tensorflow;

message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what {
    string file_version = 3;
    Summary summary = 5;
    SessionLog session_log = 7;
  }
}
message SessionLog {
  enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
  SessionStatus status = 1;
}
message Summary {
  message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
  message Value {
    string tag = 1;
    SummaryMetadata metadata = 9;
    oneof value { float simple_value = 2; Image image = 4; TensorProto tensor = 8; }
  }
  repeated Value value = 1;
}
message SummaryMetadata {
  message PluginData { string plugin_name = 1; bytes content = 2; }
  PluginData plugin_data = 1;
}
message TensorProto {
  int32 dtype = 1;
  TensorShapeProto tensor_shape = 2;
  repeated bytes string_val = 8;
}
message TensorShapeProto {
  message Dim { int64 size = 1; }
  repeated Dim dim = 2;
}
`;

const event = protobuf.parse(schema, { keepCase: false }).root.lookupType('tensorflow.Event');

export type SummaryValue =
  | { readonly tag: string; readonly simpleValue: number }
  | {
      readonly tag: string;
      readonly metadata: { readonly pluginData: { readonly pluginName: string } };
      readonly tensor: {
        readonly dtype: number;
        readonly tensorShape: { readonly dim: readonly { readonly size: number }[] };
        readonly stringVal: readonly Uint8Array[];
      };
    };

export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly SummaryValue[] };
  readonly sessionLog?: { readonly status: number };
}

export const sessionStart = 1;

export function encodeEvent(content: TensorBoardEvent): Uint8Array {
  return event.encode(event.create(content as unknown as Record<string, unknown>)).finish();
}

export function decodeEvent(bytes: Uint8Array): TensorBoardEvent {
  return event.toObject(event.decode(bytes), { longs: Number }) as TensorBoardEvent;
}
