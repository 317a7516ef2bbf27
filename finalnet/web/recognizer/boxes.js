// The extents of strokes, and how they lie to each other. Twin of boxes.py.
//
// A box is {left, top, width, height} in the strokes' own unit.

/** The smallest box around boxes. */
export function join(boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/** The horizontal distance of two boxes; negative where they overlap. */
export function gap(one, other) {
  return Math.max(other.left - one.left - one.width, one.left - other.left - other.width);
}

/** The vertical distance of two boxes; negative where they overlap. */
export function rise(one, other) {
  return Math.max(other.top - one.top - one.height, one.top - other.top - other.height);
}

/** Between the nearest points of two boxes. */
export function distance(one, other) {
  return Math.hypot(Math.max(gap(one, other), 0), Math.max(rise(one, other), 0));
}

export const center = (box) => box.left + box.width / 2;
export const middle = (box) => box.top + box.height / 2;

export const sorted = (items, key) => [...items].sort((one, other) => key(one) - key(other));
export const most = (items, key) =>
  items.reduce((best, item) => (key(item) > key(best) ? item : best));
export const least = (items, key) =>
  items.reduce((best, item) => (key(item) < key(best) ? item : best));
