// "See inside": what the network makes of the drawing, layer by layer, while one draws; and which
// of its ink mattered, once the pen rests.

import { follow, topDigits } from "./readout.js";

const COLUMNS = 8; // maps side by side
const FEATURE_COLUMNS = 16;
// The page's indigo from dark to light; either end can be told from a white and a black page.
const SHADES = [
  [30, 27, 75],
  [79, 70, 229],
  [129, 140, 248],
  [199, 210, 254],
];
// Vermilion and blue of Okabe and Ito 2008, which colour-blind people can tell apart.
const FOR = [213, 94, 0];
const AGAINST = [0, 114, 178];
const NEUTRAL = [205, 205, 210];

/** Bring the section to life. */
export function mount(element, component) {
  const section = new Inside(element, component.props.texts);
  follow({ ...component, element }, (reading) => section.update(reading));
  section.details.addEventListener("toggle", () => section.update(section.reading));
}

class Inside {
  constructor(element, texts) {
    Object.assign(this, { element, texts, reading: null });
    this.details = element.querySelector("details");
    this.layers = [...element.querySelectorAll(".map")].map((place) => new Layer(place));
    this.layers.forEach((layer) => layer.onPoint((map, x, y) => this.point(layer, map, x, y)));
  }

  update(reading) {
    this.reading = reading;
    const digit = reading?.is_number ? null : reading?.digits?.[0];
    const isShown = this.details.open && Boolean(digit);
    this.element.querySelector(".blank").hidden = isShown;
    this.element.querySelector(".parts").hidden = !isShown;
    if (!isShown) return;
    this.showScores(digit.probabilities);
    const { look } = document.querySelector("#sketchpad");
    look(digit.input, reading.finished, (inside) => {
      // What was asked for earlier may come later.
      if (inside.input === this.reading?.digits?.[0]?.input) this.show(inside, digit);
    });
  }

  show({ maps, features, evidence, input }, digit) {
    const ink = Uint8Array.from(atob(input), (character) => character.charCodeAt(0));
    const [inputLayer, ...layers] = this.layers;
    inputLayer.draw({ size: Math.sqrt(ink.length), values: ink }, 1, paintInk);
    maps.forEach((map, i) => layers[i].draw(map, COLUMNS));
    layers[maps.length].draw({ size: 1, values: features }, FEATURE_COLUMNS);
    if (!evidence) return;
    const places = this.element.querySelectorAll(".evidence");
    topDigits(digit.probabilities, places.length).forEach((answer, i) => {
      const plane = evidence.subarray(answer * ink.length, (answer + 1) * ink.length);
      showEvidence(places[i], plane, ink, this.texts.evidence[i], answer);
    });
  }

  showScores(probabilities) {
    const [best] = topDigits(probabilities, 1);
    this.element.querySelectorAll(".scores li").forEach((item, digit) => {
      const score = Math.log(Math.max(probabilities[digit], 1e-12));
      item.classList.toggle("best", digit === best);
      // + 0, because what rounds to minus zero is shown as zero.
      item.querySelector("span").textContent = (Math.round(score * 10) / 10 + 0).toFixed(1);
    });
  }

  /** Show what feeds a pixel of a layer's map: a square of every map of each layer before it. */
  point(layer, map, x, y) {
    const fed = this.layers.indexOf(layer);
    this.layers.forEach((each) => each.mark(null, null));
    if (map === null) return;
    layer.mark("point", { left: x, top: y, right: x, bottom: y }, map);
    let field = { left: x, top: y, right: x, bottom: y };
    for (let i = fed - 1; i >= 0; i--) {
      field = widen(field, this.layers[i + 1], this.layers[i]);
      this.layers[i].mark("field", field);
    }
  }
}

/** The pixels of a layer that feed a rectangle of the next one: 3x3, after pooling where sizes differ. */
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

/** The maps of one layer, side by side on a canvas, and marks over them. */
class Layer {
  constructor(place) {
    this.place = place;
    this.canvas = place.querySelector("canvas");
    this.marks = place.querySelector("svg");
    this.size = 1;
    this.count = 0;
  }

  /** values: planes of size x size >= 0, one behind the other; they share one scale. */
  draw({ size, values }, columns, paint = paintShade) {
    const count = values.length / size ** 2;
    Object.assign(this, { size, count, columns, gap: Math.max(1, Math.round(size / 14)) });
    const pitch = size + this.gap;
    const rows = Math.ceil(count / columns);
    const [width, height] = [columns * pitch - this.gap, rows * pitch - this.gap];
    const strongest = values.reduce((most, value) => Math.max(most, value), 1e-6);
    const picture = new ImageData(width, height); // transparent in the gaps
    values.forEach((value, i) => {
      const [left, top] = this.corner(Math.floor(i / size ** 2));
      const [x, y] = [i % size, Math.floor((i % size ** 2) / size)];
      picture.data.set([...paint(value / strongest), 255], 4 * ((top + y) * width + left + x));
    });
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.getContext("2d").putImageData(picture, 0, 0);
    this.marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  corner(map) {
    const pitch = this.size + this.gap;
    return [(map % this.columns) * pitch, Math.floor(map / this.columns) * pitch];
  }

  /** Outline a rectangle in one map, or in all; null takes the marks away. */
  mark(name, rectangle, only = null) {
    for (const path of this.marks.children) path.setAttribute("d", "");
    if (!name) return;
    const maps = only === null ? [...Array(this.count).keys()] : [only];
    const { left, top, right, bottom } = rectangle;
    const outline = maps.map((map) => {
      const [x, y] = this.corner(map);
      return `M${x + left} ${y + top}H${x + right + 1}V${y + bottom + 1}H${x + left}z`;
    });
    this.marks.querySelector(`.${name}`).setAttribute("d", outline.join(""));
  }

  /** Tell where one points, with mouse, finger or arrow keys: (map, x, y), or (null) where nowhere. */
  onPoint(tell) {
    const { place } = this;
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const scale = this.canvas.width / box.width;
      const pitch = this.size + this.gap;
      const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((length) => length * scale);
      const map = Math.floor(y / pitch) * this.columns + Math.floor(x / pitch);
      this.spot = [map, Math.floor(x % pitch), Math.floor(y % pitch)];
      const isInside = map < this.count && this.spot[1] < this.size && this.spot[2] < this.size;
      tell(...(isInside ? this.spot : [null]));
    };
    for (const type of ["pointermove", "pointerdown"]) place.addEventListener(type, at);
    for (const type of ["pointerleave", "blur"]) place.addEventListener(type, () => tell(null));
    place.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || !this.count) return;
      event.preventDefault();
      this.spot = this.next(step);
      tell(...this.spot);
    });
  }

  /** One pixel on; beyond a map's edge, the map beside it. */
  next([dx, dy]) {
    const [map, x, y] = this.spot ?? [0, Math.floor(this.size / 2), Math.floor(this.size / 2)];
    const [right, down] = [x + dx, y + dy];
    const onward = Math.floor(right / this.size) + this.columns * Math.floor(down / this.size);
    if (!(map + onward >= 0 && map + onward < this.count)) return [map, x, y];
    const wrap = (value) => (value + this.size) % this.size;
    return [map + onward, wrap(right), wrap(down)];
  }
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The drawing on white paper: ink that spoke for a digit vermilion, against it blue. */
function showEvidence(place, evidence, ink, { title, text }, digit) {
  const name = digit === 8 ? "an 8" : `a ${digit}`;
  const canvas = place.querySelector("canvas");
  const picture = new ImageData(canvas.width, canvas.height);
  const strongest = evidence.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  evidence.forEach((value, i) => {
    // The root, because the faint colours of weak evidence are hard to see on single pixels.
    const strength = Math.sqrt(Math.abs(value) / strongest);
    const color = blend(NEUTRAL, value > 0 ? FOR : AGAINST, strength);
    picture.data.set([...blend([255, 255, 255], color, ink[i] / 255), 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.ariaLabel = title.replace("{digit}", name);
  place.querySelector("h2").textContent = canvas.ariaLabel;
  place.querySelector("p").textContent = text.replace("{digit}", name);
}

const paintInk = (share) => Array(3).fill(Math.round(255 * share));

function paintShade(share) {
  const place = share * (SHADES.length - 1);
  const stop = Math.min(Math.floor(place), SHADES.length - 2);
  return blend(SHADES[stop], SHADES[stop + 1], place - stop);
}

const blend = (below, above, opacity) =>
  below.map((channel, i) => channel + (above[i] - channel) * opacity);
