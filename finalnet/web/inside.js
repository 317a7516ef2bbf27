// "See inside": shows every layer of the network during drawing, and which ink mattered once the pen
// rests.

import { mountLearning } from "./learning.js";
import { lifeOf } from "./lifetime.js";
import { follow, padOf, shownDigit } from "./reading.js";
import { decode, topDigits } from "./recognizer/answer.js";
import { hideSum, showSum } from "./sum.js";

const COLUMNS = [1, 2, 4, 8, 16]; // possible numbers of maps in a row
const FC1 = 5; // index of fc1; layers 1 to 4 are convolutions
const FEATURE_COLUMNS = 16;
const WIDE = 42; // rem, least width of a place with eight maps in a row instead of four ...
const WIDE_IN_WINDOW = 0.72; // ... or this share of the window's shorter side, if that is more
// The page's indigo from dark to light; both ends stand out from a white and from a black page.
const SHADES = [
  [30, 27, 75],
  [79, 70, 229],
  [129, 140, 248],
  [199, 210, 254],
];
// Vermilion and blue from Okabe and Ito 2008, which colour-blind people can tell apart.
const FOR = [213, 94, 0];
const AGAINST = [0, 114, 178];
const NEUTRAL = [205, 205, 210];

/** Make the section interactive. */
export function mount(element, component) {
  const signal = lifeOf(element);
  const section = new Inside(element, component.props.texts, signal);
  mountLearning(element, component);
  follow(element, (reading) => section.update(reading));
  section.details.addEventListener("toggle", () => section.update(section.reading));
  const resized = new ResizeObserver(() => requestAnimationFrame(() => section.redraw()));
  for (const place of [section.details, section.large]) resized.observe(place);
  signal.addEventListener("abort", () => resized.disconnect());
}

class Inside {
  constructor(element, texts, signal) {
    const find = (selector) => element.querySelector(selector);
    Object.assign(this, { element, texts, reading: null, planes: [], pinned: null });
    this.details = find("details");
    this.large = find("#large");
    this.sums = element.querySelectorAll(".sum");
    this.layers = [...element.querySelectorAll(".parts .map")].map((place, i) => new Layer(place, i));
    // The input and the enlarged layer, each in its own frame.
    this.enlarged = [...this.large.querySelectorAll(".map")].map((place) => new Layer(place, 0, true));
    this.views = [...this.layers, ...this.enlarged];
    this.views.forEach((layer) => this.listen(layer));
    element.querySelectorAll(".enlarge").forEach((button) => {
      button.addEventListener("click", () => this.enlarge(Number(button.value)));
    });
    const letGo = ({ target }) => target.closest?.("#inside :is(.map, button)") || this.pin(null);
    document.addEventListener("pointerdown", letGo, { signal });
  }

  get isLarge() {
    return this.large.matches(":popover-open");
  }

  update(reading) {
    this.reading = reading;
    const digit = shownDigit(reading);
    const isWanted = this.details.open && Boolean(digit);
    const { waiting, number, blank } = this.texts;
    const words = digit ? waiting : reading?.digits.length ? number : blank;
    this.element.querySelector(".blank").textContent = words;
    this.showParts(isWanted && this.planes.length > 0);
    if (!isWanted) return;
    this.showScores(digit.probabilities);
    const { look } = padOf(this.element);
    look(digit.input, reading.finished, reading.state, (inside) => {
      if (this.isOfReading(inside)) this.show(inside, digit);
    });
    this.explain();
  }

  /** Whether an answer belongs to the digit that is shown: answers to earlier requests may be late. */
  isOfReading({ input, state }) {
    return input === shownDigit(this.reading)?.input && state === this.reading.state;
  }

  showParts(isShown) {
    this.element.querySelector(".blank").hidden = isShown;
    this.element.querySelector(".parts").hidden = !isShown;
    if (!isShown && this.isLarge) this.large.hidePopover();
  }

  show({ maps, features, evidence, input, state }, digit) {
    const ink = decode(input);
    const inputPlane = { size: Math.sqrt(ink.length), values: ink, tones: INK_TONES };
    this.planes = [inputPlane, ...maps, { size: 1, values: features }];
    this.showParts(this.details.open);
    this.redraw();
    const places = this.element.querySelectorAll(".evidence");
    const explained = `${state} ${input}`;
    if (evidence) this.explained = explained;
    // Evidence arrives once the pen rests; until then it belongs to an earlier drawing.
    places.forEach((place) => place.classList.toggle("stale", this.explained !== explained));
    if (!evidence) return;
    topDigits(digit.probabilities, places.length).forEach((answer, i) => {
      const plane = evidence.subarray(answer * ink.length, (answer + 1) * ink.length);
      showEvidence(places[i], plane, ink, this.texts.evidence[i], this.texts.digits[answer]);
    });
  }

  showScores(probabilities) {
    const [best] = topDigits(probabilities, 1);
    this.element.querySelectorAll(".scores li").forEach((item, digit) => {
      const score = Math.log(Math.max(probabilities[digit], 1e-12));
      item.classList.toggle("best", digit === best);
      // + 0 turns -0 into 0.
      item.querySelector("span").textContent = (Math.round(score * 10) / 10 + 0).toFixed(1);
    });
  }

  redraw() {
    if (this.element.querySelector(".parts").hidden || !this.planes.length) return;
    const views = this.isLarge ? this.views : this.layers;
    views.forEach((layer) => layer.draw(this.planes[layer.index]));
    this.mark(this.marked); // its position may have changed
  }

  // --- receptive fields and sums ---------------------------------------------------------------------

  /** Follow mouse, pen, finger and arrow keys; a pressed pixel stays marked until pressed again. */
  listen(layer) {
    const { place } = layer;
    let before = null; // the pinned pixel before the press
    place.addEventListener("pointerdown", (event) => {
      before = this.pinned;
      this.pinned = null;
      this.mark(layer.at(event));
    });
    place.addEventListener("pointermove", (event) => this.pinned || this.mark(layer.at(event)));
    place.addEventListener("pointerup", (event) => {
      const spot = layer.at(event);
      this.pin(isSame(spot, before) ? null : spot);
    });
    for (const type of ["pointerleave", "pointercancel", "blur"]) {
      place.addEventListener(type, () => this.mark(this.pinned));
    }
    place.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (step) this.move(layer.next(step));
      else if (event.key === "Enter" && layer.index && !this.isLarge) this.enlarge(layer.index);
      else return;
      event.preventDefault();
    });
  }

  pin(spot) {
    this.pinned = spot;
    this.mark(spot);
  }

  /** Move to another pixel, and pin it if the last one was pinned. */
  move(spot) {
    if (this.pinned) this.pin(spot);
    else this.mark(spot);
  }

  /** Mark a pixel of a map and its receptive field in every map of each layer before it. */
  mark(spot) {
    const isNew = !isSame(spot, this.marked);
    this.marked = spot;
    const marks = spot ? this.findFields(spot) : [];
    this.views.forEach((layer) => layer.mark(marks[layer.index]));
    if (isNew) this.explain();
  }

  /** Show the sum behind the marked pixel if it is a convolution's; else hide it. */
  explain() {
    const spot = this.marked;
    const digit = shownDigit(this.reading);
    if (!digit || !(spot?.index > 0 && spot.index < FC1)) return this.sums.forEach(hideSum);
    const { explain } = padOf(this.element);
    explain(digit.input, spot, this.reading.state, (explanation) => {
      if (!isSame(explanation.spot, this.marked) || !this.isOfReading(explanation)) return;
      this.sums.forEach((place) => showSum(place, explanation, this.texts.sum_texts));
      // The floating one goes to the half of the window that does not show the pixel.
      const { bottom } = this.layers[spot.index].boxOf(spot);
      this.element.querySelector(".floating").classList.toggle("low", bottom < innerHeight / 2);
    });
  }

  findFields({ index, map, x, y }) {
    let field = { left: x, top: y, right: x, bottom: y };
    const marks = [];
    marks[index] = { name: "point", rectangle: field, only: map };
    for (let i = index - 1; i >= 0; i--) {
      field = widen(field, this.layers[i + 1], this.layers[i]);
      marks[i] = { name: "field", rectangle: field };
    }
    return marks;
  }

  /** Enlarge the maps of a layer to the size of the window, beside the input. */
  enlarge(index) {
    const [, layer] = this.enlarged;
    const { place } = this.layers[index];
    layer.index = index;
    this.large.classList.toggle("summed", index < FC1);
    layer.place.ariaLabel = place.ariaLabel;
    this.large.querySelector("h2").textContent = place.parentElement.querySelector("h2").textContent;
    this.large.showPopover();
    this.redraw();
  }
}

const isSame = (one, other) =>
  one && other && ["index", "map", "x", "y"].every((name) => one[name] === other[name]);

/** The receptive field of a rectangle in the layer before it: 3x3, before pooling if sizes differ. */
function widen({ left, top, right, bottom }, next, { size }) {
  if (next.size === 1) return { left: 0, top: 0, right: size - 1, bottom: size - 1 };
  const scale = size / next.size;
  return {
    left: Math.max((left - 1) * scale, 0),
    top: Math.max((top - 1) * scale, 0),
    right: Math.min((right + 2) * scale, size) - 1,
    bottom: Math.min((bottom + 2) * scale, size) - 1,
  };
}

/** The maps of one layer in rows on a canvas, with marks over them. */
class Layer {
  /** index: 0 for the input. isFramed: whether the maps fill a place of a given height. */
  constructor(place, index, isFramed = false) {
    Object.assign(this, { place, index, isFramed, size: 1, count: 0 });
    this.canvas = place.querySelector("canvas");
    this.marks = place.querySelector("svg");
  }

  /** Draw planes of size x size, stored one after another, values >= 0; they share one scale. */
  draw({ size, values, tones = SHADE_TONES }) {
    const count = values.length / size ** 2;
    Object.assign(this, { size, count, gap: Math.max(1, Math.round(size / 14)) });
    const columns = (this.columns = this.chooseColumns());
    const pitch = size + this.gap;
    const rows = Math.ceil(count / columns);
    const [width, height] = [columns * pitch - this.gap, rows * pitch - this.gap];
    const strongest = values.reduce((most, value) => Math.max(most, value), 1e-6);
    const picture = new ImageData(width, height); // transparent in the gaps
    const pixels = new Uint32Array(picture.data.buffer);
    const scale = (TONES - 1) / strongest;
    for (let row = 0; row < count * size; row++) {
      const [left, top] = this.corner(Math.floor(row / size));
      const start = (top + (row % size)) * width + left;
      for (let x = 0; x < size; x++) {
        pixels[start + x] = tones[Math.round(values[row * size + x] * scale)];
      }
    }
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.getContext("2d").putImageData(picture, 0, 0);
    change(this.marks, "viewBox", `0 0 ${width} ${height}`);
  }

  chooseColumns() {
    const { count, size, isFramed } = this;
    const { clientWidth: width, clientHeight: height } = this.place;
    if (isFramed) {
      // The number of columns that makes the maps largest.
      const side = (columns) => Math.min(width / columns, height / Math.ceil(count / columns));
      const choices = COLUMNS.filter((columns) => columns <= count);
      return choices.reduce((best, next) => (side(next) > side(best) ? next : best));
    }
    if (size === 1) return FEATURE_COLUMNS;
    return Math.min(count, width < wide() ? 4 : 8);
  }

  corner(map) {
    const pitch = this.size + this.gap;
    return [(map % this.columns) * pitch, Math.floor(map / this.columns) * pitch];
  }

  /** Outline a rectangle in one map (`only`) or in all; without arguments, remove the marks. */
  mark({ name, rectangle, only } = {}) {
    for (const path of this.marks.children) {
      if (!path.matches(`.${name}`)) change(path, "d", "");
    }
    if (!name) return;
    const maps = only === undefined ? [...Array(this.count).keys()] : [only];
    const { left, top, right, bottom } = rectangle;
    const outline = maps.map((map) => {
      const [x, y] = this.corner(map);
      return `M${x + left} ${y + top}H${x + right + 1}V${y + bottom + 1}H${x + left}z`;
    });
    change(this.marks.querySelector(`.${name}`), "d", outline.join(""));
  }

  /** The pixel nearest to a pointer: {index, map, x, y}; null where there is no map. */
  at({ clientX, clientY }) {
    const { canvas, size, gap, columns } = this;
    const box = canvas.getBoundingClientRect();
    // In a frame, the picture is centred in its canvas.
    const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
    const place = (middle, length) =>
      Math.min(Math.max(middle / scale + length / 2, 0), length - 1);
    const x = place(clientX - box.left - box.width / 2, canvas.width);
    const y = place(clientY - box.top - box.height / 2, canvas.height);
    const pitch = size + gap;
    const map = Math.floor(y / pitch) * columns + Math.floor(x / pitch);
    if (!(map < this.count)) return null;
    const pixel = (length) => Math.min(Math.floor(length % pitch), size - 1);
    return (this.spot = { index: this.index, map, x: pixel(x), y: pixel(y) });
  }

  /** The box of a pixel in the window. */
  boxOf({ map, x, y }) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const scale = width / this.canvas.width;
    const [right, down] = this.corner(map);
    return new DOMRect(left + (right + x) * scale, top + (down + y) * scale, scale, scale);
  }

  /** The pixel one step from the last one; beyond a map's edge, on the neighbouring map. */
  next([dx, dy]) {
    const { index, size, columns } = this;
    const middle = Math.floor(size / 2);
    const { map, x, y } = this.spot ?? { map: 0, x: middle, y: middle };
    const [right, down] = [x + dx, y + dy];
    const onward = map + Math.floor(right / size) + columns * Math.floor(down / size);
    const wrap = (value) => (value + size) % size;
    if (onward >= 0 && onward < this.count) {
      this.spot = { index, map: onward, x: wrap(right), y: wrap(down) };
    }
    return this.spot ?? null;
  }
}

/** Set an attribute only if it differs: an unchanged one then costs no layout. */
function change(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function wide() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Math.max(WIDE * rem, WIDE_IN_WINDOW * Math.min(innerWidth, innerHeight));
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Paint the drawing on white: ink that spoke for a digit vermilion, ink against it blue. */
function showEvidence(place, evidence, ink, { title, text }, name) {
  const canvas = place.querySelector("canvas");
  const picture = new ImageData(canvas.width, canvas.height);
  const strongest = evidence.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  evidence.forEach((value, i) => {
    // The square root, because faint colours are hard to see on single pixels.
    const strength = Math.sqrt(Math.abs(value) / strongest);
    const color = blend(NEUTRAL, value > 0 ? FOR : AGAINST, strength);
    picture.data.set([...blend([255, 255, 255], color, ink[i] / 255), 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.ariaLabel = title.replace("{digit}", name);
  place.querySelector("h2").textContent = canvas.ariaLabel;
  place.querySelector("p").textContent = text.replace("{digit}", name);
}

const paintInk = (share) => Array(3).fill(255 * share);

function paintShade(share) {
  const place = share * (SHADES.length - 1);
  const stop = Math.min(Math.floor(place), SHADES.length - 2);
  return blend(SHADES[stop], SHADES[stop + 1], place - stop);
}

const blend = (below, above, opacity) =>
  below.map((channel, i) => channel + (above[i] - channel) * opacity);

// Number of tones; each is stored as one RGBA pixel of an ImageData.
const TONES = 256;
const SHADE_TONES = tonesOf(paintShade);
const INK_TONES = tonesOf(paintInk);

function tonesOf(paint) {
  const colors = Array.from({ length: TONES }, (_, i) => [...paint(i / (TONES - 1)), 255]);
  return new Uint32Array(Uint8ClampedArray.from(colors.flat()).buffer);
}
