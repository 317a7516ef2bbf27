// A drawing drawn again, stroke by stroke, at an even speed.

const DURATION = 1600; // ms
const STEP = 4; // pad pixels between two points

/** Show a drawing growing until it is whole; returns what stops it early. */
export function replay(drawing, show, finish) {
  const dense = drawing.map(densify);
  const points = dense.flatMap((stroke, s) => stroke.map((_, i) => [s, i + 1]));
  const start = performance.now();
  let frame = null;
  const step = () => {
    const share = (performance.now() - start) / DURATION;
    if (share >= 1) return finish();
    const [s, count] = points[Math.floor(share * points.length)];
    show([...dense.slice(0, s), dense[s].slice(0, count)]);
    frame = requestAnimationFrame(step);
  };
  step();
  return () => cancelAnimationFrame(frame);
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
