import type { ModelSpec } from '@ptychofleet/config';
import { decoderChannels, encoderChannels, headPlan } from '@ptychofleet/model';
import type { PatchWeighting } from './reassembly.ts';

/** A batch of images (B, H, W, C) in double precision. */
export interface Images {
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  readonly values: Float64Array;
}

/**
 * Network and physics a second time, in double precision and straight from the definitions of the model spec: slow, and
 * without a gradient, so that central differences of it say what the gradient must be.
 */
export function imagesOf(shape: Images['shape'], values: ArrayLike<number>): Images {
  return { shape, values: Float64Array.from(values) };
}

/** "Same" convolution, stride 1. filter (k, k, in, out) */
export function convolution(
  { shape: [B, H, W, I], values }: Images,
  filter: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  outputs: number,
): Images {
  const side = Math.round(Math.sqrt(filter.length / (I * outputs)));
  const reach = (side - 1) / 2;
  const result = new Float64Array(B * H * W * outputs);
  for (let place = 0; place < B * H * W; place++) {
    const [b, y, x] = [Math.floor(place / (H * W)), Math.floor(place / W) % H, place % W];
    for (let o = 0; o < outputs; o++) result[place * outputs + o] = bias?.[o] ?? 0;
    for (let ky = 0; ky < side; ky++) {
      for (let kx = 0; kx < side; kx++) {
        const [row, column] = [y + ky - reach, x + kx - reach];
        if (row < 0 || row >= H || column < 0 || column >= W) continue;
        for (let i = 0; i < I; i++) {
          const input = values[((b * H + row) * W + column) * I + i] as number;
          if (input === 0) continue;
          const from = ((ky * side + kx) * I + i) * outputs;
          for (let o = 0; o < outputs; o++)
            result[place * outputs + o]! += input * (filter[from + o] as number);
        }
      }
    }
  }
  return { shape: [B, H, W, outputs], values: result };
}

export const relu = (t: number): number => Math.max(t, 0);
export const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));
export const swish = (t: number): number => t * sigmoid(t);

export function mapped({ shape, values }: Images, f: (value: number) => number): Images {
  return { shape, values: values.map(f) };
}

export function maxPool({ shape: [B, H, W, C], values }: Images): Images {
  const result = new Float64Array((B * H * W * C) / 4).fill(-Infinity);
  values.forEach((value, at) => {
    const to = pooledPlace(at, H, W, C);
    result[to] = Math.max(result[to] as number, value);
  });
  return { shape: [B, H / 2, W / 2, C], values: result };
}

export function upsample({ shape: [B, H, W, C], values }: Images): Images {
  const result = Float64Array.from({ length: 4 * values.length }, (_, at) => {
    return values[pooledPlace(at, 2 * H, 2 * W, C)] as number;
  });
  return { shape: [B, 2 * H, 2 * W, C], values: result };
}

/** Where pixel `at` of a (B, H, W, C) batch lies after halving both sides. */
function pooledPlace(at: number, H: number, W: number, C: number): number {
  const [pixel, channel] = [Math.floor(at / C), at % C];
  const [y, x] = [Math.floor(pixel / W) % H, pixel % W];
  const b = Math.floor(pixel / (H * W));
  return ((b * (H / 2) + (y >> 1)) * (W / 2) + (x >> 1)) * C + channel;
}

/** Reads parameters by name, whatever holds them. */
export type Parameters = (name: string) => ArrayLike<number>;

/** Channel gate, then pixel gate (model spec §2.4). */
export function attention(features: Images, parameters: Parameters, prefix: string): Images {
  const [B, H, W, G] = features.shape;
  const mlp = `${prefix}.ChannelGate.mlp`;
  const hidden = parameters(`${mlp}.1.bias`).length;
  const dense = (inputs: readonly number[], layer: string, outputs: number): number[] =>
    Array.from({ length: outputs }, (_, o) =>
      inputs.reduce(
        (sum, input, i) => sum + input * (parameters(`${layer}.weight`)[i * outputs + o] as number),
        parameters(`${layer}.bias`)[o] as number,
      ),
    );
  const gated = features.values.slice();
  for (let b = 0; b < B; b++) {
    const channel = (g: number): number[] =>
      Array.from({ length: H * W }, (_, i) => features.values[(b * H * W + i) * G + g] as number);
    const channels = Array.from({ length: G }, (_, g) => channel(g));
    const scores = [channels.map(meanOf), channels.map((values) => Math.max(...values))].map((pooled) =>
      dense(dense(pooled, `${mlp}.1`, hidden).map(relu), `${mlp}.3`, G),
    );
    for (let i = 0; i < H * W * G; i++) {
      const score = (scores[0]?.[i % G] as number) + (scores[1]?.[i % G] as number);
      gated[b * H * W * G + i]! *= sigmoid(score);
    }
  }
  const summary = new Float64Array(B * H * W * 2);
  for (let pixel = 0; pixel < B * H * W; pixel++) {
    const column = [...gated.subarray(pixel * G, (pixel + 1) * G)];
    summary.set([Math.max(...column), meanOf(column)], 2 * pixel);
  }
  const filter = parameters(`${prefix}.SpatialGate.compress.weight`);
  const gate = convolution({ shape: [B, H, W, 2], values: summary }, filter, null, 1);
  return {
    shape: features.shape,
    values: gated.map((value, i) => value * sigmoid(gate.values[Math.floor(i / G)] as number)),
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Amplitude and phase map of the torch heads (model spec §2), (B, N, N, Cout) each. */
export function objectMaps(model: ModelSpec, parameters: Parameters, input: Images): [Images, Images] {
  const { N } = model;
  const head = headPlan(model);
  const layer = (x: Images, name: string): Images => {
    const bias = parameters(`${name}.bias`);
    return convolution(x, parameters(`${name}.weight`), bias, bias.length);
  };
  const pair = (x: Images, prefix: string): Images =>
    mapped(layer(mapped(layer(x, `${prefix}.conv1`), relu), `${prefix}.conv2`), relu);
  let features = input;
  encoderChannels(model).forEach((_, block) => {
    features = pair(features, `encoder.blocks.${block}`);
    if (model.cbamEncoder) features = attention(features, parameters, `encoder.blocks.${block}.attention`);
    features = maxPool(features);
  });
  if (model.cbamBottleneck) features = attention(features, parameters, 'bottleneck_cbam');
  const bottleneck = features;
  const decode = (name: string, activation: (t: number) => number): Images => {
    let y = bottleneck;
    decoderChannels(model).forEach((_, block) => {
      y = upsample(pair(y, `decoder_${name}.blocks.${block}`));
    });
    const prefix = `decoder_${name}.${name}`;
    const centre = mapped(layer(channelsOf(y, 0, head.central), `${prefix}.conv1`), activation);
    const outer = channelsOf(y, head.central, head.features);
    const ring = mapped(layer(upsample(pair(outer, `${prefix}.conv_up_block`)), `${prefix}.conv2`), swish);
    const values = ring.values.map((value, at) => {
      const C = head.outputs;
      const pixel = Math.floor(at / C);
      const [row, column] = [(Math.floor(pixel / N) % N) - N / 4, (pixel % N) - N / 4];
      const inside = row >= 0 && row < N / 2 && column >= 0 && column < N / 2;
      if (!inside) return model.probeBig ? value : 0;
      const from = (Math.floor(pixel / (N * N)) * (N / 2) + row) * (N / 2) + column;
      return centre.values[from * C + (at % C)] as number;
    });
    return { shape: ring.shape, values };
  };
  const amplitude = { swish, sigmoid, relu, softplus: (t: number) => Math.log1p(Math.exp(t)) };
  return [decode('amp', amplitude[model.ampActivation]), decode('phase', (t) => Math.PI * Math.tanh(t))];
}

function channelsOf({ shape: [B, H, W, C], values }: Images, from: number, to: number): Images {
  const width = to - from;
  return {
    shape: [B, H, W, width],
    values: Float64Array.from(
      { length: B * H * W * width },
      (_, at) => values[Math.floor(at / width) * C + from + (at % width)] as number,
    ),
  };
}

/** Moves content by (dx, dy): every pixel reads four neighbours, what lies outside counts as 0 (model spec §6.2). */
export function translated(image: ArrayLike<number>, side: number, dx: number, dy: number): Float64Array {
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= side || column >= side ? 0 : (image[row * side + column] as number);
  return Float64Array.from({ length: side * side }, (_, index) => {
    const y = Math.floor(index / side) - dy;
    const x = (index % side) - dx;
    const [row, column] = [Math.floor(y), Math.floor(x)];
    const [v, u] = [y - row, x - column];
    const above = (1 - u) * at(row, column) + u * at(row, column + 1);
    const below = (1 - u) * at(row + 1, column) + u * at(row + 1, column + 1);
    return (1 - v) * above + v * below;
  });
}

/** One part (real or imaginary) of a group's patches → canvas → patches again (model spec §6.3, §6.5). */
export function mergedAndCut(
  patches: readonly ArrayLike<number>[],
  relative: ArrayLike<number>,
  {
    N,
    M,
    weighting,
    probeIntensity,
  }: { N: number; M: number; weighting: PatchWeighting; probeIntensity: ArrayLike<number> },
): { canvas: Float64Array; patches: Float64Array[] } {
  const pad = Math.floor((M - N) / 2);
  const framed = (patch: (row: number, column: number) => number): Float64Array =>
    Float64Array.from({ length: M * M }, (_, at) => {
      const [row, column] = [Math.floor(at / M) - pad, (at % M) - pad];
      return row < 0 || column < 0 || row >= N || column >= N ? 0 : patch(row, column);
    });
  const middle = (i: number): boolean => i >= N / 4 && i < (3 * N) / 4;
  const mask = framed((row, column) =>
    weighting === 'probe'
      ? (probeIntensity[row * N + column] as number)
      : Number(middle(row) && middle(column)),
  );
  const sum = new Float64Array(M * M);
  const weight = new Float64Array(M * M);
  patches.forEach((patch, member) => {
    const [x, y] = [relative[2 * member] as number, relative[2 * member + 1] as number];
    const image = translated(
      framed((row, column) => patch[row * N + column] as number),
      M,
      -x,
      -y,
    );
    const share = translated(mask, M, -x, -y);
    for (let i = 0; i < M * M; i++) {
      sum[i]! += (image[i] as number) * (share[i] as number);
      weight[i]! += share[i] as number;
    }
  });
  const threshold = weighting === 'probe' ? 1e-6 * Math.max(...weight) : 1e-6;
  const canvas = sum.map((value, i) => {
    const n = weight[i] as number;
    if (n <= threshold) return 0;
    return value / (weighting === 'central_mask' ? n + 1e-3 : Math.max(n, 1e-12));
  });
  const cut = patches.map((_, member) => {
    const moved = translated(canvas, M, relative[2 * member] as number, relative[2 * member + 1] as number);
    return Float64Array.from(
      { length: N * N },
      (_, at) => moved[(Math.floor(at / N) + pad) * M + (at % N) + pad] as number,
    );
  });
  return { canvas, patches: cut };
}

/** |centred unitary DFT of object·probe| as a sum over plane waves (model spec §7), (N, N). */
export function diffractionAmplitude(
  object: { re: ArrayLike<number>; im: ArrayLike<number> },
  probe: { re: ArrayLike<number>; im: ArrayLike<number> },
  N: number,
): Float64Array {
  const wave = (k: number, x: number): [number, number] => {
    const angle = (-2 * Math.PI * (((k - Math.floor(N / 2)) * x) % N)) / N;
    return [Math.cos(angle), Math.sin(angle)];
  };
  const along = (re: Float64Array, im: Float64Array): [Float64Array, Float64Array] => {
    // Transforms rows and returns the transpose, so that two calls transform both axes.
    const [outRe, outIm] = [new Float64Array(N * N), new Float64Array(N * N)];
    for (let k = 0; k < N; k++) {
      for (let x = 0; x < N; x++) {
        const [c, s] = wave(k, x);
        for (let row = 0; row < N; row++) {
          const [a, b] = [re[row * N + x] as number, im[row * N + x] as number];
          outRe[k * N + row]! += a * c - b * s;
          outIm[k * N + row]! += a * s + b * c;
        }
      }
    }
    return [outRe, outIm];
  };
  const product = (
    first: ArrayLike<number>,
    second: ArrayLike<number>,
    sign: number,
    a: ArrayLike<number>,
    b: ArrayLike<number>,
  ) =>
    Float64Array.from(
      { length: N * N },
      (_, i) => (first[i] as number) * (a[i] as number) + sign * (second[i] as number) * (b[i] as number),
    );
  const re = product(object.re, object.im, -1, probe.re, probe.im);
  const im = product(object.re, object.im, 1, probe.im, probe.re);
  const [fieldRe, fieldIm] = along(...along(re, im));
  return fieldRe.map((value, i) => Math.hypot(value, fieldIm[i] as number) / N);
}

/** Σ λ - k ln λ - k + k ln k, the Poisson loss less its constant (model spec §9). */
export function poissonDeviance(amplitude: ArrayLike<number>, target: ArrayLike<number>, S: number): number {
  let sum = 0;
  for (let i = 0; i < amplitude.length; i++) {
    const rate = (S * (amplitude[i] as number)) ** 2;
    const count = (target[i] as number) ** 2;
    sum += rate - count + (count > 0 ? count * Math.log(count / rate) : 0);
  }
  return sum;
}
