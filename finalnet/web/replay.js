// Replays a drawing stroke by stroke at constant speed; a bar then seeks to any part of it.

const DURATION = 1600; // ms
const STEP = 4; // pad pixels between two points

/** Plays a drawing once, then shows it up to the position of the bar. */
export class Replay {
  /**
   * bar: a range input; its maximum is the whole drawing.
   * show: called with each part of the drawing, and whether that part is final for now.
   */
  constructor(drawing, bar, show) {
    Object.assign(this, { drawing, bar, show, frame: null });
    this.dense = drawing.map(densify);
    this.points = this.dense.flatMap((stroke, s) => stroke.map((_, i) => [s, i + 1]));
    this.listener = new AbortController();
    const listen = (type, stays) =>
      bar.addEventListener(type, () => this.seek(stays), { signal: this.listener.signal });
    listen("input", false);
    listen("change", true);
  }

  get isPlaying() {
    return this.frame !== null;
  }

  /** Play the drawing; shows it at once if the visitor prefers reduced motion. */
  play() {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const start = performance.now() - (isStill ? DURATION : 0);
    const step = () => {
      const share = Math.min((performance.now() - start) / DURATION, 1);
      this.bar.value = share * this.bar.max;
      this.frame = share < 1 ? requestAnimationFrame(step) : null;
      this.show(this.part(share), share === 1);
    };
    step();
  }

  /** Show the drawing up to the position of the bar. */
  seek(stays) {
    this.pause();
    this.show(this.part(this.bar.value / this.bar.max), stays);
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
  }

  stop() {
    this.pause();
    this.listener.abort();
  }

  /** A share of the drawing, in 0..1; at least its first point. */
  part(share) {
    const { drawing, dense, points } = this;
    if (share >= 1) return drawing;
    const [s, count] = points[Math.floor(share * points.length)];
    return [...dense.slice(0, s), dense[s].slice(0, count)];
  }
}

function densify(stroke) {
  const points = [stroke[0]];
  for (const [x, y] of stroke.slice(1)) {
    const [x0, y0] = points[points.length - 1];
    const steps = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / STEP));
    for (let i = 1; i <= steps; i++) {
      points.push([x0 + ((x - x0) * i) / steps, y0 + ((y - y0) * i) / steps]);
    }
  }
  return points;
}
