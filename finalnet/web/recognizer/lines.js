// Groups boxes of strokes into lines and words, and tells separators from digits. Twin of lines.py.
//
// A line is {pieces, breaks, unread}. pieces: lists of indices of the boxes, left to right. breaks:
// before each piece, and after the last: a separator, " " or "". unread: number of dots and signs that
// are neither parts of digits nor known separators.

import { center, distance, gap, join, least, middle, most, rise, sorted } from "./boxes.js";
import { nameDots, nameMark } from "./separators.js";

/**
 * Group boxes into lines, from the top down, and tell separators from digits.
 *
 * leans: correlation of x with y pointing up, per box. room: least gap between separators and digits,
 * in heights of the digits.
 */
export function findLines(boxes, leans, room, constants) {
  const { MAX_LINES } = constants.lines;
  const groups = groupLines(boxes, constants);
  if (groups.length > MAX_LINES) {
    throw new RangeError(`the ink is in ${groups.length} lines, at most ${MAX_LINES} are read`);
  }
  return groups.map((group) => layOut(group, boxes, leans, room, constants));
}

/** Indices of the boxes on each line, from the top down. */
function groupLines(boxes, constants) {
  const highest = Math.max(0, ...boxes.map((box) => box.height));
  const isTall = boxes.map((box) => box.height >= constants.lines.TALL * highest);
  const tall = [...boxes.keys()].filter((index) => isTall[index]);
  let groups = unite(tall.map((index) => [index]), (one, other) =>
    areNeighbours(boxes[one[0]], boxes[other[0]], constants),
  );
  for (const bridges of [areParts, areOnLevel]) {
    const rows = new Map(groups.map((group) => [group, rowOf(group.map((index) => boxes[index]))]));
    groups = unite(groups, (one, other) => bridges(rows.get(one), rows.get(other), constants));
  }
  const heightOf = new Map(groups.map((group) => [group, middle(join(group.map((i) => boxes[i])))]));
  const home = new Map(groups.flatMap((group) => group.map((index) => [index, group])));
  boxes.forEach((box, index) => {
    if (isTall[index]) return;
    home.get(least(tall, (other) => distance(box, boxes[other]))).push(index);
  });
  return groups.sort((one, other) => heightOf.get(one) - heightOf.get(other));
}

/** Merge groups that `areJoint`. */
function unite(groups, areJoint) {
  const names = [...groups.keys()];
  groups.forEach((one, i) => {
    for (let j = i + 1; j < groups.length; j++) {
      if (names[i] === names[j] || !areJoint(one, groups[j])) continue;
      const gone = names[j];
      names.forEach((name, k) => (names[k] = name === gone ? names[i] : name));
    }
  });
  const united = new Map(names.map((name) => [name, []]));
  groups.forEach((group, i) => united.get(names[i]).push(...group));
  return [...united.values()].map((group) => group.sort((one, other) => one - other));
}

/** Whether two boxes are side by side on a line. */
function areNeighbours(one, other, { lines: { REACH, LEVEL } }) {
  const near = gap(one, other) <= REACH * Math.max(one.height, other.height);
  return near && rise(one, other) <= -LEVEL * Math.min(one.height, other.height);
}

/** A row of boxes: {boxes, extent, first, last}; first starts furthest left, last ends furthest right. */
function rowOf(boxes) {
  const first = least(boxes, (box) => box.left);
  return { boxes, extent: join(boxes), first, last: most(boxes, (box) => box.left + box.width) };
}

/** Whether two rows are one line, the shorter holding only parts of the other's digits. */
function areParts(one, other, constants) {
  if (gap(one.extent, other.extent) > 0) return false; // the usual case, skipped before the costlier test
  const [fewer, more] = one.boxes.length <= other.boxes.length ? [one, other] : [other, one];
  return fewer.boxes.every((part) => more.boxes.some((rest) => isDigitOf(part, rest, constants)));
}

/** Whether two boxes, one above the other, may be one digit, such as an 8 of two circles. */
function isDigitOf(one, other, { lines: { STACKED, SLIMMEST } }) {
  const both = join([one, other]);
  const touch = rise(one, other) <= STACKED * both.height;
  const above = gap(one, other) <= -Math.min(one.width, other.width) / 2;
  return touch && above && both.height <= SLIMMEST * both.width;
}

/** Whether two rows are at the same height, one after the other, however far apart. */
function areOnLevel(one, other, { lines: { LEVEL } }) {
  const [left, right] = one.first.left <= other.first.left ? [one, other] : [other, one];
  const [end, start] = [left.last, right.first];
  const apart = end.left + end.width <= start.left;
  return apart && rise(end, start) <= -LEVEL * Math.min(end.height, start.height);
}

/** Order the pieces of one line and find the separators and spaces between them. */
function layOut(group, boxes, leans, room, constants) {
  const { TALL, MAX_DIGITS, MOST_PIECES } = constants.lines;
  const { DOT } = constants.separators;
  const highest = Math.max(...group.map((index) => boxes[index].height));
  const isDot = (index) => Math.max(boxes[index].width, boxes[index].height) < DOT * highest;
  const dots = group.filter(isDot);
  const pieces = arrange(group.filter((index) => !isDot(index)), boxes, constants);
  const refuse = (count) => {
    throw new RangeError(`the ink is in ${count} pieces, at most ${MAX_DIGITS} digits are read`);
  };
  if (pieces.length > MOST_PIECES * MAX_DIGITS) refuse(pieces.length);
  const pieceBoxes = pieces.map((piece) => join(piece.map((index) => boxes[index])));
  const tall = pieceBoxes.filter((box) => box.height >= TALL * highest);
  const names = pieces.map((piece, i) => {
    const lean = piece.length === 1 ? leans[piece[0]] : 0;
    return nameMark(pieceBoxes[i], lean, pieceBoxes, tall, room, constants);
  });
  const kept = pieceBoxes.filter((_, i) => !names[i]);
  const lined = pieces.filter((_, i) => !names[i]);
  const dotMarks = nameDots(dots.map((index) => boxes[index]), kept, constants);
  const marks = [
    ...pieceBoxes.map((box, i) => [center(box), names[i]]).filter(([, name]) => name),
    ...dotMarks,
  ];
  let free = dots.length;
  // A dot that overlaps the box of a digit is a part of it.
  for (const index of dots) {
    const place = kept.findIndex((box) => gap(boxes[index], box) < 0 && rise(boxes[index], box) <= 0);
    if (place >= 0) {
      lined[place].push(index);
      free--;
    }
  }
  if (lined.length > MAX_DIGITS) refuse(lined.length);
  const breaks = findBreaks(kept, marks, constants);
  const named = dotMarks.reduce((count, [, name]) => count + (name === ":" ? 2 : 1), 0);
  const read = breaks.filter((between) => !["", " "].includes(between)).length;
  return { pieces: lined, breaks, unread: Math.max(free - named, 0) + marks.length - read };
}

/**
 * Merge boxes that certainly belong to one digit, drop dirt, and sort from left to right.
 *
 * members: indices of the boxes to arrange. Returns indices of the boxes, one list per piece.
 */
function arrange(members, boxes, constants) {
  const { SURE, DIRT } = constants.lines;
  let pieces = [];
  for (const index of sorted(members, (member) => boxes[member].left)) {
    let piece = { box: boxes[index], joined: [index] };
    for (const other of [...pieces]) {
      if (logOdds(other.box, piece.box, constants) >= -SURE) continue;
      pieces.splice(pieces.indexOf(other), 1);
      piece = { box: join([other.box, piece.box]), joined: [...other.joined, ...piece.joined] };
    }
    pieces.push(piece);
  }
  const sizeOf = ({ box }) => Math.max(box.width, box.height);
  const largest = Math.max(0, ...pieces.map(sizeOf));
  pieces = pieces.filter((piece) => sizeOf(piece) >= DIRT * largest);
  return sorted(pieces, ({ box }) => center(box)).map(({ joined }) => joined);
}

/** The separator, " " or "" before each digit of a line, and after the last. */
function findBreaks(digits, marks, constants) {
  const { SPACE, SPACE_GAPS } = constants.lines;
  const { UNREAD } = constants.separators;
  if (!digits.length) return [""];
  const gaps = digits.slice(1).map((box, i) => gap(digits[i], box));
  const highest = Math.max(...digits.map((box) => box.height));
  const clear = sorted(gaps.filter((value) => value > 0), (value) => value);
  // With a single gap, that gap is the usual one: two digits, however far apart, are one number.
  const usual = clear[Math.floor((clear.length - 1) / 2)] ?? 0;
  const wide = Math.max(SPACE * highest, SPACE_GAPS * usual);
  const breaks = ["", ...gaps.map((value) => (value >= wide ? " " : "")), ""];
  for (const [place, name] of marks) {
    const before = digits.filter((box) => center(box) < place).length;
    // At most one separator fits between two digits; any others are dirt.
    if (["", " "].includes(breaks[before])) {
      breaks[before] = name === UNREAD ? " " : name;
    }
  }
  return breaks;
}

/** The log-odds that two boxes are two digits, from the gap between them. */
export function logOdds(one, other, { lines: { EVEN_GAP, GAP_SCALE } }) {
  return (gap(one, other) / Math.max(one.height, other.height, 1e-6) - EVEN_GAP) / GAP_SCALE;
}
