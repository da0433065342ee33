import type { Tensor4D } from '@tensorflow/tfjs-core';
import { nativeBackend, type KernelAttribute, type Tensor, type TensorFlow } from './runtime.ts';

/**
 * Layers made of native kernels. tfjs composes the gradient of relu from eight operations and differentiates a bias by a
 * general reduction; TensorFlow has one kernel for each (design: runtime, "ReluGrad"). The first group differentiates by
 * itself, the second is what gradients are written with and leaves no trace on the tape when called inside one.
 */
export interface Kernels {
  /**
   * k x k "same" convolution, stride 1, with bias and optional ReLU.
   * x (B, H, W, in), filter (k, k, in, out), bias (out) → (B, H, W, out). With `inputGradient` false x counts as data.
   */
  convolve(x: Tensor4D, filter: Tensor4D, bias: Tensor, relu: boolean, inputGradient?: boolean): Tensor4D;
  relu(x: Tensor4D): Tensor4D;
  /** (B, H, W, C) → (B, H/2, W/2, C) */
  maxPool(x: Tensor4D): Tensor4D;
  /** Pixel repetition, (B, H, W, C) → (B, 2H, 2W, C) */
  upsample(x: Tensor4D): Tensor4D;

  convolveOnly(x: Tensor4D, filter: Tensor4D): Tensor4D;
  /** dL/dx of a convolution, from dL/dy (B, H, W, out). */
  inputGradient(x: Tensor4D, filter: Tensor4D, dy: Tensor): Tensor4D;
  filterGradient(x: Tensor4D, filter: Tensor4D, dy: Tensor): Tensor4D;
  /** dL/dx of y = relu(x). */
  reluGradient(dy: Tensor, y: Tensor): Tensor;
  /** dL/dx of y = sigmoid(x). */
  sigmoidGradient(dy: Tensor, y: Tensor): Tensor;
  /** (B, H, W, C) → (B, 1, 1, C) */
  maxOverSpace(x: Tensor4D): Tensor4D;
  /**
   * Of equal maxima one gets the gradient, as in the reference; tfjs's own rule gives it to each, and the dark part of a
   * pattern is one large tie.
   */
  maxOverSpaceGradient(dy: Tensor, x: Tensor4D, y: Tensor): Tensor;
  /** Frees the shapes that are kept on the device. */
  dispose(): void;
}

/** tfjs hands a custom gradient's `save` over as the last of its tensors. */
type Save = (tensors: Tensor[]) => void;

export function createKernels(tf: TensorFlow): Kernels {
  const backend = nativeBackend(tf);
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_STRING, TF_FLOAT } = backend.binding as Record<string, number>;
  const type: KernelAttribute = { name: 'T', type: TF_ATTR_TYPE as number, value: TF_FLOAT };
  const ints = (name: string, value: number[]) => ({ name, type: TF_ATTR_INT as number, value });
  const text = (name: string, value: string) => ({ name, type: TF_ATTR_STRING as number, value });
  const layout = text('data_format', 'NHWC');
  const convolution = [
    type,
    ints('strides', [1, 1, 1, 1]),
    ints('dilations', [1, 1, 1, 1]),
    text('padding', 'SAME'),
    layout,
  ];
  const pooling = (height: number, width: number) => {
    const window = [1, height, width, 1];
    return [type, ints('ksize', window), ints('strides', window), text('padding', 'VALID'), layout];
  };
  const pairs = pooling(2, 2);
  const run = <T extends Tensor>(
    kernel: string,
    attributes: readonly KernelAttribute[],
    ...inputs: Tensor[]
  ): T => backend.executeSingleOutput(kernel, attributes, inputs) as T;

  const shapes = new Map<string, Tensor>();
  const shapeOf = (tensor: Tensor): Tensor => {
    const key = tensor.shape.join();
    const known = shapes.get(key);
    if (known !== undefined) return known;
    const shape = tf.keep(tf.tensor1d(tensor.shape, 'int32'));
    shapes.set(key, shape);
    return shape;
  };

  const kernels: Kernels = {
    convolve(x, filter, bias, relu, inputGradient = true) {
      const layer = tf.customGrad((...args) => {
        const linear = run<Tensor4D>('BiasAdd', [type, layout], kernels.convolveOnly(x, filter), bias);
        const y = relu ? run<Tensor4D>('Relu', [type], linear) : linear;
        (args.at(-1) as unknown as Save)([x, filter, y]);
        const gradFunc = (dy: Tensor, saved: Tensor[]) => {
          const [x, filter, y] = saved as [Tensor4D, Tensor4D, Tensor4D];
          const dLinear = relu ? kernels.reluGradient(dy, y) : dy;
          const parameters = [
            kernels.filterGradient(x, filter, dLinear),
            run<Tensor>('BiasAddGrad', [type, layout], dLinear),
          ];
          return inputGradient ? [kernels.inputGradient(x, filter, dLinear), ...parameters] : parameters;
        };
        return { value: y, gradFunc };
      });
      return (inputGradient ? layer(x, filter, bias) : layer(filter, bias)) as Tensor4D;
    },

    relu(x) {
      const layer = tf.customGrad((x, save) => {
        const y = run<Tensor4D>('Relu', [type], x as Tensor);
        (save as unknown as Save)([y]);
        return { value: y, gradFunc: (dy: Tensor, [y]: Tensor[]) => kernels.reluGradient(dy, y as Tensor) };
      });
      return layer(x) as Tensor4D;
    },

    maxPool(x) {
      const layer = tf.customGrad((x, save) => {
        const y = run<Tensor4D>('MaxPool', pairs, x as Tensor);
        (save as unknown as Save)([x as Tensor, y]);
        const gradFunc = (dy: Tensor, [x, y]: Tensor[]) =>
          run<Tensor>('MaxPoolGrad', pairs, x as Tensor, y as Tensor, dy);
        return { value: y, gradFunc };
      });
      return layer(x) as Tensor4D;
    },

    upsample(x) {
      const [batch, height, width, channels] = x.shape;
      const layer = tf.customGrad((x) => ({
        value: tf.reshape(
          tf.tile(tf.reshape(x as Tensor, [batch, height, 1, width, 1, channels]), [1, 1, 2, 1, 2, 1]),
          [batch, 2 * height, 2 * width, channels],
        ),
        // The four copies of a pixel add up: four times their average.
        gradFunc: (dy: Tensor) => tf.mul(run<Tensor>('AvgPool', pairs, dy), 4),
      }));
      return layer(x) as Tensor4D;
    },

    convolveOnly: (x, filter) => run('Conv2D', convolution, x, filter),
    inputGradient: (x, filter, dy) => run('Conv2DBackpropInput', convolution, shapeOf(x), filter, dy),
    filterGradient: (x, filter, dy) => run('Conv2DBackpropFilter', convolution, x, shapeOf(filter), dy),
    reluGradient: (dy, y) => run('ReluGrad', [type], dy, y),
    sigmoidGradient: (dy, y) => run('SigmoidGrad', [type], y, dy),
    maxOverSpace: (x) => run('MaxPool', pooling(x.shape[1], x.shape[2]), x),
    maxOverSpaceGradient: (dy, x, y) => run('MaxPoolGrad', pooling(x.shape[1], x.shape[2]), x, y, dy),

    dispose() {
      for (const shape of shapes.values()) shape.dispose();
      shapes.clear();
    },
  };
  return kernels;
}
