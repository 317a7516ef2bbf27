// The labelled drawings that a pad was taught. They stay on this device, and are stored as strokes, so
// that a new network can learn them again.
//
// A drawing is {label, strokes, pen_width}, a line of a file of drawings (see drawings.py). label: 0 to 9,
// or null for "no digit". pen_width: px; a digit of a number has none.

import { checkStrokes } from "./recognizer/strokes.js";

const MOST = 100; // drawings; with more, a reload is slow and the list too long to look through
const VERSION = 1; // of the stored format
const BEFORE = "finalnet-corrections"; // storage key of corrections from before version 1

/** The drawings that a pad was taught, newest last. */
export class Taught {
  /**
   * key: in localStorage.
   * constants: of the recogniser.
   * onChange: called when the drawings change, here or in another tab.
   * signal: aborted when the pad is removed from the page.
   */
  constructor(key, constants, onChange, signal) {
    Object.assign(this, { key, constants, onChange });
    this.drawings = [];
    this.trouble = null; // why they may be lost: "broken", "foreign" or "not_kept"
    this.reads = null; // the digit as which each is read, once all are learned
    this.last = null; // the last change, {added, removed, forgotten, right}, for undo
    this.load();
    const onStorage = (event) => {
      if (event.key !== this.key && event.key !== null) return;
      this.last = null;
      this.load();
      this.onChange();
    };
    addEventListener("storage", onStorage, { signal });
  }

  /**
   * Add drawings and remove others. A drawing that is added again replaces its older label.
   *
   * right: how many added drawings were read correctly before; null unless they are from the tour.
   */
  change({ add = [], remove = [], right = null }) {
    this.last = { ...this.exchange(add, remove), right };
    this.reads = null;
    this.onChange();
  }

  exchange(add, remove) {
    this.load(); // another tab may have changed them
    const added = JSON.parse(JSON.stringify(add));
    const names = new Set([...added, ...remove].map(nameOf));
    const all = this.drawings.filter((drawing) => !names.has(nameOf(drawing)));
    const removed = this.drawings.filter((drawing) => !all.includes(drawing));
    const forgotten = added.map((drawing) => push(all, drawing)).filter(Boolean);
    this.drawings = all;
    this.store();
    return { added, removed, forgotten };
  }

  /** Undo the last change. */
  undo() {
    const { added, removed, forgotten } = this.last;
    this.exchange([...removed, ...forgotten], added);
    this.last = null;
    this.onChange();
  }

  /** The label of a drawing; undefined if it was not taught. */
  labelOf(drawing) {
    const name = nameOf(drawing);
    return this.drawings.find((each) => nameOf(each) === name)?.label;
  }

  /** The drawings as lines of JSON. */
  toText() {
    return this.drawings.map((drawing) => `${JSON.stringify(drawing)}\n`).join("");
  }

  /** Read lines of JSON, leaving out letters; throws an Error with the number of an invalid line. */
  fromText(text) {
    const lines = text.split("\n");
    return lines.flatMap((line, i) => {
      if (!line.trim()) return [];
      try {
        return [toDrawing(JSON.parse(line), this.constants)].filter(Boolean);
      } catch {
        throw new Error(String(i + 1));
      }
    });
  }

  load() {
    try {
      const { drawings, trouble } = parse(localStorage.getItem(this.key), this.constants);
      // Keep drawings that could not be stored beside those that were.
      const names = new Set(drawings.map(nameOf));
      const mine = trouble === "foreign" || this.trouble === "not_kept" ? this.drawings : [];
      this.drawings = [...drawings, ...mine.filter((drawing) => !names.has(nameOf(drawing)))];
      this.trouble = trouble ?? (this.trouble === "not_kept" ? this.trouble : null);
    } catch {
      // Storage is disabled: the drawings are known until the visitor leaves the page.
    }
  }

  store() {
    if (this.trouble === "foreign") return; // do not overwrite data of a newer version
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: VERSION, drawings: this.drawings }));
      localStorage.removeItem(BEFORE);
      this.trouble = null;
    } catch {
      this.trouble = "not_kept";
    }
  }
}

/** The strokes as text, which identifies a drawing. */
export function nameOf({ strokes }) {
  return JSON.stringify(strokes);
}

/** Add a drawing; if full, drop and return the oldest with its label, or else the oldest of all. */
function push(drawings, drawing) {
  const alike = drawings.findIndex(({ label }) => label === drawing.label);
  const [oldest] = drawings.length < MOST ? [] : drawings.splice(Math.max(alike, 0), 1);
  drawings.push(drawing);
  return oldest;
}

/** Parse stored drawings: {drawings, trouble}. */
function parse(text, constants) {
  try {
    const { version, drawings } = text ? JSON.parse(text) : readBefore();
    if (version > VERSION) return { drawings: [], trouble: "foreign" };
    return { drawings: drawings.map((row) => toDrawing(row, constants)), trouble: null };
  } catch {
    return { drawings: [], trouble: "broken" };
  }
}

/** Read corrections from before version 1; drops invalid ones, which were never learned. */
function readBefore() {
  try {
    const kept = JSON.parse(localStorage.getItem(BEFORE) ?? "[]");
    return { drawings: kept.filter((each) => Array.isArray(each?.strokes)) };
  } catch {
    return { drawings: [] };
  }
}

/** Convert a row of a file to a drawing; null for a letter or sign. Throws if the row is invalid. */
function toDrawing({ label, strokes, pen_width: penWidth }, constants) {
  const { MAX_COORDINATE, PAD_SIZE, FINEST_PEN } = constants.strokes;
  const isWithin = (low, high) => (number) => Number.isFinite(number) && number >= low && number <= high;
  const isPoint = (point) => point.length === 2 && point.every(isWithin(-MAX_COORDINATE, MAX_COORDINATE));
  const isStroke = (stroke) => stroke.length > 0 && stroke.every(isPoint);
  const isNamed = label === null || /^.$/u.test(label);
  if (!isNamed || !strokes.length || !strokes.every(isStroke)) throw new TypeError("no drawing");
  checkStrokes(strokes, constants);
  if (label !== null && !/^\d$/.test(label)) return null;
  // The pen width of another pad does not apply to this one, so only the shape is kept.
  const isOfPad = penWidth >= FINEST_PEN && strokes.flat(2).every(isWithin(0, PAD_SIZE));
  return {
    label: label === null ? null : Number(label),
    strokes,
    ...(isOfPad && { pen_width: penWidth }),
  };
}
