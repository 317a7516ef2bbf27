// Undo and redo, and storage that keeps the drawing through a reload.

/** The undo and redo stacks. */
export class History {
  constructor() {
    this.forget();
  }

  forget() {
    [this.past, this.future, this.before] = [[], [], []]; // before: what could be redone before
  }

  /** Save the drawing before it changes. */
  note(drawing) {
    this.past.push(drawing);
    [this.future, this.before] = [[], this.future];
  }

  /** Cancel the last `note`; returns the drawing from before it. */
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

  /** Drawings share most of their strokes, so the JSON has each stroke once. */
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

  /** Restore the output of `toJSON`. */
  restore({ strokes, past, future }) {
    const drawingsOf = (lists) => lists.map((places) => places.map((place) => strokes[place]));
    [this.past, this.future, this.before] = [drawingsOf(past), drawingsOf(future), []];
  }
}

/** The storage key of one pad; the id of its element tells the pads of a page apart. */
export function keyOf(kind, element) {
  const { id } = element.closest("[id]:not([id^=html-])") ?? {}; // Gradio's own ids change at each load
  return `finalnet-${kind}:${location.pathname.replace(/index\.html$/, "")}:${id ?? ""}`;
}

/** Keep a drawing {strokes, pen_width, width} and its history until the browser tab is closed. */
export function keep(key, drawing, history) {
  // If both do not fit, keep the drawing.
  for (const state of [{ ...drawing, history }, drawing]) {
    try {
      return sessionStorage.setItem(key, JSON.stringify(state));
    } catch {
      // Storage is full or disabled; drawing works without it.
    }
  }
}

/** The drawing and history that were kept, or null. */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
