// Strokes to image: draws pen strokes in black on white. Twin of strokes.py.
//
// A stroke is a list of [x, y], y pointing down. An image is {pixels, width, height}: a Uint8Array,
// row by row. `constants` holds Python's constants: module -> name -> value.

/** Validate the number of strokes and points; throws the errors of check_strokes in strokes.py. */
export function checkStrokes(strokes, { strokes: { MAX_STROKES, MAX_POINTS } }) {
  const say = (count) => count.toLocaleString("en");
  if (strokes.length > MAX_STROKES) {
    throw new RangeError(
      `too many strokes: ${say(strokes.length)}, at most ${say(MAX_STROKES)} are read`,
    );
  }
  if (strokes.reduce((sum, stroke) => sum + stroke.length, 0) > MAX_POINTS) {
    throw new RangeError(`too many points: at most ${say(MAX_POINTS)} are read in one drawing`);
  }
}

/** Round to the nearest integer, halves to the even one, as Python and OpenCV do. */
export function roundHalfEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Draw strokes at their coordinates, as the pad shows them; clips ink outside the pad. */
export function renderStrokes(strokes, penWidth, width, height, constants) {
  return rasterize(strokes, penWidth, width, height, constants.strokes.SUPERSAMPLING);
}

/** Limit the pen width (px) for a small drawing, which a thick pen would clog. */
export function fitPen(strokes, penWidth, { strokes: { LARGEST_PEN, FINEST_PEN } }) {
  const { width, height } = extentOf(strokes);
  return Math.min(penWidth, Math.max(LARGEST_PEN * Math.max(width, height), FINEST_PEN));
}

/** Draw strokes, scaled and centred to fill a square pad. */
export function drawStrokes(strokes, constants) {
  const { PAD_SIZE, PEN_WIDTH, MARGIN } = constants.strokes;
  const room = PAD_SIZE * (1 - 2 * MARGIN);
  const { left, top, width, height } = extentOf(strokes);
  const extent = Math.max(width, height);
  const scale = extent > 0 ? room / extent : 1;
  const [middleX, middleY] = [left + width / 2, top + height / 2];
  const fitted = strokes.map((stroke) =>
    stroke.map(([x, y]) => [
      (x - middleX) * scale + PAD_SIZE / 2,
      (y - middleY) * scale + PAD_SIZE / 2,
    ]),
  );
  return renderStrokes(fitted, PEN_WIDTH * room, PAD_SIZE, PAD_SIZE, constants);
}

/** The bounding box of strokes. */
export function extentOf(strokes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const stroke of strokes) {
    for (const [x, y] of stroke) {
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  return { left, top, width: right - left, height: bottom - top };
}

function rasterize(strokes, penWidth, width, height, supersampling) {
  const canvas = new Canvas(width * supersampling, height * supersampling);
  const thickness = Math.max(1, roundHalfEven(penWidth * supersampling));
  for (const stroke of strokes) {
    if (!stroke.length) continue;
    const points = stroke.map((point) =>
      point.map((length) => roundHalfEven(length * supersampling - 0.5)),
    );
    // Lines have round ends; OpenCV draws an odd thickness one pixel thicker.
    const radius = points.length === 1 ? Math.floor(thickness / 2) : Math.ceil(thickness / 2);
    const disc = halfWidths(radius);
    canvas.fillDisc(points[0], disc);
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
      if (x0 === x1 && y0 === y1) continue;
      canvas.fillBand(x0, y0, x1, y1, radius);
      canvas.fillDisc(points[i], disc);
    }
  }
  return canvas.shrink(supersampling);
}

/** Half the width of a disc in each of its rows. */
function halfWidths(radius) {
  const rows = Array.from({ length: 2 * radius + 1 }, (_, row) => row - radius);
  return rows.map((row) => Math.floor(Math.sqrt(radius ** 2 - row ** 2)));
}

/**
 * Sub-pixels that are ink (1) or paper (0), filled exactly as OpenCV fills them.
 *
 * Keeps track of the rows and columns with ink, so that `shrink` can skip the rest.
 */
class Canvas {
  constructor(width, height) {
    [this.width, this.height] = [width, height];
    this.pixels = new Uint8Array(width * height);
    [this.left, this.top, this.right, this.bottom] = [width, height, 0, 0]; // of the ink
  }

  fillDisc([x, y], disc) {
    const top = y - (disc.length - 1) / 2;
    for (let row = 0; row < disc.length; row++) {
      this.fillRow(top + row, x - disc[row], x + disc[row]);
    }
  }

  /** Fill everything within `radius` of a line, without the round ends. */
  fillBand(x0, y0, x1, y1, radius) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [sideX, sideY] = [((y1 - y0) * radius) / length, ((x1 - x0) * radius) / length];
    this.fillConvex([
      [x0 + sideX, y0 - sideY],
      [x0 - sideX, y0 + sideY],
      [x1 - sideX, y1 + sideY],
      [x1 + sideX, y1 - sideY],
    ]);
  }

  /** Fill a convex polygon: its outline, and in each row everything between its ends. */
  fillConvex(corners) {
    const top = Math.floor(Math.min(...corners.map(([, y]) => y)));
    const bottom = Math.ceil(Math.max(...corners.map(([, y]) => y)));
    const first = new Float64Array(bottom - top + 1).fill(Infinity);
    const last = new Float64Array(bottom - top + 1).fill(-Infinity);
    const touch = (x, y) => {
      const row = Math.floor(y + 0.5) - top;
      const column = Math.floor(x + 0.5);
      if (column < first[row]) first[row] = column;
      if (column > last[row]) last[row] = column;
    };
    corners.forEach((corner, i) => {
      const next = corners[(i + 1) % corners.length];
      walkOutline(corner, next, touch);
      walkRows(corner, next, touch);
    });
    first.forEach((from, row) => this.fillRow(top + row, from, last[row]));
  }

  fillRow(row, from, to) {
    const first = Math.max(0, from);
    const end = Math.min(this.width, to + 1);
    if (row < 0 || row >= this.height || first >= end) return;
    this.pixels.fill(1, row * this.width + first, row * this.width + end);
    if (first < this.left) this.left = first;
    if (end > this.right) this.right = end;
    if (row < this.top) this.top = row;
    if (row >= this.bottom) this.bottom = row + 1;
  }

  /** Average factor x factor sub-pixels per pixel; `factor` must be 4. */
  shrink(factor) {
    const [width, height] = [this.width / factor, this.height / factor];
    const pixels = new Uint8Array(width * height).fill(255);
    const [firstX, lastX] = [Math.floor(this.left / factor), Math.ceil(this.right / factor)];
    const lastY = Math.ceil(this.bottom / factor);
    const shades = Array.from({ length: factor ** 2 + 1 }, (_, ink) =>
      roundHalfEven(255 * (1 - ink / factor ** 2)),
    );
    const ink = new Uint8Array(width); // number of inked sub-pixels in each pixel of a row
    const words = new Uint32Array(this.pixels.buffer); // four neighbouring sub-pixels each
    for (let y = Math.floor(this.top / factor); y < lastY; y++) {
      ink.fill(0);
      for (let row = y * factor; row < (y + 1) * factor; row++) {
        for (let x = firstX; x < lastX; x++) {
          // The highest byte of the product is the sum of the four.
          ink[x] += Math.imul(words[row * width + x], 0x01010101) >>> 24;
        }
      }
      for (let x = firstX; x < lastX; x++) pixels[y * width + x] = shades[ink[x]];
    }
    return { pixels, width, height };
  }
}

/** Visit the pixels of a line, one per step along its longer side. */
function walkOutline([x0, y0], [x1, y1], visit) {
  const flat = Math.abs(x1 - x0) > Math.abs(y1 - y0);
  if (flat ? x1 < x0 : y1 < y0) return walkOutline([x1, y1], [x0, y0], visit);
  const steps = flat ? x1 - x0 : y1 - y0;
  const [stepX, stepY] = flat ? [1, (y1 - y0) / steps] : [(x1 - x0) / steps, 1];
  for (let i = 0; i <= steps; i++) visit(x0 + i * stepX, y0 + i * stepY);
  visit(x1, y1);
}

/** Visit one point of a line in each pixel row, from the row of its upper end to that of its lower. */
function walkRows([x0, y0], [x1, y1], visit) {
  if (y1 < y0) return walkRows([x1, y1], [x0, y0], visit);
  const row = Math.floor(y0 + 0.5);
  const rows = Math.floor(y1 + 0.5) - row;
  for (let i = 0; i <= rows; i++) visit(rows ? x0 + (i * (x1 - x0)) / rows : x0, row + i);
}
