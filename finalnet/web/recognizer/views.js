// 28x28 to views: the same drawing with finer and bolder pens. Twin of views.py.

import { roundHalfEven } from "./strokes.js";

/** Redraw a network input with each of the pens: a Uint8Array of one input after another. */
export function makeViews(input, pens, { preprocessing: { INPUT_SIZE } }) {
  const views = new Uint8Array(pens.length * input.length);
  pens.forEach((amount, i) => views.set(changePen(input, amount, INPUT_SIZE), i * input.length));
  return views;
}

/** Make the ink of a square image finer (amount -1 to 0) or bolder (0 to 1). */
export function changePen(image, amount, size) {
  if (amount === 0) return image;
  const choose = amount > 0 ? Math.max : Math.min;
  const share = Math.abs(amount);
  // Maximum or minimum of 3x3 pixels, first along rows, then along columns.
  const wide = image.map((pixel, i) => {
    const x = i % size;
    return choose(pixel, x > 0 ? image[i - 1] : pixel, x < size - 1 ? image[i + 1] : pixel);
  });
  return image.map((pixel, i) => {
    const above = i >= size ? wide[i - size] : wide[i];
    const below = i < image.length - size ? wide[i + size] : wide[i];
    return roundHalfEven(pixel * (1 - share) + choose(wide[i], above, below) * share);
  });
}
