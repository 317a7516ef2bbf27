// The sketchpad: what the pen, the buttons and the keys do, and what is told of it.
//
// Without a recogniser the value changes while one draws, at most every SEND_EVERY ms. With one,
// every frame is read in a worker: the document's event "reading" brings each reading, and the value
// changes once a finished drawing has been read. "release" says that the value is that of a finished
// drawing.

import { History, keep, kept } from "./history.js";
import { Ink } from "./ink.js";
import { Reader } from "./recognizer/reader.js";
import { Replay } from "./replay.js";

const SEND_EVERY = 50; // ms between two values while drawing
const UNREAD_AFTER = 250; // ms until an answer is dimmed that is not for the ink on the paper
const ERASER = 10; // pad px, from the middle of a stroke
const PREVIEW = 900; // ms
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, select, [contenteditable]";

/** Bring a sketchpad to life; `file` turns a path among the props into a URL. */
export function mount(element, component) {
  return new Sketchpad(element, component);
}

class Sketchpad {
  constructor(element, { props, trigger, watch, file }) {
    Object.assign(this, { element, props, trigger });
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
    this.ink = new Ink(this.canvas, props.size);
    this.strokes = [];
    this.history = new History();
    this.pointer = null; // that draws or erases now
    this.before = null; // where it was, in pad pixels, while it is beside the pad
    this.replayed = null; // a Replay, until something else is done
    this.revision = 0; // of what is on the paper
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
    this.adopt(props.value || kept()); // Gradio has "" for none
    this.ink.fitScreen();
    this.paper.classList.add("ready"); // for scripts: from here on no stroke is lost
  }

  listen(find) {
    const { paper, canvas, buttons, pen } = this;
    paper.addEventListener("pointerdown", (event) => this.penDown(event)); // and its rim
    canvas.addEventListener("pointermove", (event) => this.penMove(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(type, (event) => this.penUp(event));
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
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
      event.stopPropagation(); // it clears elsewhere
      this.leaveBar();
    });
    find("#retry").addEventListener("click", () => this.reader.load());
    this.element.querySelectorAll(".examples button").forEach((button, index) => {
      button.addEventListener("click", () => this.drawExample(index));
    });
    pen.addEventListener("input", () => this.changePen());
    pen.addEventListener("change", () => this.strokes.length && this.tell(true));
    this.onKey = (event) => this.keyDown(event);
    document.addEventListener("keydown", this.onKey);
    addEventListener("pagehide", () => this.keep());
    new ResizeObserver(() => this.ink.fitScreen()).observe(canvas);
  }

  // --- what is told ----------------------------------------------------------------------------

  startReader(file) {
    const { checkpoint, constants } = this.props.recognizer;
    this.reader = new Reader(
      { checkpoint: file(checkpoint), constants },
      (reading) => this.takeReading(reading),
      (reason) => this.showFailure(reason),
    );
    this.paper.look = (...args) => this.reader.look(...args);
    this.paper.showReading = (isLatest) => this.showReading(isLatest);
  }

  takeReading(reading) {
    this.paper.reading = reading;
    if (this.reader.isCurrent(this.revision)) this.markRead();
    this.showReading(true);
    // After the answer is on the page: setting the value takes some milliseconds.
    if (reading.finished) setTimeout(() => this.send(true));
  }

  /** Have the page show what was read here last, or nothing, while something else is read. */
  showReading(isLatest) {
    this.paper.isLatest = isLatest;
    const detail = isLatest ? (this.paper.reading ?? null) : null;
    // Not through Gradio, which hands on copies and takes longer than all else in a frame.
    document.dispatchEvent(new CustomEvent("reading", { detail }));
  }

  showFailure(reason) {
    this.paper.classList.toggle("reads", reason === null); // for scripts
    this.failure.hidden = reason === null;
    this.failure.querySelector(".reason").textContent = reason === null ? "" : `(${reason})`;
  }

  /** Until the ink on the paper has been read, no answer stands beside it as if it were its own. */
  awaitReading() {
    const markUnread = () => document.documentElement.classList.add("unread");
    this.unreadTimer ??= setTimeout(markUnread, UNREAD_AFTER);
  }

  markRead() {
    clearTimeout(this.unreadTimer);
    this.unreadTimer = null;
    document.documentElement.classList.remove("unread");
  }

  /** Have the drawing read, or, without a recogniser, send it. */
  tell(isFinished) {
    if (isFinished) this.keep();
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
    this.lastSent = performance.now();
    const { reading } = this.paper;
    this.props.value = {
      ...structuredClone(this.paper.drawing()),
      finished,
      ...(this.reader && { reading: { ...reading } }),
    };
    if (finished) this.trigger("release");
  }

  // --- what is shown ---------------------------------------------------------------------------

  get isWide() {
    return this.paper.classList.contains("wide");
  }

  get width() {
    return this.isWide ? this.props.wide_size : this.props.size;
  }

  get penWidth() {
    return Number(this.pen.value);
  }

  /** Put a drawing on the paper that is not finished. */
  show(drawing) {
    this.put(drawing);
    if (drawing.length) this.tell(false);
  }

  put(drawing) {
    const { undo, redo, clear, replay, save } = this.buttons;
    this.strokes = drawing;
    this.revision++;
    this.paper.classList.toggle("inked", drawing.length > 0);
    // Not `disabled`, which would take the keyboard's focus away.
    undo.ariaDisabled = this.history.past.length === 0;
    redo.ariaDisabled = this.history.future.length === 0;
    clear.ariaDisabled = replay.ariaDisabled = save.ariaDisabled = drawing.length === 0;
    this.ink.show(drawing, this.penWidth);
  }

  /** Put a drawing on the paper that is finished. */
  finish(drawing) {
    this.put(drawing);
    this.tell(true);
  }

  // --- pen -------------------------------------------------------------------------------------

  penDown(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.stopReplay();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.before = null;
    this.isErasing = this.buttons.eraser.ariaPressed === "true";
    this.hasChanged = false;
    this.penMove(event);
  }

  penMove(event) {
    if (event.pointerId !== this.pointer) return;
    const points = this.ink.pointsOf(event);
    if (this.isErasing) this.erase(points);
    else this.draw(points);
  }

  draw(points) {
    if (!this.hasChanged) {
      // A stroke that is begun beside the pad begins at its edge.
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

  penUp(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (this.hasChanged) this.tell(true);
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

  // --- replay and ready-made drawings ----------------------------------------------------------

  replay(drawing) {
    this.stopReplay();
    if (this.pointer !== null || !drawing.length) return;
    const show = (part, stays) => (stays ? this.finish(part) : this.show(part));
    this.replayed = new Replay(drawing, this.bar, show);
    this.showBar(true);
    this.replayed.play();
  }

  /** What was drawn, however much of it a replay shows. */
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

  /** The bar of a replay stands in the place of the pen's. */
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
    const right = Math.max(0, ...this.strokes.flat().map(([x]) => x));
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
    if (this.pointer !== null || !this.history.past.length) return;
    this.finish(this.history.undo(this.strokes));
  }

  redo() {
    this.stopReplay();
    if (this.pointer !== null || !this.history.future.length) return;
    this.finish(this.history.redo(this.strokes));
  }

  clear() {
    this.stopReplay();
    if (this.pointer !== null || !this.strokes.length) return;
    this.history.note(this.strokes);
    this.finish([]);
  }

  toggleEraser() {
    const { eraser } = this.buttons;
    eraser.ariaPressed = eraser.ariaPressed !== "true";
    this.paper.classList.toggle("erasing", eraser.ariaPressed === "true");
  }

  /** Save what is on the paper as a PNG file. */
  save() {
    if (!this.strokes.length) return;
    this.ink.toFile((file) => {
      const link = document.createElement("a");
      [link.href, link.download] = [URL.createObjectURL(file), "drawing.png"];
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  keep() {
    keep({ ...this.paper.drawing(), strokes: this.whole });
  }

  keyDown(event) {
    if (!this.element.isConnected) return document.removeEventListener("keydown", this.onKey);
    // A drawing that cannot be seen, or that something lies over, is left alone.
    if (!this.canvas.checkVisibility() || document.querySelector(":popover-open")) return;
    if (event.target.closest?.(TEXT_FIELDS)) return;
    const key = event.key.toLowerCase();
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && (key === "y" || (key === "z" && event.shiftKey))) this.redo();
    else if (isCommand && key === "z") this.undo();
    else if (key === "escape" || key === "delete") this.clear();
    else return;
    event.preventDefault();
  }

  // --- a drawing that Python put on the pad, or none; while the pen is down the hand wins --------

  adopt(value) {
    if (this.pointer !== null || this.replayed?.isPlaying) return;
    this.dropReplay();
    if (value?.width) this.setWide(value.width > this.props.size);
    if (value?.pen_width) this.pen.value = value.pen_width;
    this.history.forget();
    const strokes = JSON.parse(JSON.stringify(value?.strokes ?? [])); // props may be proxies
    this.put(strokes.filter((stroke) => stroke.length));
    if (this.reader && (this.strokes.length || this.paper.reading)) this.tell(true);
  }
}
