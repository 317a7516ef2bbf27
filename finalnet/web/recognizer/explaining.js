// Computes what "See inside" shows: feature maps, the sum behind a pixel, and evidence per pixel.

import { normalize } from "./preprocessing.js";

// Of the sizes tried, the one that best finds strokes whose removal costs an MNIST digit the most.
const PATCH_SIZE = 4; // px, side of an erased square
const PATCH_STEP = 3; // px, from one square to the next
const AT_ONCE = 6; // squares between two checks whether the result is still wanted

/**
 * Compute the activations for a network input, a Uint8Array: {maps, features}, all after ReLU.
 *
 * maps: {size, values} per convolution, values holding one map after another. features: output of fc1.
 */
export function lookInside(network, input, constants) {
  const { maps, features } = network.activations(normalize(input, constants));
  const size = network.inputSize;
  return { maps: maps.map((map, i) => removeBorder(map, i < 2 ? size : size / 2)), features };
}

/**
 * Explain a pixel of a convolution's map: the nine products of the input plane that changes it most,
 * and the sum of all other products. The batch norm is folded into the weights.
 *
 * index: which convolution, 1 to 4.
 * Returns {inputs, weights, channel, channels, share, others, bias, value}. inputs, weights: nine each.
 * channel: number of that plane, of `channels`. share: sum of its products. others: sum of all other
 * products. value: ReLU of share + others + bias.
 */
export function explainPixel(network, input, { index, map, x, y }, constants) {
  const { inputs } = network.activations(normalize(input, constants));
  const { weights, bias } = network.convolutions[index - 1];
  const stride = (index < 3 ? network.inputSize : network.inputSize / 2) + 2;
  const channels = inputs[index - 1].length / stride ** 2;
  const windows = Array.from({ length: channels }, (_, channel) => {
    const from = (channel * stride + y) * stride + x; // of a bordered plane
    const seen = Array.from({ length: 9 }, (_, i) => {
      return inputs[index - 1][from + Math.floor(i / 3) * stride + (i % 3)];
    });
    const first = (map * channels + channel) * 9;
    const used = Array.from(weights.subarray(first, first + 9));
    const share = seen.reduce((sum, value, i) => sum + value * used[i], 0);
    return { inputs: seen, weights: used, channel, share };
  });
  const most = windows.reduce((best, next) =>
    Math.abs(next.share) > Math.abs(best.share) ? next : best,
  );
  const others = windows.reduce((sum, { share }) => sum + share, -most.share);
  const value = Math.max(most.share + others + bias[map], 0);
  return { ...most, channels, others, bias: bias[map], value };
}

function removeBorder(maps, size) {
  const stride = size + 2;
  const values = new Float32Array((maps.length / stride ** 2) * size ** 2);
  for (let row = 0; row * size < values.length; row++) {
    const start = (Math.floor(row / size) * stride + (row % size) + 1) * stride + 1;
    values.set(maps.subarray(start, start + size), row * size);
  }
  return { size, values };
}

/**
 * Measure how much the ink at each pixel speaks for (positive) or against (negative) each digit.
 *
 * Erases small squares of ink, one at a time. The evidence of a square is what the log-odds of a digit
 * lose without it. The evidence of a pixel is the mean over the squares that contain it, times its
 * ink. Gradients would be as fast, but they mark scattered pixels instead of strokes.
 *
 * Returns ten planes in nats, one after another; null if `isWanted` returned false meanwhile.
 * Source: Robnik-Sikonja and Kononenko 2008, Zeiler and Fergus 2014.
 */
export async function findEvidence(network, input, constants, isWanted) {
  const [size, classes] = [network.inputSize, network.classes];
  const odds = (pixels) => logOdds(network.logitsOf(normalize(pixels, constants)));
  const whole = odds(input);
  const evidence = new Float32Array(classes * size ** 2);
  const squares = new Float32Array(size ** 2); // number of squares that contain each pixel
  for (const [i, square] of inkedSquares(input, size).entries()) {
    if (i % AT_ONCE === 0 && !(await isWanted())) return null;
    const erased = input.slice();
    for (const pixel of square) erased[pixel] = 0;
    const left = odds(erased);
    for (const pixel of square) {
      squares[pixel]++;
      for (let d = 0; d < classes; d++) evidence[d * size ** 2 + pixel] += whole[d] - left[d];
    }
  }
  return evidence.map((sum, i) => {
    const pixel = i % size ** 2;
    return ((sum / Math.max(squares[pixel], 1)) * input[pixel]) / 255;
  });
}

/** The indices of the pixels of each square that contains ink. */
function inkedSquares(input, size) {
  const squares = [];
  for (let top = 0; top + PATCH_SIZE <= size; top += PATCH_STEP) {
    for (let left = 0; left + PATCH_SIZE <= size; left += PATCH_STEP) {
      const square = Array.from({ length: PATCH_SIZE ** 2 }, (_, i) => {
        return (top + Math.floor(i / PATCH_SIZE)) * size + left + (i % PATCH_SIZE);
      });
      if (square.some((pixel) => input[pixel])) squares.push(square);
    }
  }
  return squares;
}

/** log(p / (1 - p)) of every digit; unlike log p, it still changes when p is near 1. */
function logOdds(logits) {
  return Array.from(logits, (logit, digit) => {
    const others = logits.filter((_, other) => other !== digit);
    const highest = Math.max(...others);
    const sum = others.reduce((total, other) => total + Math.exp(other - highest), 0);
    return logit - highest - Math.log(sum);
  });
}
