// FinalNet in JavaScript: network inputs in, logits out. Twin of network.py.
// Every batch norm is folded into the convolution before it.
//
// Feature maps are planes, stored one after another in a Float32Array. Each has a border of zeros,
// which is the padding of the next convolution.

const BLOCK = 4; // output planes computed together, so that each input pixel is loaded once for four

/** The name and shape of every tensor in a checkpoint. */
export function weightShapes({ network: { CHANNELS, FEATURES, NUM_CLASSES } }) {
  const shapes = {};
  for (let number = 1; number < CHANNELS.length; number++) {
    const [before, after] = [CHANNELS[number - 1], CHANNELS[number]];
    shapes[`conv${number}.weight`] = [after, before, 3, 3];
    shapes[`conv${number}.bias`] = [after];
    for (const name of ["weight", "bias", "running_mean", "running_var"]) {
      shapes[`bn${number}.${name}`] = [after];
    }
    shapes[`bn${number}.num_batches_tracked`] = [];
  }
  const layers = [["fc1", ...FEATURES], ["fc2", FEATURES[1], NUM_CLASSES]];
  for (const [name, before, after] of layers) {
    shapes[`${name}.weight`] = [after, before];
    shapes[`${name}.bias`] = [after];
  }
  return shapes;
}

/** The network with the weights of a checkpoint. */
export class Network {
  constructor(tensors, constants) {
    const { CHANNELS, POOLED, NUM_CLASSES, EPSILON } = constants.network;
    const { INPUT_SIZE } = constants.preprocessing;
    this.inputSize = INPUT_SIZE;
    this.pooled = POOLED;
    this.classes = NUM_CLASSES;
    this.convolutions = CHANNELS.slice(1).map((_, i) => foldBatchNorm(tensors, i + 1, EPSILON));
    this.layers = ["fc1", "fc2"].map((name) => ({
      weights: tensors[`${name}.weight`].values,
      bias: tensors[`${name}.bias`].values,
    }));
  }

  /** Input of the last layer, averaged over normalised inputs that are stored one after another. */
  meanFeatures(inputs) {
    const area = this.inputSize ** 2;
    const count = inputs.length / area;
    const all = Array.from({ length: count }, (_, i) =>
      this.activations(inputs.subarray(i * area, (i + 1) * area)).features,
    );
    return all[0].map((_, f) => all.reduce((sum, features) => sum + features[f], 0) / count);
  }

  /** Apply the last layer: features to logits. */
  classify(features) {
    return applyLinear(features, this.layers[1]);
  }

  logitsOf(image) {
    return this.activations(image).logits;
  }

  /**
   * Run the network and keep everything: {inputs, maps, features, logits}. inputs and maps: input of
   * each convolution, and its output after ReLU, both with borders.
   */
  activations(image) {
    const inputs = [];
    const maps = [];
    let size = this.inputSize;
    let planes = image;
    let input = addBorder(planes, size);
    for (const [i, convolution] of this.convolutions.entries()) {
      inputs.push(input);
      input = convolve(input, size, convolution);
      maps.push(input);
      if (!this.pooled.includes(i + 1)) continue;
      planes = pool(input, size);
      size /= 2;
      input = addBorder(planes, size);
    }
    const features = applyLinear(planes, this.layers[0]).map(relu);
    return { inputs, maps, features, logits: this.classify(features) };
  }
}

function foldBatchNorm(tensors, number, epsilon) {
  const read = (name) => tensors[name].values;
  const [weights, bias] = [read(`conv${number}.weight`), read(`conv${number}.bias`)];
  const [mean, variance] = [read(`bn${number}.running_mean`), read(`bn${number}.running_var`)];
  const [gain, shift] = [read(`bn${number}.weight`), read(`bn${number}.bias`)];
  const scales = gain.map((value, o) => value / Math.sqrt(variance[o] + epsilon));
  const each = weights.length / bias.length;
  return {
    weights: weights.map((weight, i) => weight * scales[Math.floor(i / each)]),
    bias: bias.map((value, o) => (value - mean[o]) * scales[o] + shift[o]),
  };
}

const relu = (value) => (value > 0 ? value : 0);

/** Add a border of zeros to planes of size x size. */
function addBorder(planes, size) {
  const stride = size + 2;
  const count = planes.length / size ** 2;
  const bordered = new Float32Array(count * stride ** 2);
  for (let row = 0; row < count * size; row++) {
    const start = (Math.floor(row / size) * stride + (row % size) + 1) * stride + 1;
    bordered.set(planes.subarray(row * size, (row + 1) * size), start);
  }
  return bordered;
}

/** 3x3 convolution, then ReLU, of bordered planes of size x size; the result has borders, too. */
function convolve(input, size, { weights, bias }) {
  const stride = size + 2;
  const area = stride ** 2;
  const channels = input.length / area;
  const output = new Float32Array(bias.length * area);
  for (let o = 0; o < bias.length; o += BLOCK) {
    const block = output.subarray(o * area, (o + BLOCK) * area);
    for (let k = 0; k < BLOCK; k++) block.fill(bias[o + k], k * area, (k + 1) * area);
    for (let c = 0; c < channels; c++) {
      const plane = input.subarray(c * area, (c + 1) * area);
      addPlane(plane, block, size, weights, (o * channels + c) * 9, channels * 9);
    }
    rectify(block, size);
  }
  return output;
}

/** Add the contribution of one input plane to four output planes, whose weights are `step` apart. */
function addPlane(plane, block, size, weights, first, step) {
  const stride = size + 2;
  const area = stride * stride;
  const w = weights.subarray(first, first + 9);
  const v = weights.subarray(first + step, first + step + 9);
  const u = weights.subarray(first + 2 * step, first + 2 * step + 9);
  const t = weights.subarray(first + 3 * step, first + 3 * step + 9);
  const [w0, w1, w2, w3, w4, w5, w6, w7, w8] = w;
  const [v0, v1, v2, v3, v4, v5, v6, v7, v8] = v;
  const [u0, u1, u2, u3, u4, u5, u6, u7, u8] = u;
  const [t0, t1, t2, t3, t4, t5, t6, t7, t8] = t;
  for (let y = 1; y <= size; y++) {
    let i = y * stride + 1;
    let a0 = plane[i - stride - 1], a1 = plane[i - stride], b0 = plane[i - 1], b1 = plane[i];
    let c0 = plane[i + stride - 1], c1 = plane[i + stride];
    for (const end = i + size; i < end; i++) {
      const a2 = plane[i - stride + 1], b2 = plane[i + 1], c2 = plane[i + stride + 1];
      block[i] += a0 * w0 + a1 * w1 + a2 * w2 + b0 * w3 + b1 * w4 + b2 * w5 + c0 * w6 + c1 * w7 + c2 * w8;
      block[i + area] += a0 * v0 + a1 * v1 + a2 * v2 + b0 * v3 + b1 * v4 + b2 * v5 + c0 * v6 + c1 * v7 + c2 * v8;
      block[i + 2 * area] += a0 * u0 + a1 * u1 + a2 * u2 + b0 * u3 + b1 * u4 + b2 * u5 + c0 * u6 + c1 * u7 + c2 * u8;
      block[i + 3 * area] += a0 * t0 + a1 * t1 + a2 * t2 + b0 * t3 + b1 * t4 + b2 * t5 + c0 * t6 + c1 * t7 + c2 * t8;
      a0 = a1; a1 = a2; b0 = b1; b1 = b2; c0 = c1; c1 = c2;
    }
  }
}

/** Apply ReLU and clear the border. */
function rectify(planes, size) {
  const stride = size + 2;
  for (let start = 0; start < planes.length; start += stride) {
    const y = (start / stride) % stride;
    if (y === 0 || y > size) planes.fill(0, start, start + stride);
    else {
      for (let i = start; i < start + stride; i++) if (planes[i] < 0) planes[i] = 0;
      planes[start] = planes[start + stride - 1] = 0;
    }
  }
}

/** 2x2 max pooling: bordered planes of size x size to planes of half the size without a border. */
function pool(input, size) {
  const stride = size + 2;
  const half = size / 2;
  const channels = input.length / stride ** 2;
  const output = new Float32Array(channels * half * half);
  let o = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < half; y++) {
      let i = (c * stride + 2 * y + 1) * stride + 1;
      for (let x = 0; x < half; x++, i += 2, o++) {
        output[o] = Math.max(input[i], input[i + 1], input[i + stride], input[i + stride + 1]);
      }
    }
  }
  return output;
}

function applyLinear(input, { weights, bias }) {
  return bias.map((start, o) => {
    let sum = start;
    for (let i = 0; i < input.length; i++) sum += weights[o * input.length + i] * input[i];
    return sum;
  });
}
