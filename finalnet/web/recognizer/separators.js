// Finds separators between digits, such as the colon in 12:30. Twin of separators.py, and uses its
// rows.

import { center, gap, least, middle, most, sorted } from "./boxes.js";

/**
 * Name the separator that a piece of a line is; "" if it is a digit.
 *
 * lean: correlation of x with y pointing up, -1 to 1. pieces: of the whole line, including this one.
 * tall: the pieces that are as tall as digits. room: least gap between separators and other pieces, in
 * heights of the digits.
 */
export function nameMark(box, lean, pieces, tall, room, { separators: { FARTHEST, MARKS } }) {
  const sides = findNeighbours(box, tall);
  const height = meanHeight(sides);
  if (!sides[1] || height === 0) return "";
  const gaps = sides.filter(Boolean).map((side) => gap(box, side) / height);
  if (Math.max(...gaps) > FARTHEST || Math.min(...gaps) < room) return "";
  const others = pieces.filter((piece) => piece !== box).map((piece) => gap(box, piece) / height);
  return findName(MARKS, measure(box, sides, lean, Math.min(...others), room));
}

/** Find the dots that are separators, [place, name]; two dots, one above the other, are a colon. */
export function nameDots(dots, digits, { separators }) {
  const { FARTHEST, FARTHEST_AT_END, DOT, DOT_OVERLAP, DOTS } = separators;
  const free = []; // {dot, sides}
  for (const dot of sorted(dots, center)) {
    const sides = findNeighbours(dot, digits);
    const height = meanHeight(sides);
    const gaps = height ? sides.filter(Boolean).map((side) => gap(dot, side) / height) : [];
    const farthest = gaps.length === 2 ? FARTHEST : FARTHEST_AT_END;
    const isBeside = Math.min(...gaps) >= -DOT_OVERLAP && Math.max(...gaps) <= farthest;
    if (gaps.length && isBeside) free.push({ dot, sides });
  }
  const marks = [];
  while (free.length) {
    const { dot, sides } = free.shift();
    const pair = free.findIndex((other) => areColon(dot, other.dot, DOT * meanHeight(sides)));
    if (pair >= 0) free.splice(pair, 1);
    const name = pair >= 0 ? ":" : findName(DOTS, measure(dot, sides));
    if (name) marks.push([center(dot), name]);
  }
  return marks;
}

/** Measure a mark between two digits, either of which may be missing; see `Geometry` in separators.py. */
function measure(box, sides, lean = 0, nearest = Infinity, room = 0) {
  const unit = meanHeight(sides);
  const top = (box.top - mean(sides.filter(Boolean).map((side) => side.top))) / unit;
  const [width, height] = [box.width / unit, box.height / unit];
  return {
    width,
    height,
    longer: Math.max(width, height),
    slimness: width ? height / width : Infinity,
    lean,
    slant: height ? width / height + 2 * (height - 1) : Infinity,
    top,
    middle: top + height / 2,
    digits_before: sides[0] ? 1 : 0,
    nearest,
    room: nearest - room,
  };
}

/** The nearest digits to the left and to the right; undefined where there is no digit. */
function findNeighbours(box, digits) {
  const others = digits.filter((digit) => digit !== box);
  const left = others.filter((digit) => center(digit) < center(box));
  const right = others.filter((digit) => center(digit) >= center(box));
  return [left.length ? most(left, center) : undefined, right.length ? least(right, center) : undefined];
}

function findName(separators, geometry) {
  const fits = ([, atLeast, atMost]) =>
    Object.entries(atLeast).every(([key, value]) => geometry[key] >= value) &&
    Object.entries(atMost).every(([key, value]) => geometry[key] <= value);
  return separators.find(fits)?.[0] ?? "";
}

function areColon(one, other, dot) {
  const isAbove = Math.abs(center(one) - center(other)) <= dot;
  return isAbove && Math.abs(middle(one) - middle(other)) >= dot;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** 0 if there are no digits. */
function meanHeight(sides) {
  const heights = sides.filter(Boolean).map((side) => side.height);
  return heights.length ? mean(heights) : 0;
}
