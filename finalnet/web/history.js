// What was on the paper before, and what was taken back; and what a reload must not lose.

/** Drawings that undo and redo bring back. */
export class History {
  constructor() {
    this.forget();
  }

  forget() {
    [this.past, this.future, this.before] = [[], [], []]; // before: what could be redone before
  }

  /** Note the drawing that is about to be changed. */
  note(drawing) {
    this.past.push(drawing);
    [this.future, this.before] = [[], this.future];
  }

  /** Forget that a change was noted; returns the drawing as it was. */
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

  /** As JSON: drawings share most of their strokes, so each is written once. */
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

  /** Take over what `toJSON` made. */
  restore({ strokes, past, future }) {
    const drawingsOf = (lists) => lists.map((places) => places.map((place) => strokes[place]));
    [this.past, this.future, this.before] = [drawingsOf(past), drawingsOf(future), []];
  }
}

/** What something is kept under for one pad of a page, which its element's id tells from others. */
export function keyOf(kind, element) {
  const { id } = element.closest("[id]:not([id^=html-])") ?? {}; // Gradio's are others at each load
  return `finalnet-${kind}:${location.pathname.replace(/index\.html$/, "")}:${id ?? ""}`;
}

/** Keep a drawing {strokes, pen_width, width}, and its history, until the browser's tab is closed. */
export function keep(key, drawing, history) {
  // Where there is no room for both, the drawing.
  for (const state of [{ ...drawing, history }, drawing]) {
    try {
      return sessionStorage.setItem(key, JSON.stringify(state));
    } catch {
      // A browser that keeps nothing, or no more, is no reason not to draw.
    }
  }
}

/** What was kept, or null. */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
