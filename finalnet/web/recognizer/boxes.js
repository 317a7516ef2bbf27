// Bounding boxes of strokes, and the distances between them. Twin of boxes.py.
//
// A box is {left, top, width, height} in the coordinates of the strokes, y pointing down.

/** The smallest box that contains all boxes. */
export function join(boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/** The horizontal distance between two boxes; negative where they overlap. */
export function gap(one, other) {
  return Math.max(other.left - one.left - one.width, one.left - other.left - other.width);
}

/** The vertical distance between two boxes; negative where they overlap. */
export function rise(one, other) {
  return Math.max(other.top - one.top - one.height, one.top - other.top - other.height);
}

/** The distance between the nearest points of two boxes; 0 where they overlap. */
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
