// Boxes to lines: what stands on one line, in one word, and which ink is no digit but a separator.
// Twin of lines.py.
//
// A box is {left, top, width, height} in the strokes' own unit. A line is {pieces, breaks, unread}: lists of
// indices of the boxes, what stands before each of them and after the last; and unread, how many
// dots and signs are neither of digits nor separators that are read.

/** Put boxes on lines, from the top down, and tell separators from digits. */
export function findLines(boxes, leans, room, constants) {
  const { MAX_LINES } = constants;
  const groups = groupLines(boxes, constants);
  if (groups.length > MAX_LINES) {
    throw new RangeError(`the ink is in ${groups.length} lines, at most ${MAX_LINES} are read`);
  }
  return groups.map((group) => layOut(group, boxes, leans, room, constants));
}

/** Indices of the boxes on each line, from the top down. */
function groupLines(boxes, constants) {
  const highest = Math.max(0, ...boxes.map((box) => box.height));
  const isTall = boxes.map((box) => box.height >= constants.TALL * highest);
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

/** The groups, made one where two of them are joint. */
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
function areNeighbours(one, other, { REACH, LEVEL }) {
  const near = gap(one, other) <= REACH * Math.max(one.height, other.height);
  return near && rise(one, other) <= -LEVEL * Math.min(one.height, other.height);
}

/** A row of boxes: {boxes, extent, first, last}, those that begin first and end last. */
function rowOf(boxes) {
  const first = least(boxes, (box) => box.left);
  return { boxes, extent: join(boxes), first, last: most(boxes, (box) => box.left + box.width) };
}

/** Whether of two rows of boxes one is nothing but upper or lower parts of the other's digits. */
function areParts(one, other, constants) {
  if (gap(one.extent, other.extent) > 0) return false; // the usual case, and cheap
  const [fewer, more] = one.boxes.length <= other.boxes.length ? [one, other] : [other, one];
  return fewer.boxes.every((part) => more.boxes.some((rest) => isDigitOf(part, rest, constants)));
}

/** Whether two boxes above one another may be one digit, as an 8 of two circles. */
function isDigitOf(one, other, { STACKED, SLIMMEST }) {
  const both = join([one, other]);
  const touch = rise(one, other) <= STACKED * both.height;
  const above = gap(one, other) <= -Math.min(one.width, other.width) / 2;
  return touch && above && both.height <= SLIMMEST * both.width;
}

/** Whether two rows of boxes, however far apart, face one another on one level. */
function areOnLevel(one, other, { LEVEL }) {
  const [left, right] = one.first.left <= other.first.left ? [one, other] : [other, one];
  const [end, start] = [left.last, right.first];
  const apart = end.left + end.width <= start.left;
  return apart && rise(end, start) <= -LEVEL * Math.min(end.height, start.height);
}

/** The pieces of one line, and what stands between them. */
function layOut(group, boxes, leans, room, constants) {
  const { DOT, TALL, MAX_DIGITS, MOST_PIECES } = constants;
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
  // A dot above or in a digit is a part of it.
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
 * Put what is surely one digit together, drop dirt, and order the rest from left to right.
 *
 * members: indices of the boxes that count. Returns indices of the boxes, one list a piece.
 */
function arrange(members, boxes, constants) {
  const { SURE, DIRT } = constants;
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

/** The separator that a piece of a line is, or "": what it is beside digits decides. */
function nameMark(box, lean, pieces, tall, room, constants) {
  const { CLOSE, DASH, DASH_FLAT, DASH_MIDDLE, COMMA, COMMA_TOP, SLIM } = constants;
  const { SIGN, SIGN_ROOM, UNREAD } = constants;
  const [left, right] = beside(box, tall);
  if (!right) return "";
  const sides = left ? [left, right] : [right];
  const height = mean(sides.map((side) => side.height));
  const gaps = sides.map((side) => gap(box, side) / height);
  if (height === 0 || Math.max(...gaps) > CLOSE || Math.min(...gaps) < room) return "";
  if (left && isSlash(box, lean, height, constants)) return "/";
  if (pieces.some((piece) => piece !== box && gap(box, piece) < room * height)) return "";
  const down = howFarDown(box, sides);
  const isLong = DASH[0] * height <= box.width && box.width <= DASH[1] * height;
  const isHalfway = DASH_MIDDLE[0] <= down && down <= DASH_MIDDLE[1];
  if (isLong && isHalfway && box.height <= DASH_FLAT * box.width) return "-";
  const begins = down - box.height / height / 2;
  const isComma = left && box.height <= COMMA * height && begins >= COMMA_TOP;
  if (isComma) return box.height > SLIM * box.width ? "," : "";
  const others = pieces.filter((piece) => piece !== box).map((piece) => gap(box, piece));
  const isSmall = Math.max(box.width, box.height) <= SIGN * height;
  const isFree = left && isSmall && Math.min(...others) >= SIGN_ROOM * height;
  return isFree && isHalfway ? UNREAD : "";
}

/** Whether a box beside digits of that height holds a slash. */
function isSlash(box, lean, height, constants) {
  const { SLASH, SLASH_LEAN, SLASH_WIDEST, SLASH_HIGHER, SLASH_FLATNESS } = constants;
  if (lean < SLASH_LEAN || box.height < SLASH * height) return false;
  if (box.width > SLASH_WIDEST * box.height) return false;
  const higher = box.height / height - 1;
  return box.width / box.height + SLASH_HIGHER * higher >= SLASH_FLATNESS;
}

/** Where dots are separators, and which: a dot, a comma, or two that are a colon. */
function nameDots(dots, digits, constants) {
  const { CLOSE, CLOSE_AT_END, DOT, DOT_OVERLAP, DOT_FLAT, BASE, BELOW, TAIL, SLIM } = constants;
  const free = []; // {dot, down, height}, how far down, and the height of the digits beside it
  for (const dot of sorted(dots, center)) {
    const sides = beside(dot, digits).filter(Boolean);
    if (!sides.length) continue;
    const height = mean(sides.map((side) => side.height));
    const gaps = sides.map((side) => gap(dot, side) / height);
    const closest = sides.length === 2 ? CLOSE : CLOSE_AT_END;
    if (Math.min(...gaps) < -DOT_OVERLAP || Math.max(...gaps) > closest) continue;
    free.push({ dot, down: howFarDown(dot, sides), height });
  }
  const marks = [];
  while (free.length) {
    const { dot, down, height } = free.shift();
    const pair = free.findIndex((other) => areColon(dot, other.dot, height, constants));
    const isFlat = dot.width > (DOT * height) / 2 && dot.width > DOT_FLAT * dot.height;
    if (pair >= 0) {
      free.splice(pair, 1);
      marks.push([center(dot), ":"]);
    } else if (BASE <= down && down <= BELOW && !isFlat) {
      const isComma = dot.height > TAIL * height && dot.height > SLIM * dot.width;
      marks.push([center(dot), isComma ? "," : "."]);
    }
  }
  return marks;
}

function areColon(one, other, height, { DOT }) {
  const aside = Math.abs(center(one) - center(other));
  return aside <= DOT * height && Math.abs(middle(one) - middle(other)) >= DOT * height;
}

/** What stands before each digit of a line, and after the last. */
function findBreaks(digits, marks, { SPACE, SPACE_GAPS, UNREAD }) {
  if (!digits.length) return [""];
  const gaps = digits.slice(1).map((box, i) => gap(digits[i], box));
  const highest = Math.max(...digits.map((box) => box.height));
  const clear = sorted(gaps.filter((value) => value > 0), (value) => value);
  // A lone gap is as usual as can be: two digits, however far apart, are one number.
  const usual = clear[Math.floor((clear.length - 1) / 2)] ?? 0;
  const wide = Math.max(SPACE * highest, SPACE_GAPS * usual);
  const breaks = ["", ...gaps.map((value) => (value >= wide ? " " : "")), ""];
  for (const [place, name] of marks) {
    const before = digits.filter((box) => center(box) < place).length;
    // One separator between two digits: of more, some are dirt.
    if (["", " "].includes(breaks[before])) {
      breaks[before] = name === UNREAD ? " " : name;
    }
  }
  return breaks;
}

/** How surely two boxes are two digits, by the gap between them, in log-odds. */
export function logOdds(one, other, { EVEN_GAP, GAP_SCALE }) {
  return (gap(one, other) / Math.max(one.height, other.height, 1e-6) - EVEN_GAP) / GAP_SCALE;
}

/** The box around boxes. */
export function join(boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/** Between the nearest points of two boxes. */
function distance(one, other) {
  return Math.hypot(Math.max(gap(one, other), 0), Math.max(rise(one, other), 0));
}

/** Between two boxes from left to right; negative where they overlap. */
function gap(one, other) {
  return Math.max(other.left - one.left - one.width, one.left - other.left - other.width);
}

/** Between two boxes from the top down; negative where they overlap. */
function rise(one, other) {
  return Math.max(other.top - one.top - one.height, one.top - other.top - other.height);
}

const center = (box) => box.left + box.width / 2;
const middle = (box) => box.top + box.height / 2;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const sorted = (items, key) => [...items].sort((one, other) => key(one) - key(other));
const most = (items, key) => items.reduce((best, item) => (key(item) > key(best) ? item : best));
const least = (items, key) => items.reduce((best, item) => (key(item) < key(best) ? item : best));

/** The nearest digits to the left and to the right, or undefined. */
function beside(box, digits) {
  const others = digits.filter((digit) => digit !== box);
  const left = others.filter((digit) => center(digit) < center(box));
  const right = others.filter((digit) => center(digit) >= center(box));
  return [left.length ? most(left, center) : undefined, right.length ? least(right, center) : undefined];
}

/** How far down the middle of a box is: 0 at the top of the digits beside it, 1 at the base. */
function howFarDown(box, sides) {
  const top = mean(sides.map((side) => side.top));
  return (middle(box) - top) / mean(sides.map((side) => side.height));
}
