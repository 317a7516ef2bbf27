// Draws strokes on a canvas, and turns pointer events into points.

const INK = "#0b0f19";
const MIN_STEP = 0.7; // pad pixels between two points of a stroke
const GLANCE = 500; // ms between two checks of the screen's pixel density
const PIECE = 64; // points of a stroke per drawing call

/**
 * The canvas of a pad, at the resolution of the screen.
 *
 * The cost of a frame depends only on its new points: strokes are drawn in pieces, and pieces that no
 * further point can change are kept on a second canvas (`settled`).
 */
export class Ink {
  /**
   * height: of the pad, in pad pixels; the width follows from the canvas.
   * signal: aborted when the pad is removed from the page.
   */
  constructor(canvas, height, signal) {
    Object.assign(this, { canvas, height, strokes: [], penWidth: 1, frame: null });
    this.context = canvas.getContext("2d");
    this.settled = document.createElement("canvas").getContext("2d");
    this.forget();
    const resized = new ResizeObserver(() => this.fitScreen());
    resized.observe(canvas);
    // A media query reports a change of density, but not in every browser.
    const glances = setInterval(() => devicePixelRatio !== this.density && this.fitScreen(), GLANCE);
    signal.addEventListener("abort", () => {
      resized.disconnect();
      clearInterval(glances);
    });
    // Browsers that run out of memory clear canvases, mostly in hidden tabs.
    for (const each of [canvas, this.settled.canvas]) {
      each.addEventListener("contextrestored", () => this.redraw());
    }
    const redraw = () => document.hidden || this.redraw();
    document.addEventListener("visibilitychange", redraw, { signal });
    addEventListener("pageshow", redraw, { signal });
  }

  show(strokes, penWidth) {
    if (penWidth !== this.penWidth) this.forget();
    Object.assign(this, { strokes, penWidth });
    this.frame ??= requestAnimationFrame(() => this.update());
  }

  fitScreen() {
    const { canvas } = this;
    this.density = devicePixelRatio;
    const width = Math.round(canvas.clientWidth * this.density);
    const height = Math.round(canvas.clientHeight * this.density);
    if (!width || (width === canvas.width && height === canvas.height)) return;
    [canvas.width, canvas.height] = [width, height];
    this.redraw();
  }

  redraw() {
    this.forget();
    this.update();
  }

  forget() {
    this.counts = []; // number of settled points of each stroke
    this.ends = []; // the last settled point of each stroke
  }

  update() {
    const { canvas, context, settled, strokes } = this;
    cancelAnimationFrame(this.frame);
    this.frame = null;
    // Points never change, so a stroke that still has its last settled point has all before it.
    const isKept = this.counts.every((count, i) => strokes[i]?.[count - 1] === this.ends[i]);
    if (!isKept) this.forget();
    if (!this.counts.length) {
      [settled.canvas.width, settled.canvas.height] = [canvas.width, canvas.height];
      this.takePen(settled);
    }
    strokes.forEach((stroke, i) => this.settle(stroke, i));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (canvas.width) context.drawImage(settled.canvas, 0, 0);
    this.takePen(context);
    const last = strokes.length - 1;
    if (last >= 0) drawPiece(context, strokes[last], this.counts[last], strokes[last].length);
  }

  /** Settle what no further point can change: whole pieces of the last stroke, all of the others. */
  settle(stroke, i) {
    const isLast = i === this.strokes.length - 1;
    const end = isLast ? PIECE * Math.floor((stroke.length - 1) / PIECE) : stroke.length;
    let count = this.counts[i] ?? 0;
    while (count < end) {
      const next = Math.min(count + PIECE, end);
      drawPiece(this.settled, stroke, count, next);
      count = next;
    }
    this.counts[i] = count;
    this.ends[i] = stroke[count - 1];
  }

  takePen(context) {
    const scale = this.canvas.height / this.height;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = this.penWidth;
    context.strokeStyle = INK;
  }

  /** The positions of the pen since the last event, in pad pixels. */
  pointsOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.height / box.height;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const events = coalesced.length ? coalesced : [event];
    const points = events.map(({ clientX, clientY }) => [
      (clientX - box.left) * scale,
      (clientY - box.top) * scale,
    ]);
    this.lastPoint = points[points.length - 1];
    return points;
  }

  /** Add points to a stroke, except those closer than MIN_STEP to the last. */
  extend(stroke, points) {
    for (const [x, y] of points) {
      const last = stroke[stroke.length - 1];
      if (last && Math.hypot(x - last[0], y - last[1]) < MIN_STEP) continue;
      stroke.push([Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
    }
    return stroke;
  }

  /** Drop points before the pen enters the paper, and start at its edge; null if it never enters. */
  enter(before, points) {
    const inside = points.findIndex((point) => this.isOnPaper(point));
    if (inside < 0) return null;
    const outside = points[inside - 1] ?? before;
    const edge = outside ? [this.clamp(outside)] : [];
    return [...edge, ...points.slice(inside)];
  }

  get width() {
    return (this.height * this.canvas.clientWidth) / this.canvas.clientHeight;
  }

  isOnPaper([x, y]) {
    return x >= 0 && y >= 0 && x <= this.width && y <= this.height;
  }

  /** The nearest point on the paper. */
  clamp([x, y]) {
    return [Math.min(Math.max(x, 0), this.width), Math.min(Math.max(y, 0), this.height)];
  }

  /** Whether the ink of a stroke is within `reach` of one of the points. */
  touches(stroke, points, reach) {
    const limit = reach + this.penWidth / 2;
    return points.some((point) =>
      stroke.some((end, i) => distance(point, stroke[Math.max(i - 1, 0)], end) <= limit),
    );
  }

  /** Call `take` with a PNG of the drawing on white. */
  toFile(take) {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [this.canvas.width, this.canvas.height];
    const context = copy.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(this.canvas, 0, 0);
    copy.toBlob(take);
  }
}

/** Draw the points `from` to `to - 1` of a stroke. */
function drawPiece(context, points, from, to) {
  if (from === to) return;
  const start = from ? between(points[from - 1], points[from]) : points[0];
  context.beginPath();
  context.moveTo(...start);
  // Quadratic curves between midpoints, with the points as control points, have no corners.
  const curved = Math.min(to, points.length - 1);
  for (let i = Math.max(from, 1); i < curved; i++) {
    context.quadraticCurveTo(...points[i], ...between(points[i], points[i + 1]));
  }
  if (to === points.length) {
    const [x, y] = points[to - 1];
    context.lineTo(x + 0.01, y); // a line of length 0 would not draw a dot
  }
  context.stroke();
}

const between = ([x0, y0], [x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];

/** The distance of a point from the line segment between two others. */
function distance([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
