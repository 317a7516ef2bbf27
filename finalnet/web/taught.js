// What a pad was taught: labelled drawings, kept only on this device. They are kept as strokes, so
// that another network can learn them, too.
//
// A drawing is {label, strokes, pen_width}, a line of the files of drawings.py: label 0 to 9, or null for
// "no digit"; a digit of a number has no pen_width.

import { checkStrokes } from "./recognizer/strokes.js";

const MOST = 100; // drawings; more would slow down a reload, and nobody looks through a longer list
const VERSION = 1; // of the stored format
const BEFORE = "finalnet-corrections"; // key of corrections from before the format had versions

/** The known drawings, the latest last. */
export class Taught {
  /**
   * key: their key in localStorage.
   * constants: the recogniser's.
   * onChange: called when the drawings change, here or in another tab.
   * signal: aborted when the pad leaves the page.
   */
  constructor(key, constants, onChange, signal) {
    Object.assign(this, { key, constants, onChange });
    this.drawings = [];
    this.trouble = null; // why they may be lost: "broken", "foreign" or "not_kept"
    this.reads = null; // how each is read once all are learned
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
   * Add drawings and remove others. A drawing that is added again gets the new label. right: how many
   * of the added ones were read right before, if they were prompted for.
   */
  change({ add = [], remove = [], right = null }) {
    this.last = { ...this.exchange(add, remove), right };
    this.reads = null;
    this.onChange();
  }

  exchange(add, remove) {
    this.load(); // another tab may have changed the drawings
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

  /** The label of a drawing; undefined if it is not known. */
  labelOf(drawing) {
    const name = nameOf(drawing);
    return this.drawings.find((each) => nameOf(each) === name)?.label;
  }

  /** All drawings as lines of JSON. */
  toText() {
    return this.drawings.map((drawing) => `${JSON.stringify(drawing)}\n`).join("");
  }

  /** Parse lines of JSON, without letters and signs; throws the number of a broken line. */
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
      // Drawings that could not be stored are still known in this tab.
      const names = new Set(drawings.map(nameOf));
      const mine = trouble === "foreign" || this.trouble === "not_kept" ? this.drawings : [];
      this.drawings = [...drawings, ...mine.filter((drawing) => !names.has(nameOf(drawing)))];
      this.trouble = trouble ?? (this.trouble === "not_kept" ? this.trouble : null);
    } catch {
      // Storage is disabled: the drawings are known until the person leaves the page.
    }
  }

  store() {
    if (this.trouble === "foreign") return; // it belongs to the newer version
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: VERSION, drawings: this.drawings }));
      localStorage.removeItem(BEFORE);
      this.trouble = null;
    } catch {
      this.trouble = "not_kept";
    }
  }
}

/** Strokes as text, which identifies a drawing. */
export function nameOf({ strokes }) {
  return JSON.stringify(strokes);
}

/** Add a drawing; returns the one dropped for it: the oldest of its digit, or else of all. */
function push(drawings, drawing) {
  const alike = drawings.findIndex(({ label }) => label === drawing.label);
  const [oldest] = drawings.length < MOST ? [] : drawings.splice(Math.max(alike, 0), 1);
  drawings.push(drawing);
  return oldest;
}

/** Load what is stored: {drawings, trouble}. */
function parse(text, constants) {
  try {
    const { version, drawings } = text ? JSON.parse(text) : readBefore();
    if (version > VERSION) return { drawings: [], trouble: "foreign" };
    return { drawings: drawings.map((row) => toDrawing(row, constants)), trouble: null };
  } catch {
    return { drawings: [], trouble: "broken" };
  }
}

/** Corrections in the old format; broken ones were never learned. */
function readBefore() {
  try {
    const kept = JSON.parse(localStorage.getItem(BEFORE) ?? "[]");
    return { drawings: kept.filter((each) => Array.isArray(each?.strokes)) };
  } catch {
    return { drawings: [] };
  }
}

/** A row of a file as a drawing; null for a letter or a sign. Throws if it is not a drawing. */
function toDrawing({ label, strokes, pen_width: penWidth }, constants) {
  const { MAX_COORDINATE, PAD_SIZE, FINEST_PEN } = constants.strokes;
  const isWithin = (low, high) => (number) => Number.isFinite(number) && number >= low && number <= high;
  const isPoint = (point) => point.length === 2 && point.every(isWithin(-MAX_COORDINATE, MAX_COORDINATE));
  const isStroke = (stroke) => stroke.length > 0 && stroke.every(isPoint);
  const isNamed = label === null || /^.$/u.test(label);
  if (!isNamed || !strokes.length || !strokes.every(isStroke)) throw new TypeError("no drawing");
  checkStrokes(strokes, constants);
  if (label !== null && !/^\d$/.test(label)) return null;
  // Drawings of other pads keep their shape; their pen width does not apply to this pad.
  const isOfPad = penWidth >= FINEST_PEN && strokes.flat(2).every(isWithin(0, PAD_SIZE));
  return {
    label: label === null ? null : Number(label),
    strokes,
    ...(isOfPad && { pen_width: penWidth }),
  };
}
