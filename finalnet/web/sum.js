// Shows the sum of products behind one pixel, which recognizer/explaining.js computes.

import { fill, write } from "./words.js";

const NAMES = ["inputs", "weights", "products"];

/** Show the explanation of a pixel in an element `place`. */
export function showSum(place, explanation, texts) {
  const { inputs, weights, channel, channels, share, others, bias, value, spot } = explanation;
  const { index, map, x, y } = spot;
  const words = { layer: `conv${index}`, map: map + 1, row: y + 1, column: x + 1 };
  write(place.querySelector(".spot"), fill(texts.spot, { ...words, value: number(value) }));
  const from = index > 1 ? texts.from_map : texts.from_input;
  const before = { layer: `conv${index - 1}`, map: channel + 1, count: channels };
  write(place.querySelector(".from"), fill(index === 3 ? texts.from_pooled : from, before));
  const products = inputs.map((input, i) => input * weights[i]);
  [inputs, weights, products].forEach((values, i) => {
    showNine(place.querySelector(`.${NAMES[i]}`), values);
  });
  const parts = { share, others, bias, total: share + others + bias, value };
  for (const [name, part] of Object.entries(parts)) {
    write(place.querySelector(`.${name} b`), number(part));
  }
  write(place.querySelector(".others span"), fill(texts.others, { count: channels - 1 }));
  place.querySelector(".others").hidden = channels === 1;
  place.classList.add("shown");
}

export function hideSum(place) {
  place.classList.remove("shown");
}

/** Show nine numbers; colours cells by sign, more strongly for larger numbers. */
function showNine(grid, values) {
  const strongest = Math.max(...values.map(Math.abs), 1e-6);
  [...grid.querySelectorAll("span")].forEach((cell, i) => {
    write(cell, number(values[i]));
    cell.classList.toggle("negative", values[i] < 0);
    cell.style.setProperty("--strength", `${Math.round((60 * Math.abs(values[i])) / strongest)}%`);
  });
}

/** Two decimals, with a minus sign instead of a hyphen, and 0.00 instead of -0.00. */
function number(value) {
  return (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "\u2212");
}
