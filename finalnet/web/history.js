// Undo, redo, and keeping a drawing through a reload.

/** The drawings that undo and redo restore. */
export class History {
  constructor() {
    this.forget();
  }

  forget() {
    [this.past, this.future, this.before] = [[], [], []]; // before: `future` before the last `note`
  }

  /** Record a drawing before it is changed. */
  note(drawing) {
    this.past.push(drawing);
    [this.future, this.before] = [[], this.future];
  }

  /** Undo the last `note` as if it had not happened; returns the drawing before the change. */
  takeBack() {
    this.future = this.before;
    return this.past.pop();
  }

  undo(drawing) {
    this.future.push(drawing);
    return this.past.pop();
  }

  redo(drawing) {
    this.past.push(drawing);
    return this.future.pop();
  }

  /** Drawings share most of their strokes, so JSON contains each stroke once. */
  toJSON() {
    const places = new Map();
    const placeOf = (stroke) => {
      if (!places.has(stroke)) places.set(stroke, places.size);
      return places.get(stroke);
    };
    const [past, future] = [this.past, this.future].map((drawings) =>
      drawings.map((drawing) => drawing.map(placeOf)),
    );
    return { strokes: [...places.keys()], past, future };
  }

  /** Restore from the result of `toJSON`. */
  restore({ strokes, past, future }) {
    const drawingsOf = (lists) => lists.map((places) => places.map((place) => strokes[place]));
    [this.past, this.future, this.before] = [drawingsOf(past), drawingsOf(future), []];
  }
}

/** The storage key for one pad of a page; the id of its element distinguishes several pads. */
export function keyOf(kind, element) {
  const { id } = element.closest("[id]:not([id^=html-])") ?? {}; // Gradio's own ids change with every load
  return `finalnet-${kind}:${location.pathname.replace(/index\.html$/, "")}:${id ?? ""}`;
}

/** Store a drawing {strokes, pen_width, width} and its history until the tab is closed. */
export function keep(key, drawing, history) {
  // If there is no room for both, store only the drawing.
  for (const state of [{ ...drawing, history }, drawing]) {
    try {
      return sessionStorage.setItem(key, JSON.stringify(state));
    } catch {
      // Storage is full or disabled; drawing works without it.
    }
  }
}

/** The stored drawing, or null. */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
