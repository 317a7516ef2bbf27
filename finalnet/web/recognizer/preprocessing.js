// Image to network input: centres and scales every drawing as MNIST does. Twin of preprocessing.py
// for images of the pad; the server reads photographs.
//
// Ink is an image with paper 0 and ink up to 255. A network input is a Uint8Array of 28x28, paper 0,
// ink 255.

import { roundHalfEven } from "./strokes.js";

/** Turn a picture of one digit into the network's input; all zero when there is no ink. */
export function preprocess(image, constants) {
  return centerInk(findInk(image, constants), constants);
}

/** The input of a tutorial's network: the whole pad, shrunk without centring the ink. */
export function shrinkWhole({ pixels, width }, { preprocessing: { INPUT_SIZE } }) {
  const step = width / INPUT_SIZE;
  const sums = new Float64Array(INPUT_SIZE ** 2);
  pixels.forEach((pixel, i) => {
    const [y, x] = [Math.floor(i / width / step), Math.floor((i % width) / step)];
    sums[y * INPUT_SIZE + x] += 255 - pixel;
  });
  return Uint8Array.from(sums, (sum) => roundHalfEven(sum / step ** 2));
}

/** Separate ink from evenly lit paper; either may be darker. */
export function findInk({ pixels, width, height }, { ink: { MIN_CONTRAST } }) {
  const paper = medianOfBorder(pixels, width, height);
  const ink = new Uint8Array(pixels.length);
  let strongest = 0;
  for (let i = 0; i < pixels.length; i++) {
    ink[i] = Math.abs(pixels[i] - paper);
    if (ink[i] > strongest) strongest = ink[i];
  }
  if (strongest < MIN_CONTRAST) ink.fill(0);
  else if (strongest < 254) {
    for (let i = 0; i < ink.length; i++) ink[i] = roundHalfEven((ink[i] * 255) / strongest);
  }
  return { pixels: ink, width, height };
}

function medianOfBorder(pixels, width, height) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(pixels[x], pixels[(height - 1) * width + x]);
  for (let y = 1; y < height - 1; y++) border.push(pixels[y * width], pixels[(y + 1) * width - 1]);
  border.sort((one, other) => one - other);
  const half = border.length / 2;
  return Math.floor((border[Math.ceil(half) - 1] + border[Math.floor(half)]) / 2);
}

/** Crop the ink, scale its longer side to 20 px and move its centre of mass to the middle. */
export function centerInk(ink, constants) {
  const { INPUT_SIZE, DIGIT_SIZE, CENTER } = constants.preprocessing;
  const frame = new Uint8Array(INPUT_SIZE ** 2);
  const cropped = crop(ink);
  if (!cropped) return frame;
  const { pixels, width, height } = resize(cropped, DIGIT_SIZE);
  let [mass, massX, massY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const weight = pixels[y * width + x];
      mass += weight;
      massX += weight * x;
      massY += weight * y;
    }
  }
  const place = (moment, size) => {
    const start = mass ? roundHalfEven(CENTER - moment / mass) : 0;
    return Math.min(Math.max(start, 0), INPUT_SIZE - size);
  };
  const [left, top] = [place(massX, width), place(massY, height)];
  for (let y = 0; y < height; y++) {
    frame.set(pixels.subarray(y * width, (y + 1) * width), (top + y) * INPUT_SIZE + left);
  }
  return frame;
}

/** Crop an image to its ink; null when there is no ink. */
function crop({ pixels, width, height }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!pixels[y * width + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return null;
  const size = right - left + 1;
  const cropped = new Uint8Array(size * (bottom - top + 1));
  for (let y = top; y <= bottom; y++) {
    cropped.set(pixels.subarray(y * width + left, y * width + right + 1), (y - top) * size);
  }
  return { pixels: cropped, width: size, height: bottom - top + 1 };
}

/** Scale the longer side to `longerSide` px: area averages when shrinking, else bilinear. */
function resize(image, longerSide) {
  const scale = longerSide / Math.max(image.width, image.height);
  if (scale === 1) return image;
  const width = Math.max(1, roundHalfEven(image.width * scale));
  const height = Math.max(1, roundHalfEven(image.height * scale));
  const weigh = scale < 1 ? areaWeights : linearWeights;
  const columns = weigh(image.width, width);
  const rows = weigh(image.height, height);
  const narrow = new Float32Array(width * image.height);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const { start, weights } = columns[x];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        sum += weights[i] * image.pixels[y * image.width + start + i];
      }
      narrow[y * width + x] = sum;
    }
  }
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const { start, weights } = rows[y];
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * narrow[(start + i) * width + x];
      pixels[y * width + x] = roundHalfEven(sum);
    }
  }
  return { pixels, width, height };
}

/** For each new pixel, the old pixels that it covers and their shares of it. */
function areaWeights(from, to) {
  const size = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [low, high] = [i * size, Math.min((i + 1) * size, from)];
    const start = Math.floor(low + 1e-6);
    const weights = [];
    for (let j = start; j < high - 1e-6; j++) {
      weights.push((Math.min(high, j + 1) - Math.max(low, j)) / size);
    }
    return { start, weights };
  });
}

/** For each new pixel, the weights of the two old pixels on either side of its centre. */
function linearWeights(from, to) {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const start = Math.min(Math.floor(place), Math.max(from - 2, 0));
    return { start, weights: from > 1 ? [1 - (place - start), place - start] : [1] };
  });
}

/** Scale network inputs to a Float32Array in which MNIST has mean 0 and standard deviation 1. */
export function normalize(inputs, { preprocessing: { MEAN, STD } }) {
  const scaled = new Float32Array(inputs.length);
  for (let i = 0; i < inputs.length; i++) scaled[i] = (inputs[i] / 255 - MEAN) / STD;
  return scaled;
}
