// What happens inside the network while it reads one drawing.

import { normalize } from "./preprocessing.js";

// Of the squares tried, those whose strokes, once erased, cost a digit of MNIST the most.
const PATCH_SIZE = 4; // px, side of a square of ink
const PATCH_STEP = 3; // px, from one to the next
const AT_ONCE = 6; // squares that are rubbed out before others have their turn

/**
 * What each part of the network answers to a network input, a Uint8Array.
 *
 * Returns {maps, features}: of each convolution {size, values}, its maps one behind the other, and
 * the values of fc1, all after ReLU.
 */
export function lookInside(network, input, constants) {
  const { maps, features } = network.activations(normalize(input, constants));
  const size = network.inputSize;
  return { maps: maps.map((map, i) => removeBorder(map, i < 2 ? size : size / 2)), features };
}

/**
 * The sum that makes a pixel of a convolution's map, with the batch norm folded into the weights:
 * of the plane of its input that moves it most, and what all the others add.
 *
 * index: 1 to 4, which convolution.
 * Returns {inputs, weights, channel, channels, share, others, bias, value}: nine inputs and their
 * weights; that plane, and how many there are; the sum of its products, and of all other products;
 * value is all that and the bias after ReLU.
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
 * How much the ink at each pixel speaks for (positive) or against (negative) each digit.
 *
 * Small squares of ink are rubbed out one at a time. What a digit's log odds lose without a square
 * is the square's evidence; a pixel's is the mean over the squares that hold it, in proportion to
 * its ink. Gradients would be as quick, but they name scattered pixels and not strokes.
 *
 * Returns ten planes in nats, one behind the other; null when `isWanted` said no meanwhile.
 * Source: Robnik-Sikonja and Kononenko 2008, Zeiler and Fergus 2014.
 */
export async function findEvidence(network, input, constants, isWanted) {
  const [size, classes] = [network.inputSize, network.classes];
  const odds = (pixels) => logOdds(network.logitsOf(normalize(pixels, constants)));
  const whole = odds(input);
  const evidence = new Float32Array(classes * size ** 2);
  const squares = new Float32Array(size ** 2); // that hold each pixel
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

/** The pixels of each square that has ink in it. */
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

/** log p / (1 - p) of every digit; unlike log p it keeps moving when p is near 1. */
function logOdds(logits) {
  return Array.from(logits, (logit, digit) => {
    const others = logits.filter((_, other) => other !== digit);
    const highest = Math.max(...others);
    const sum = others.reduce((total, other) => total + Math.exp(other - highest), 0);
    return logit - highest - Math.log(sum);
  });
}
