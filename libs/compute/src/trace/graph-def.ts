import protobuf from 'protobufjs';
import { assert } from '@ptychofleet/base';

/**
 * The part of TensorFlow's saved-model format that a traced graph needs, with TensorFlow's own field numbers
 * (tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto and protobuf/{saved_model,meta_graph}.proto).
 */
const schema = `
syntax = "proto3";
message Dim { int64 size = 1; }
message Shape { repeated Dim dim = 2; }
message Content { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; }
message List { repeated bytes s = 2; repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; }
message Attribute {
  oneof value { List list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; Shape shape = 7; Content tensor = 8; }
}
message Node { string name = 1; string op = 2; repeated string input = 3; map<string, Attribute> attr = 5; }
message Versions { int32 producer = 1; int32 min_consumer = 2; }
message Graph { repeated Node node = 1; Versions versions = 4; }
message Meta { repeated string tags = 4; }
message MetaGraph { Meta meta_info_def = 1; Graph graph_def = 2; }
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraph meta_graphs = 2; }
`;

/** The tag under which a traced graph is saved and loaded. */
export const graphTag = 'traced';
/** A GraphDef version that every TensorFlow 2 reads; it fixes the meaning of the operations. */
const graphVersion = 1882;

export interface GraphShape {
  readonly dim: readonly { readonly size: number }[];
}

/** One field of this object is set: what TensorFlow calls an AttrValue. */
export interface GraphAttribute {
  readonly s?: Uint8Array;
  readonly i?: number;
  readonly f?: number;
  readonly b?: boolean;
  readonly type?: number;
  readonly shape?: GraphShape;
  readonly tensor?: {
    readonly dtype: number;
    readonly tensorShape: GraphShape;
    readonly tensorContent: Uint8Array;
  };
  readonly list?: {
    readonly s?: readonly Uint8Array[];
    readonly i?: readonly number[];
    readonly f?: readonly number[];
    readonly b?: readonly boolean[];
  };
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output`, or `^node` for an order without data. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, GraphAttribute>>;
}

let savedModel: protobuf.Type | null = null;

/** The content of a saved_model.pb; equal graphs give equal bytes. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  savedModel ??= protobuf.parse(schema).root.lookupType('SavedModel');
  const graphDef = { node: nodes, versions: { producer: graphVersion, minConsumer: 12 } };
  const message = {
    savedModelSchemaVersion: 1,
    metaGraphs: [{ metaInfoDef: { tags: [graphTag] }, graphDef }],
  };
  const fault = savedModel.verify(message);
  assert(fault === null, `the graph does not fit its format: ${fault}`);
  return savedModel.encode(savedModel.fromObject(message)).finish();
}

export function shapeOf(dimensions: readonly number[]): GraphShape {
  return { dim: dimensions.map((size) => ({ size })) };
}
