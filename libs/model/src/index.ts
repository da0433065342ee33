export {
  BOTTLENECK_SIDE,
  bottleneckChannels,
  decoderChannels,
  encoderChannels,
  headPlan,
  networkChannels,
  type HeadPlan,
} from './plan.ts';
export { LOG_SCALE, networkTensors } from './tensors.ts';
export { fromReference, referenceShape, toReference } from './reference-layout.ts';
export {
  exchangeLayouts,
  exchangeTensors,
  fromExchange,
  toExchange,
  type ExchangeLayout,
  type ExchangeTensor,
} from './exchange-layout.ts';
export { modelFromShapes, type InferredModel } from './model-from-shapes.ts';
export { initialWeights, type InitSpec } from './initialise.ts';
