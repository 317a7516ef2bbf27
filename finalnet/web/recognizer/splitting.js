// Numbers to digits: strokes that stand side by side are taken apart, left to right. Twin of
// splitting.py, for strokes; pictures are the server's.
//
// A box is {left, top, width, height} in the strokes' own unit.

import { join } from "./boxes.js";
import { findLines, logOdds } from "./lines.js";
import { preprocess } from "./preprocessing.js";
import { drawStrokes, extentOf } from "./strokes.js";

/**
 * The ways in which strokes may be taken apart: {spans, inputs, breaks, unread}, the network input
 * of each span, which has the indices of its strokes, what stands before each piece and after the last, and how many signs are not read.
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

/** Correlation of x with y pointing up, -1 to 1, of points; 0 where there is none. */
function leanOf(points) {
  const [meanX, meanY] = [0, 1].map((axis) => sum(points.map((point) => point[axis])) / points.length);
  const of = (f) => sum(points.map(([x, y]) => f(x - meanX, y - meanY)));
  const scale = Math.sqrt(of((x) => x * x) * of((_, y) => y * y));
  return scale ? -of((x, y) => x * y) / scale : 0;
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** What stands between the pieces of lines, one under the other. */
function joinBreaks(lines) {
  const breaks = [...(lines[0] ?? [""])];
  for (const [first, ...rest] of lines.slice(1)) {
    breaks.push(`${breaks.pop()}\n${first}`, ...rest);
  }
  return breaks;
}

/** All rows of neighbouring pieces, start up to stop, that may be one digit. */
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
      // An end is shared by two digits, so each counts half of it.
      let prior = (apart[start] + apart[stop]) / 2;
      for (let i = start + 1; i < stop; i++) prior += together[i];
      prior -= SMALL_COST * Math.max(0, SMALL - box.height / Math.max(highest[start], 1e-6));
      spans.push({ start, stop, prior, box });
    }
  }
  return dropUnlikely(spans, constants);
}

/** At most `MOST_SPANS`, and all single pieces, so that there is always a row of digits. */
function dropUnlikely(spans, { splitting: { MOST_SPANS } }) {
  const several = spans.filter(({ start, stop }) => stop > start + 1);
  several.sort((one, other) => other.prior - one.prior);
  const dropped = new Set(several.slice(Math.max(0, MOST_SPANS - spans.length + several.length)));
  return spans.filter((span) => !dropped.has(span));
}

/** The height of the highest piece on the line of each piece. */
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

/** Indices of the spans of the likeliest row of digits that uses every piece once. */
export function chooseSpans(spans, probabilities, { splitting: { TRUST } }) {
  const best = new Map([[0, { value: 0, row: [] }]]); // by the piece that comes next
  spans.forEach(({ start, stop, prior }, index) => {
    const before = best.get(start);
    // For each of its pieces, or few doubtful digits would win over more that are sure. Zero
    // where ink is so thin that nothing of it is left in 28x28.
    const trust = TRUST * (stop - start);
    const value = before.value + prior + trust * Math.log(Math.max(probabilities[index], 1e-3));
    if (!best.has(stop) || value > best.get(stop).value) {
      best.set(stop, { value, row: [...before.row, index] });
    }
  });
  return best.get(Math.max(...best.keys())).row;
}

/** The text of digits, with what stands between them. */
export function write(characters, spans, breaks) {
  return breaks[0] + characters.map((each, i) => each + breaks[spans[i].stop]).join("");
}

/** The places, in the row of spans, of each word, which ends at a space and at a line's end. */
export function findWords(spans, breaks) {
  const words = [[]];
  spans.forEach(({ stop }, place) => {
    words.at(-1).push(place);
    if (/[ \n]/.test(breaks[stop])) words.push([]);
  });
  return words;
}
