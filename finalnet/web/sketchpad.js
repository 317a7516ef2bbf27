// The sketchpad: pen, buttons, keys, and the events and values that it reports.
//
// Without a recogniser, the value changes during drawing, at most every SEND_EVERY ms. With a
// recogniser, a worker reads every frame, the document gets an event "reading" for each reading, and
// the value changes once a finished drawing has been read. "release" means that the value is a
// finished drawing. If nothing on the Gradio page listens, the value never changes.

import { History, keep, kept, keyOf } from "./history.js";
import { Ink } from "./ink.js";
import { lifeOf } from "./lifetime.js";
import { Pointers } from "./pointers.js";
import { latest, shownDigit, tellDrawing } from "./reading.js";
import { Reader } from "./recognizer/reader.js";
import { Replay } from "./replay.js";
import { Taught } from "./taught.js";

const SEND_EVERY = 50; // ms between two values while drawing
const UNREAD_AFTER = 250; // ms until an outdated answer is dimmed
const ERASER = 10; // pad px, reach of the eraser beyond the edge of a stroke
const PREVIEW = 900; // ms that the preview of the pen is shown
const KEEP_AFTER = 300; // ms from a stroke until it is saved: the answer comes first
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, select, [contenteditable]";
const OVER_THE_PAD = ":popover-open, dialog[open], [aria-modal=true], .cropping"; // of a picture
const OWN_KEYS = "input, #picture, #inside"; // where Escape and Delete have other meanings

let inUse = null; // the pad that gets the keys: the last one pressed or focused

/** Make a sketchpad interactive. */
export function mount(element, component) {
  return new Sketchpad(element, component);
}

class Sketchpad {
  constructor(element, { props, trigger, watch, file, isHeard }) {
    Object.assign(this, { element, props, trigger, isHeard, life: lifeOf(element) });
    const find = (selector) => element.querySelector(selector);
    this.paper = find(".paper");
    this.canvas = find("canvas");
    this.buttons = Object.fromEntries(
      ["undo", "redo", "clear", "replay", "wide", "eraser", "save"].map((name) => [
        name,
        find(`#${name}`),
      ]),
    );
    this.pen = find(".pen input");
    this.bar = find(".scrub input");
    this.preview = find(".pen-preview");
    this.failure = find(".failure");
    this.ink = new Ink(this.canvas, props.size, this.life);
    this.strokes = [];
    this.history = new History();
    this.before = null; // last position of the pen beside the pad, in pad pixels
    this.hasChanged = false; // whether the pen has changed the drawing since pen-down
    this.stroked = null; // the drawing at the last pen-up
    this.replayed = null; // a Replay, until the next action
    this.revision = 0; // of the drawing
    this.key = keyOf("pad", element);
    this.lastSent = 0;
    this.sendTimer = null;
    this.paper.drawing = () => ({
      strokes: this.strokes,
      pen_width: this.penWidth,
      width: this.width,
    });
    if (props.recognizer) this.startReader(file);
    this.listen(find);
    watch("value", () => this.adopt(props.value));
    this.adopt(props.value || kept(this.key)); // Gradio's value is "" if there is none
    this.ink.fitScreen();
    this.paper.classList.add("ready"); // tells tests that the pad takes strokes
  }

  listen(find) {
    const { paper, buttons, pen, life: signal } = this;
    const hand = {
      begin: (event, isEraser) => this.penDown(event, isEraser),
      move: (event) => this.penMove(event),
      end: () => this.penUp(),
      takeBack: () => this.takeBack(),
    };
    this.pointers = new Pointers(paper, this.canvas, hand, signal);
    paper.addEventListener("contextmenu", (event) => event.preventDefault());
    buttons.undo.addEventListener("click", () => this.undo());
    buttons.redo.addEventListener("click", () => this.redo());
    buttons.clear.addEventListener("click", () => this.clear());
    buttons.replay.addEventListener("click", () => this.replay(this.whole));
    buttons.wide.addEventListener("click", () => this.toggleWide());
    buttons.eraser.addEventListener("click", () => this.toggleEraser());
    buttons.save.addEventListener("click", () => this.save());
    find("#scrub-done").addEventListener("click", () => this.leaveBar());
    this.bar.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // elsewhere it clears the pad
      this.leaveBar();
    });
    find("#retry").addEventListener("click", () => this.reader.load());
    this.element.querySelectorAll(".examples button").forEach((button, index) => {
      button.addEventListener("click", () => this.drawExample(index));
    });
    pen.addEventListener("input", () => this.changePen());
    pen.addEventListener("change", () => this.strokes.length && this.tell(true));
    document.addEventListener("keydown", (event) => this.keyDown(event), { signal });
    addEventListener("pagehide", () => this.keep(), { signal });
    paper.addEventListener("reading", ({ detail }) => detail?.source === "picture" && this.markRead());
    const use = () => (inUse = this.element);
    for (const type of ["pointerdown", "focusin"]) this.element.addEventListener(type, use);
    signal.addEventListener("abort", () => this.end());
  }

  // --- readings and values -----------------------------------------------------------------------

  startReader(file) {
    const { checkpoint, constants } = this.props.recognizer;
    this.reader = new Reader(
      { checkpoint: file(checkpoint), constants },
      (reading, drawing) => this.takeReading(reading, drawing),
      (reason) => this.showFailure(reason),
    );
    for (const name of ["look", "explain", "learn"]) {
      this.paper[name] = (...args) => this.reader[name](...args);
    }
    /** Read the drawing with a state of the network, see recognizer/worker.js. */
    this.paper.choose = (state, isFinished) => {
      this.reader.state = state;
      if (latest(this.paper)?.source !== "picture") this.tell(isFinished);
    };
    this.paper.example = () => this.example();
    const key = keyOf("hand", this.element);
    this.paper.taught = new Taught(key, constants, () => this.teach(), this.life);
    this.teach();
  }

  /** Send what the pad was taught to the reader; fires "taught" now and once it is learned. */
  teach() {
    const { taught } = this.paper;
    const tell = () => this.paper.dispatchEvent(new Event("taught", { bubbles: true }));
    this.reader.teach(taught.drawings, (reads) => {
      taught.reads = reads;
      tell();
    });
    tell();
  }

  takeReading(reading, drawing) {
    this.paper.reading = reading;
    this.read = drawing;
    if (this.reader.isCurrent(this.revision)) this.markRead();
    tellDrawing(this.paper, reading, drawing.revision);
    // After the answer is on the page, because setting the value takes some milliseconds.
    if (reading.finished) setTimeout(() => this.send(true));
  }

  /** The drawing, or the chosen digit of a number, as an example to teach; null if it is unread. */
  example() {
    const reading = latest(this.paper);
    const digit = shownDigit(reading);
    if (!digit || reading.source === "picture" || this.read.revision !== this.revision) return null;
    const { strokes, penWidth, isNumber } = this.read;
    // Digits of numbers have no pen width: the recogniser draws them with its own.
    return isNumber
      ? { strokes: digit.strokes.map((index) => strokes[index]) }
      : { strokes, pen_width: penWidth };
  }

  showFailure(reason) {
    this.paper.classList.toggle("reads", reason === null); // for tests
    this.failure.hidden = reason === null;
    this.failure.querySelector(".reason").textContent = reason === null ? "" : `(${reason})`;
  }

  /** Dim the answer if it does not belong to the ink on the paper for UNREAD_AFTER ms. */
  awaitReading() {
    const markUnread = () => this.paper.classList.add("unread");
    this.unreadTimer ??= setTimeout(markUnread, UNREAD_AFTER);
  }

  markRead() {
    clearTimeout(this.unreadTimer);
    this.unreadTimer = null;
    this.paper.classList.remove("unread");
  }

  /** Read the drawing or, without a recogniser, send it. */
  tell(isFinished) {
    if (isFinished) this.keepSoon();
    if (this.reader) {
      this.awaitReading();
      this.reader.want({
        strokes: this.strokes,
        penWidth: this.penWidth,
        isNumber: this.isWide,
        isFinished,
        revision: this.revision,
      });
    } else if (isFinished) this.send(true);
    else {
      const wait = SEND_EVERY - (performance.now() - this.lastSent);
      this.sendTimer ??= setTimeout(() => this.send(false), Math.max(0, wait));
    }
  }

  send(finished) {
    clearTimeout(this.sendTimer);
    this.sendTimer = null;
    if (!this.isHeard()) return;
    this.lastSent = performance.now();
    const { reading } = this.paper;
    this.props.value = {
      ...this.paper.drawing(),
      strokes: this.strokes.map((stroke) => stroke.map(([x, y]) => [x, y])),
      finished,
      ...(this.reader && { reading: { ...reading } }),
    };
    if (finished) this.trigger("release");
  }

  /** Clean up when the pad is removed from the page. */
  end() {
    this.keep();
    for (const timer of [this.keepTimer, this.sendTimer, this.previewTimer]) clearTimeout(timer);
    this.markRead();
    this.dropReplay();
    this.reader?.end();
  }

  // --- the drawing -----------------------------------------------------------------------------

  get isWide() {
    return this.paper.classList.contains("wide");
  }

  get width() {
    return this.isWide ? this.props.wide_size : this.props.size;
  }

  get penWidth() {
    return Number(this.pen.value);
  }

  /** Put an unfinished drawing on the paper, and read it. */
  show(drawing) {
    this.put(drawing);
    if (drawing.length) this.tell(false);
  }

  put(drawing) {
    const { undo, redo, clear, replay, save, eraser } = this.buttons;
    this.strokes = drawing;
    this.revision++;
    this.paper.classList.toggle("inked", drawing.length > 0);
    // Not `disabled`, because a disabled button loses the keyboard focus.
    undo.ariaDisabled = this.history.past.length === 0;
    redo.ariaDisabled = this.history.future.length === 0;
    for (const button of [clear, replay, save, eraser]) button.ariaDisabled = drawing.length === 0;
    if (!drawing.length) this.takeEraser(false); // or the next stroke would erase nothing
    this.ink.show(drawing, this.penWidth);
  }

  /** Put a finished drawing on the paper, and read it. */
  finish(drawing) {
    this.put(drawing);
    this.tell(true);
  }

  // --- pen -------------------------------------------------------------------------------------

  get isPenDown() {
    return this.pointers.active !== null;
  }

  penDown(event, isEraser) {
    this.stopReplay();
    document.activeElement?.blur(); // as a mouse press does, so that the pad gets the keys
    this.ink.fitScreen();
    this.isErasing = isEraser || this.hasEraser;
    this.paper.classList.toggle("erasing", this.isErasing);
    this.hasChanged = false;
    this.before = this.stroked = null;
    this.penMove(event);
  }

  penMove(event) {
    const points = this.ink.pointsOf(event);
    if (this.isErasing) this.erase(points);
    else this.draw(points);
  }

  draw(points) {
    if (!this.hasChanged) {
      // A stroke that starts beside the pad begins at its edge.
      points = this.ink.enter(this.before, points);
      if (!points) return void (this.before = this.ink.lastPoint);
      this.hasChanged = true;
      this.history.note(this.strokes);
      return this.show([...this.strokes, this.ink.extend([], points)]);
    }
    const stroke = this.strokes[this.strokes.length - 1];
    const count = stroke.length;
    this.ink.extend(stroke, points);
    if (stroke.length > count) this.show(this.strokes);
  }

  erase(points) {
    const left = this.strokes.filter((stroke) => !this.ink.touches(stroke, points, ERASER));
    if (left.length === this.strokes.length) return;
    if (!this.hasChanged) this.history.note(this.strokes);
    this.hasChanged = true;
    this.show(left);
  }

  penUp() {
    this.stroked = this.strokes;
    this.paper.classList.toggle("erasing", this.hasEraser);
    if (this.hasChanged) this.tell(true);
  }

  /** Remove the latest stroke, also from the history, if it is still the latest change. */
  takeBack() {
    const isLatest = this.hasChanged && (this.stroked ?? this.strokes) === this.strokes;
    if (isLatest) this.finish(this.history.takeBack());
  }

  changePen() {
    this.show(this.strokes);
    const { preview, canvas } = this;
    const share = this.penWidth / this.props.size;
    preview.style.width = `${share * canvas.clientHeight}px`;
    preview.hidden = false;
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => (preview.hidden = true), PREVIEW);
  }

  // --- replay and examples ---------------------------------------------------------------------

  replay(drawing) {
    this.stopReplay();
    if (this.isPenDown || !drawing.length) return;
    const show = (part, stays) => (stays ? this.finish(part) : this.show(part));
    this.replayed = new Replay(drawing, this.bar, show);
    this.showBar(true);
    this.replayed.play();
  }

  /** The whole drawing, even while a replay shows only a part of it. */
  get whole() {
    return this.replayed?.drawing ?? this.strokes;
  }

  stopReplay() {
    const { whole } = this;
    this.dropReplay();
    if (this.strokes !== whole) this.finish(whole);
  }

  dropReplay() {
    this.replayed?.stop();
    this.replayed = null;
    this.showBar(false);
  }

  /** Show the bar of a replay in place of the pen's slider, or the other way round. */
  showBar(isShown) {
    this.bar.parentElement.hidden = !isShown;
    this.pen.parentElement.hidden = isShown;
  }

  leaveBar() {
    this.stopReplay();
    this.buttons.replay.focus();
  }

  drawExample(index) {
    this.stopReplay();
    if (this.isPenDown) return;
    this.history.note(this.strokes);
    this.replay(this.props.examples[index].strokes);
  }

  // --- one digit or a whole number ---------------------------------------------------------------

  setWide(wide) {
    this.paper.classList.toggle("wide", wide);
    this.buttons.wide.ariaPressed = wide;
    this.ink.fitScreen();
  }

  toggleWide() {
    this.stopReplay();
    if (this.isPenDown) return;
    const right = this.strokes.flat().reduce((most, [x]) => Math.max(most, x), 0);
    this.setWide(!this.isWide);
    let drawing = this.strokes;
    if (right > this.width) {
      this.history.note(drawing);
      const scale = this.props.size / this.props.wide_size;
      drawing = drawing.map((stroke) => stroke.map(([x, y]) => [x * scale, y * scale]));
    }
    this.finish(drawing);
  }

  // --- undo, clear, keys -----------------------------------------------------------------------

  undo() {
    this.stopReplay();
    if (this.isPenDown || !this.history.past.length) return;
    this.finish(this.history.undo(this.strokes));
  }

  redo() {
    this.stopReplay();
    if (this.isPenDown || !this.history.future.length) return;
    this.finish(this.history.redo(this.strokes));
  }

  clear() {
    this.stopReplay();
    if (this.isPenDown || !this.strokes.length) return;
    this.history.note(this.strokes);
    this.finish([]);
  }

  get hasEraser() {
    return this.buttons.eraser.ariaPressed === "true";
  }

  toggleEraser() {
    this.takeEraser(!this.hasEraser && this.strokes.length > 0);
  }

  /** Take the eraser, or put it away. */
  takeEraser(taken) {
    this.buttons.eraser.ariaPressed = taken;
    this.paper.classList.toggle("erasing", taken);
  }

  /** Download the drawing as a PNG file. */
  save() {
    if (!this.strokes.length) return;
    this.ink.toFile((file) => {
      const link = document.createElement("a");
      [link.href, link.download] = [URL.createObjectURL(file), "drawing.png"];
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  keepSoon() {
    clearTimeout(this.keepTimer);
    this.keepTimer = setTimeout(() => this.keep(), KEEP_AFTER);
  }

  keep() {
    keep(this.key, { ...this.paper.drawing(), strokes: this.whole }, this.history);
  }

  keyDown(event) {
    const act = this.actionOf(event);
    if (!act) return;
    event.preventDefault();
    act.call(this);
  }

  /** The action of a key; undefined if the key is not for this pad. */
  actionOf(event) {
    const { altKey, shiftKey, target } = event;
    const key = event.key?.toLowerCase(); // events from a browser's autofill have no key
    if (inUse?.isConnected && inUse !== this.element) return;
    // Keys do not change a drawing that is hidden or covered.
    if (!this.canvas.checkVisibility() || document.querySelector(OVER_THE_PAD)) return;
    if (altKey || target.closest?.(TEXT_FIELDS)) return;
    if (event.ctrlKey || event.metaKey) {
      return { z: shiftKey ? this.redo : this.undo, y: this.redo }[key];
    }
    if (key === "e" && !event.repeat) return this.toggleEraser;
    const isToClear = key === "escape" || key === "delete";
    if (isToClear && !target.closest?.(OWN_KEYS)) return this.clear;
  }

  // --- values from Python or from before a reload; ignored while the pen is down -----------------

  adopt(value) {
    if (this.isPenDown || this.replayed?.isPlaying) return;
    this.dropReplay();
    if (value?.width) this.setWide(value.width > this.props.size);
    if (value?.pen_width) this.pen.value = value.pen_width;
    this.history.forget();
    if (value?.history) this.history.restore(value.history);
    const strokes = JSON.parse(JSON.stringify(value?.strokes ?? [])); // props may be proxies
    this.put(strokes.filter((stroke) => stroke.length));
    if (this.reader && (this.strokes.length || this.paper.reading)) this.tell(true);
  }
}
