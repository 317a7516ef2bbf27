// Strokes on a canvas, and points of the pen from its events.

const INK = "#0b0f19";
const MIN_STEP = 0.7; // pad pixels between two points of a stroke

/** The canvas of a pad, as sharp as the screen. */
export class Ink {
  /** height: of the pad, in pad pixels; its width follows from the canvas. */
  constructor(canvas, height) {
    Object.assign(this, { canvas, height, strokes: [], penWidth: 1, frame: null });
    this.context = canvas.getContext("2d");
  }

  show(strokes, penWidth) {
    Object.assign(this, { strokes, penWidth });
    this.frame ??= requestAnimationFrame(() => this.redraw());
  }

  fitScreen() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (!width || (width === canvas.width && height === canvas.height)) return;
    [canvas.width, canvas.height] = [width, height];
    this.redraw();
  }

  redraw() {
    const { canvas, context } = this;
    const scale = canvas.height / this.height;
    this.frame = null;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = this.penWidth;
    context.strokeStyle = INK;
    for (const stroke of this.strokes) this.drawStroke(stroke);
  }

  drawStroke(points) {
    const { context } = this;
    const [x, y] = points[points.length - 1];
    context.beginPath();
    context.moveTo(...points[0]);
    // Curves through the midpoints, each point the control of its own curve: no corners.
    for (let i = 1; i < points.length - 1; i++) {
      const [point, next] = [points[i], points[i + 1]];
      context.quadraticCurveTo(...point, (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
    }
    context.lineTo(x + 0.01, y); // a line of no length at all would draw no dot
    context.stroke();
  }

  /** Where the pen has been, in pad pixels. */
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

  /** Add points to a stroke. */
  extend(stroke, points) {
    for (const [x, y] of points) {
      const last = stroke[stroke.length - 1];
      if (last && Math.hypot(x - last[0], y - last[1]) < MIN_STEP) continue;
      stroke.push([Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
    }
    return stroke;
  }

  /** The points from where they come onto the paper, its edge first; null while they do not. */
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

  /** The nearest point of the paper. */
  clamp([x, y]) {
    return [Math.min(Math.max(x, 0), this.width), Math.min(Math.max(y, 0), this.height)];
  }

  /** Whether a stroke runs within `reach` of one of the points; with its own width, of its ink. */
  touches(stroke, points, reach) {
    const limit = reach + this.penWidth / 2;
    return points.some((point) =>
      stroke.some((end, i) => distance(point, stroke[Math.max(i - 1, 0)], end) <= limit),
    );
  }

  /** What is on the paper, on white, as a PNG. */
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

/** From a point to the line between two others. */
function distance([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
