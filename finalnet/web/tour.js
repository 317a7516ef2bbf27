// "Show it your handwriting": asks for the ten digits in turn, and teaches the drawings at the end.

import { padOf } from "./reading.js";

const REST = 1200; // ms without the pen after which a digit counts as finished
const LAST = 9;

/** The bar with the prompts; hidden until `start`. */
export class Tour {
  constructor(bar, texts, signal) {
    Object.assign(this, { bar, texts, drawn: new Map(), digit: null, timer: null });
    const find = (selector) => bar.querySelector(selector);
    [this.words, this.back, this.next] = ["p", ".back", ".next"].map(find);
    this.back.addEventListener("click", () => this.digit && this.ask(this.digit - 1));
    this.next.addEventListener("click", () => this.goOn());
    find(".stop").addEventListener("click", () => this.end());
    document.addEventListener("reading", (event) => this.follow(event), { signal });
    const isOnPaper = ({ target }) => target.closest?.(".paper") === this.pad;
    const wait = (event) => isOnPaper(event) && clearTimeout(this.timer);
    document.addEventListener("pointerdown", wait, { capture: true, signal });
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  get pad() {
    return padOf(this.bar);
  }

  click(id) {
    this.pad.parentElement.querySelector(id).click();
  }

  start() {
    if (this.pad.classList.contains("wide")) this.click("#wide");
    this.hint = this.pad.querySelector(".hint span");
    this.hint.dataset.words ??= this.hint.textContent;
    this.drawn.clear();
    this.bar.hidden = false;
    this.ask(0);
    this.pad.focus({ preventScroll: true });
    for (const part of [this.bar, this.pad]) part.scrollIntoView({ block: "nearest" });
  }

  /** Ask for a digit; an earlier drawing of it stays until it is drawn again. */
  ask(digit) {
    clearTimeout(this.timer);
    this.digit = digit;
    const prompt = this.texts.prompt.replace("{digit}", this.texts.digits[digit]);
    this.words.textContent = `${prompt} ${this.texts.of_ten.replace("{number}", digit + 1)}`;
    this.hint.textContent = prompt;
    this.back.ariaDisabled = digit === 0;
    this.next.textContent = this.texts.skip;
    this.click("#clear");
  }

  /** Go on once a digit is drawn and the pen rests. */
  follow({ target, detail }) {
    if (this.digit === null || target !== this.pad) return;
    clearTimeout(this.timer);
    const isDrawn = detail?.digits.length > 0;
    this.next.textContent = isDrawn ? this.texts.next : this.texts.skip;
    if (isDrawn && detail.finished) this.timer = setTimeout(() => this.goOn(), REST);
  }

  goOn() {
    this.take();
    if (this.digit === LAST) this.end();
    else this.ask(this.digit + 1);
  }

  take() {
    const drawing = this.pad.example();
    if (!drawing) return;
    const isRight = this.pad.reading.text === String(this.digit);
    this.drawn.set(this.digit, { isRight, drawing: { label: this.digit, ...drawing } });
  }

  /** Teach the drawings and hide the bar. */
  end() {
    clearTimeout(this.timer);
    [this.digit, this.bar.hidden] = [null, true];
    this.hint.textContent = this.hint.dataset.words;
    this.click("#clear");
    const drawn = [...this.drawn.values()];
    if (!drawn.length) return;
    const right = drawn.filter(({ isRight }) => isRight).length;
    this.pad.taught.change({ add: drawn.map(({ drawing }) => drawing), right });
  }
}
