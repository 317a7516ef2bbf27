// What a pad was taught: drawings with what they are, kept on this device alone, as strokes, so that
// another network learns them anew.
//
// A drawing is {label, strokes, pen_width}, a line of the files of drawings.py: label 0 to 9, or null for
// "no digit"; a digit of a number has no pen_width.

import { checkStrokes } from "./recognizer/strokes.js";

const MOST = 100; // drawings; more make a reload slow, and a list that nobody looks through
const VERSION = 1; // of what is kept
const BEFORE = "finalnet-corrections"; // where corrections were kept before they had versions

/** The drawings that are known, the latest last. */
export class Taught {
  /**
   * key: what they are kept under.
   * constants: of the recogniser.
   * onChange: is called when others are known, here or in another tab.
   * signal: is aborted when the pad is no longer on the page.
   */
  constructor(key, constants, onChange, signal) {
    Object.assign(this, { key, constants, onChange });
    this.drawings = [];
    this.trouble = null; // "broken", "foreign" or "not_kept": why they may be lost
    this.reads = null; // what each is read as, once all are learned
    this.last = null; // what was changed last, {added, removed, forgotten, right}; undo takes it back
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
   * Add drawings and remove others; a drawing is known once, as what was said last. right: how many of
   * them were read rightly before, if they were asked for.
   */
  change({ add = [], remove = [], right = null }) {
    this.last = { ...this.exchange(add, remove), right };
    this.reads = null;
    this.onChange();
  }

  exchange(add, remove) {
    this.load(); // another tab may have taught something
    const added = JSON.parse(JSON.stringify(add));
    const names = new Set([...added, ...remove].map(nameOf));
    const all = this.drawings.filter((drawing) => !names.has(nameOf(drawing)));
    const removed = this.drawings.filter((drawing) => !all.includes(drawing));
    const forgotten = added.map((drawing) => push(all, drawing)).filter(Boolean);
    this.drawings = all;
    this.store();
    return { added, removed, forgotten };
  }

  /** Take the last change back. */
  undo() {
    const { added, removed, forgotten } = this.last;
    this.exchange([...removed, ...forgotten], added);
    this.last = null;
    this.onChange();
  }

  /** What a drawing was last said to be; undefined if nothing was. */
  labelOf(drawing) {
    const name = nameOf(drawing);
    return this.drawings.find((each) => nameOf(each) === name)?.label;
  }

  /** Lines of JSON. */
  toText() {
    return this.drawings.map((drawing) => `${JSON.stringify(drawing)}\n`).join("");
  }

  /** The digits, and what is none, of lines of JSON; throws with the number of a line that is broken. */
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
      // What could not be kept is known beside what is.
      const names = new Set(drawings.map(nameOf));
      const mine = trouble === "foreign" || this.trouble === "not_kept" ? this.drawings : [];
      this.drawings = [...drawings, ...mine.filter((drawing) => !names.has(nameOf(drawing)))];
      this.trouble = trouble ?? (this.trouble === "not_kept" ? this.trouble : null);
    } catch {
      // A browser that lets pages keep nothing: what was taught here is known until the page is left.
    }
  }

  store() {
    if (this.trouble === "foreign") return; // it is the other version's
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: VERSION, drawings: this.drawings }));
      localStorage.removeItem(BEFORE);
      this.trouble = null;
    } catch {
      this.trouble = "not_kept";
    }
  }
}

/** Strokes as a text: what a drawing is told from others by. */
export function nameOf({ strokes }) {
  return JSON.stringify(strokes);
}

/** Add a drawing; returns the one that makes room: the oldest of its digit, or else of all. */
function push(drawings, drawing) {
  const alike = drawings.findIndex(({ label }) => label === drawing.label);
  const [oldest] = drawings.length < MOST ? [] : drawings.splice(Math.max(alike, 0), 1);
  drawings.push(drawing);
  return oldest;
}

/** What is kept, {drawings, trouble}. */
function parse(text, constants) {
  try {
    const { version, drawings } = text ? JSON.parse(text) : readBefore();
    if (version > VERSION) return { drawings: [], trouble: "foreign" };
    return { drawings: drawings.map((row) => toDrawing(row, constants)), trouble: null };
  } catch {
    return { drawings: [], trouble: "broken" };
  }
}

/** Corrections as they were kept before; those that are broken were never learned. */
function readBefore() {
  try {
    const kept = JSON.parse(localStorage.getItem(BEFORE) ?? "[]");
    return { drawings: kept.filter((each) => Array.isArray(each?.strokes)) };
  } catch {
    return { drawings: [] };
  }
}

/** A row of a file as a drawing; null for a letter or a sign. Throws if it is none. */
function toDrawing({ label, strokes, pen_width: penWidth }, constants) {
  const { MAX_COORDINATE, PAD_SIZE, FINEST_PEN } = constants.strokes;
  const isWithin = (low, high) => (number) => Number.isFinite(number) && number >= low && number <= high;
  const isPoint = (point) => point.length === 2 && point.every(isWithin(-MAX_COORDINATE, MAX_COORDINATE));
  const isStroke = (stroke) => stroke.length > 0 && stroke.every(isPoint);
  const isNamed = label === null || /^.$/u.test(label);
  if (!isNamed || !strokes.length || !strokes.every(isStroke)) throw new TypeError("no drawing");
  checkStrokes(strokes, constants);
  if (label !== null && !/^\d$/.test(label)) return null;
  // Of other pads only the form is known, not how wide their pens were on this one.
  const isOfPad = penWidth >= FINEST_PEN && strokes.flat(2).every(isWithin(0, PAD_SIZE));
  return {
    label: label === null ? null : Number(label),
    strokes,
    ...(isOfPad && { pen_width: penWidth }),
  };
}
