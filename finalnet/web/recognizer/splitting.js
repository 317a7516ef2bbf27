// Splits numbers into digits, left to right. Twin of splitting.py; the server splits pictures.
//
// A span is {start, stop, prior, box}, as in splitting.py.

import { join } from "./boxes.js";
import { findLines, logOdds } from "./lines.js";
import { preprocess } from "./preprocessing.js";
import { drawStrokes, extentOf } from "./strokes.js";

/**
 * Group strokes into pieces, in any drawing order, and list the spans that may be digits.
 *
 * Returns {spans, inputs, breaks, unread}, as `Split` in splitting.py; each span also has the indices
 * of its `strokes`.
 */
export function splitStrokes(strokes, constants) {
  const boxes = strokes.map((stroke) => extentOf([stroke]));
  const lines = findLines(boxes, strokes.map(leanOf), constants.lines.STROKES_ROOM, constants);
  const breaks = joinBreaks(lines.map((line) => line.breaks));
  const pieces = lines.flatMap((line) => line.pieces);
  const pieceBoxes = pieces.map((piece) => join(piece.map((index) => boxes[index])));
  const odds = pieceBoxes
    .slice(1)
    .map((box, i) => (breaks[i + 1] ? Infinity : logOdds(pieceBoxes[i], box, constants)));
  const spans = findSpans(pieceBoxes, odds, breaks, constants);
  const inputs = spans.map((span) => {
    span.strokes = pieces.slice(span.start, span.stop).flat().sort((one, other) => one - other);
    const image = drawStrokes(span.strokes.map((index) => strokes[index]), constants);
    return preprocess(image, constants);
  });
  return { spans, inputs, breaks, unread: sum(lines.map((line) => line.unread)) };
}

/** Correlation of x with y pointing up, -1 to 1, of points; 0 if x or y is constant. */
function leanOf(points) {
  const [meanX, meanY] = [0, 1].map((axis) => sum(points.map((point) => point[axis])) / points.length);
  const of = (f) => sum(points.map(([x, y]) => f(x - meanX, y - meanY)));
  const scale = Math.sqrt(of((x) => x * x) * of((_, y) => y * y));
  return scale ? -of((x, y) => x * y) / scale : 0;
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Concatenate the breaks of several lines, with "\n" between lines. */
function joinBreaks(lines) {
  const breaks = [...(lines[0] ?? [""])];
  for (const [first, ...rest] of lines.slice(1)) {
    breaks.push(`${breaks.pop()}\n${first}`, ...rest);
  }
  return breaks;
}

/** Find all runs of neighbouring pieces that may be digits. */
function findSpans(boxes, odds, breaks, constants) {
  const { MAX_PIECES, SMALL, SMALL_COST } = constants.splitting;
  const { SURE } = constants.lines;
  const ends = [Infinity, ...odds, Infinity];
  const apart = ends.map((end) => -softplus(-end)); // log-probabilities
  const together = ends.map((end) => -softplus(end));
  const highest = findHighest(boxes, breaks);
  const spans = [];
  for (let start = 0; start < boxes.length; start++) {
    for (let stop = start + 1; stop <= Math.min(start + MAX_PIECES, boxes.length); stop++) {
      if (stop > start + 1 && ends[stop - 1] > SURE) break;
      const box = join(boxes.slice(start, stop));
      // Two digits share an end, so each counts half of it.
      let prior = (apart[start] + apart[stop]) / 2;
      for (let i = start + 1; i < stop; i++) prior += together[i];
      prior -= SMALL_COST * Math.max(0, SMALL - box.height / Math.max(highest[start], 1e-6));
      spans.push({ start, stop, prior, box });
    }
  }
  return dropUnlikely(spans, constants);
}

/** Keep `MOST_SPANS`; single pieces always stay, so that at least one row of digits exists. */
function dropUnlikely(spans, { splitting: { MOST_SPANS } }) {
  const several = spans.filter(({ start, stop }) => stop > start + 1);
  several.sort((one, other) => other.prior - one.prior);
  const dropped = new Set(several.slice(Math.max(0, MOST_SPANS - spans.length + several.length)));
  return spans.filter((span) => !dropped.has(span));
}

/** For each piece, the height of the tallest piece on its line. */
function findHighest(boxes, breaks) {
  const line = [0]; // of each piece
  for (let i = 1; i < boxes.length; i++) line[i] = line[i - 1] + breaks[i].includes("\n");
  const highest = [];
  boxes.forEach(({ height }, i) => (highest[line[i]] = Math.max(highest[line[i]] ?? 0, height)));
  return line.map((number) => highest[number]);
}

/** log(1 + exp(value)). */
function softplus(value) {
  return Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
}

/** Find the likeliest row of digits that uses every piece once: indices of spans, left to right. */
export function chooseSpans(spans, probabilities, { splitting: { TRUST } }) {
  const best = new Map([[0, { value: 0, row: [] }]]); // best row before each piece
  spans.forEach(({ start, stop, prior }, index) => {
    const before = best.get(start);
    // Weigh by pieces, or a few doubtful digits would beat more certain ones. The probability is 0
    // if the ink is too thin to leave anything in 28x28.
    const trust = TRUST * (stop - start);
    const value = before.value + prior + trust * Math.log(Math.max(probabilities[index], 1e-3));
    if (!best.has(stop) || value > best.get(stop).value) {
      best.set(stop, { value, row: [...before.row, index] });
    }
  });
  return best.get(Math.max(...best.keys())).row;
}

/** Join digits and the breaks between them into a text. */
export function write(characters, spans, breaks) {
  return breaks[0] + characters.map((each, i) => each + breaks[spans[i].stop]).join("");
}

/** Group spans into words, which end at spaces and line ends: lists of indices of spans. */
export function findWords(spans, breaks) {
  const words = [[]];
  spans.forEach(({ stop }, place) => {
    words.at(-1).push(place);
    if (/[ \n]/.test(breaks[stop])) words.push([]);
  });
  return words;
}
