// What was read, as the page shows it: answer, bars, network input and the digits of a number.
//
// Every part shows the same reading {text, characters, digits, is_number, finished, problem, caption,
// source, offer}; a digit is {verdict, digit, probabilities, input}, the input 28x28 bytes in base64;
// characters has one for each digit, the text more where there are separators or lines; source is
// "picture" for what was not drawn; caption is what to say of one without digits; offer is the number
// that a drawing may be.

import { mountCorrections } from "./corrections.js";

const SECOND_CHOICE = 0.15; // probability from which on a second digit is named
const TWO_LEFT = 0.6; // probability of the best two together, from which on a doubt is between them
const NOTHING = 0.005; // share that is shown as 0 %
const REST = 600; // ms that a pen must rest before a drawing is said to be no digit
const BLANK = { text: "", characters: [], digits: [], is_number: false, finished: false };
const INPUT_SIZE = 28;

/** Have the latest reading shown, or null: that of what is drawn, or the value, a picture's. */
export function follow({ element, props, watch }, show) {
  watch("value", () => show(props.value));
  const onReading = ({ detail }) => {
    if (element.isConnected) show(detail);
    else document.removeEventListener("reading", onReading);
  };
  document.addEventListener("reading", onReading);
  // The pad may have been first.
  const pad = document.querySelector("#sketchpad");
  show(pad?.isLatest ? pad.reading : props.value);
}

/** A component that shows the latest reading. */
const part = (show) => (element, component) => {
  let latest = BLANK;
  const update = () => show(element, latest, component.props.texts);
  follow({ ...component, element }, (reading) => {
    latest = reading || BLANK;
    update();
  });
  return update;
};

export const answer = (element, component) => {
  const { texts } = component.props;
  const find = (selector) => element.querySelector(selector);
  let timer = null;
  let shown = BLANK;
  part((_, reading) => {
    shown = reading;
    clearTimeout(timer);
    const isDoubtful = !reading.is_number && reading.digits[0]?.verdict === "unsure";
    // The next stroke may make a digit of it.
    const isEarly = isDoubtful && reading.source !== "picture";
    showAnswer(element, reading, texts, isEarly);
    if (isEarly && reading.finished) {
      timer = setTimeout(() => showAnswer(element, reading, texts, false), REST);
    }
  })(element, component);
  find("#widen").addEventListener("click", () => document.querySelector("#wide").click());
  find("#copy").addEventListener("click", async ({ currentTarget: button }) => {
    await navigator.clipboard.writeText(shown.text);
    button.textContent = texts.copied;
    setTimeout(() => (button.textContent = texts.copy), 2 * REST);
  });
  const drawing = () => ({ answered: shown.text, ...document.querySelector("#sketchpad").drawing() });
  mountCorrections(find("#correction"), texts, drawing);
};

function showAnswer(element, reading, texts, isEarly) {
  const find = (selector) => element.querySelector(selector);
  const { verdict, caption } = isEarly
    ? { verdict: "early", caption: texts.not_finished }
    : describe(reading, texts);
  const text = isEarly ? "…" : reading.text;
  const lines = text.split("\n");
  const place = find(".answer");
  place.dataset.verdict = verdict;
  place.style.setProperty("--length", Math.max(...lines.map((line) => line.length), 1));
  place.style.setProperty("--lines", lines.length);
  write(find(".digit"), text);
  write(find(".caption"), caption);
  // A screen reader hears one answer a stroke, once the pen is lifted.
  const said = reading.problem || reading.caption ? caption : texts.empty;
  const spoken = text ? `${text} ${caption}` : said;
  write(find("[role=status]"), reading.finished && !isEarly ? spoken : "");
  const isRead = Boolean(reading.finished && reading.text && !isEarly);
  const isOffered = isRead && verdict === "unsure" && Boolean(reading.offer);
  find("#widen").hidden = !isOffered;
  find("#copy").hidden = !isRead || reading.text === "?";
  find("#wrong").hidden = !isRead || isOffered || reading.is_number || reading.source === "picture";
}

export const bars = (element, component) => {
  const choice = element.querySelector("#k");
  const update = part((_, reading) => showBars(element, reading, Number(choice.value)))(
    element,
    component,
  );
  choice.addEventListener("change", update);
};

const networkInput = part((element, { digits }, texts) => {
  const canvas = element.querySelector("canvas");
  canvas.ariaLabel = digits.length ? texts.drawing : texts.blank;
  paint(canvas, digits[0]);
});

export const digits = part((element, { is_number: isNumber, digits, characters }) => {
  const template = element.querySelector("template");
  const tiles = isNumber ? digits.map((digit, i) => makeTile(template, digit, characters[i])) : [];
  element.querySelector(".tiles").replaceChildren(...tiles);
});

export { networkInput as "network-input" };

/** The verdict and the words beside the large answer. */
export function describe({ text, digits, is_number: isNumber, problem, caption }, texts) {
  if (caption) return { verdict: "blank", caption };
  if (problem) return { verdict: "blank", caption: fill(texts.unreadable, { error: problem }) };
  if (!text) return { verdict: isNumber ? "number" : "blank", caption: texts.waiting };
  if (isNumber) {
    const words = digits.length === 1 ? texts.one_digit_read : texts.digits_read;
    return { verdict: "number", caption: fill(words, { count: digits.length }) };
  }
  const [{ verdict, probabilities }] = digits;
  if (verdict === "unsure") return { verdict, caption: doubt(probabilities, texts) };
  return { verdict, caption: fill(texts.sure, { percent: percent(Math.max(...probabilities)) }) };
}

/** What to say of a drawing that may not be a digit. */
function doubt(probabilities, texts) {
  const [first, second] = topDigits(probabilities, 2);
  const [share, nextShare] = [probabilities[first], probabilities[second]];
  if (share + nextShare < TWO_LEFT) return texts.not_a_digit;
  const words = nextShare < SECOND_CHOICE ? texts.not_sure : texts.not_sure_of_two;
  return fill(words, { first: withArticle(first), second: withArticle(second) });
}

/** The k most probable digits, highest first; of equals the smaller digit. */
export function topDigits(probabilities, k) {
  const digits = probabilities.map((_, digit) => digit);
  return digits.sort((one, other) => probabilities[other] - probabilities[one]).slice(0, k);
}

/** A share as a person reads it; a network is never wholly sure. */
export function percent(share) {
  const value = 100 * share;
  return value >= 99 ? `${Math.min(value, 99.9).toFixed(1)} %` : `${value.toFixed(0)} %`;
}

/** Ten rows, 0 to 9, that keep their place; the k most probable are marked. */
function showBars(element, { digits, is_number: isNumber }, k) {
  const probabilities = (isNumber ? null : digits[0]?.probabilities) ?? [];
  const top = new Set(topDigits(probabilities, k));
  element.querySelectorAll(".row").forEach((row, digit) => {
    const share = probabilities[digit] ?? 0;
    const text = probabilities.length ? percent(share) : "";
    row.classList.toggle("top", top.has(digit));
    row.classList.toggle("none", share < NOTHING);
    row.ariaValueNow = (100 * share).toFixed(1);
    row.ariaValueText = text;
    row.style.setProperty("--share", share.toFixed(4));
    write(row.querySelector(".text"), text);
  });
}

function makeTile(template, digit, character) {
  const tile = template.content.cloneNode(true);
  tile.querySelector("b").textContent = character;
  tile.querySelector("span").textContent = percent(Math.max(...digit.probabilities));
  paint(tile.querySelector("canvas"), digit);
  return tile;
}

/** A network input, ink white on black; black where there is none. */
function paint(canvas, digit) {
  const pixels = new ImageData(INPUT_SIZE, INPUT_SIZE);
  const input = digit ? atob(digit.input) : "";
  for (let i = 0; i < INPUT_SIZE ** 2; i++) {
    pixels.data.fill(input.charCodeAt(i) || 0, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const withArticle = (digit) => (digit === 8 ? `an ${digit}` : `a ${digit}`);

/** Words with {names} in them, with the values in their places. */
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
