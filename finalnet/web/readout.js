// Shows the latest reading: answer, bars, network input and the digits of a number.

import { lifeOf } from "./lifetime.js";
import { chooseTile, follow, latest, padOf, shownDigit } from "./reading.js";
import { decode, topDigits } from "./recognizer/answer.js";
import { mountCorrection } from "./teaching.js";
import { fill, write } from "./words.js";

const SECOND_CHOICE = 0.15; // least probability of a second digit that the caption names
const TWO_LEFT = 0.6; // least probability of the best two together; below, it is no digit
const NOTHING = 0.005; // shares below this are shown as 0 %
const STAND_OUT = 3; // number of highlighted bars, until a key changes it
const LONG = 6; // numbers with more characters take the whole width
const REST = 600; // ms that the pen must rest before the page says that a drawing is no digit
const BLANK = { text: "", digits: [], is_number: false, finished: false };
const INPUT_SIZE = 28;

/** Make a mount function that calls `show` with every reading. */
const part = (show) => (element, component) => {
  const showReading = (reading) => show(element, reading ?? BLANK, component.props.texts);
  follow(element, showReading);
  return () => showReading(latest(element));
};

export const answer = (element, component) => {
  const { texts } = component.props;
  const find = (selector) => element.querySelector(selector);
  let timer = null;
  let shown = BLANK;
  part((_, reading) => {
    shown = reading;
    clearTimeout(timer);
    // The next stroke may make a digit of it.
    const isEarly = isDoubtful(reading) && reading.source !== "picture" && !isOfTraining(reading);
    showAnswer(element, reading, texts, isEarly);
    if (isEarly && reading.finished) {
      timer = setTimeout(() => showAnswer(element, reading, texts, false), REST);
    }
  })(element, component);
  find("#widen").addEventListener("click", () => padOf(element).parentElement.querySelector("#wide").click());
  find("#copy").addEventListener("click", async ({ currentTarget: button }) => {
    await copy(shown.text);
    button.textContent = texts.copied;
    setTimeout(() => (button.textContent = texts.copy), 2 * REST);
  });
  mountCorrection(find("#correction"), texts);
};

function showAnswer(element, reading, texts, isEarly) {
  const find = (selector) => element.querySelector(selector);
  const { verdict, caption } = isEarly
    ? { verdict: "early", caption: texts.not_finished }
    : describe(reading, texts);
  const isForeign = reading.source === "picture";
  // For a picture without digits, one question mark, not one per blot.
  const text = isEarly ? "…" : isForeign && isDoubtful(reading) ? "?" : reading.text;
  const lines = text.split("\n");
  const place = find(".answer");
  place.dataset.verdict = verdict;
  const length = Math.max(...lines.map((line) => line.length), 1);
  place.style.setProperty("--length", length);
  place.classList.toggle("long", length > LONG);
  place.style.setProperty("--lines", lines.length);
  write(find(".digit"), text);
  write(find(".caption"), caption);
  // Screen readers announce one answer per stroke, after pen-up.
  const spoken = caption === texts.waiting ? texts.empty : `${text} ${caption}`.trim();
  write(find("[role=status]"), reading.finished && !isEarly ? spoken : "");
  const isRead = Boolean(reading.finished && reading.text && !isEarly);
  const isOffered = isRead && verdict === "unsure" && Boolean(reading.offer);
  find("#widen").hidden = !isOffered;
  find("#copy").hidden = !isRead || isDoubtful(reading);
  find("#wrong").hidden = !isRead || !shownDigit(reading) || isForeign;
}

/** Copy a text to the clipboard. */
async function copy(text) {
  try {
    return await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard API needs https or localhost, and permission.
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true; // opens no on-screen keyboard
  field.style.position = "fixed"; // does not scroll the page
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus();
}

export const bars = (element, component) => {
  let count = STAND_OUT;
  const update = part((_, reading) => showBars(element, reading, count))(element, component);
  const onHighlight = ({ detail }) => {
    count = detail;
    update();
  };
  document.addEventListener("highlight", onHighlight, { signal: lifeOf(element) });
};

const networkInput = part((element, reading, texts) => {
  const canvas = element.querySelector("canvas");
  const digit = shownDigit(reading);
  canvas.ariaLabel = digit ? texts.drawing : texts.blank;
  element.querySelector(".seen").classList.toggle("blank", !digit);
  paint(canvas, digit);
});

export const digits = (element, component) => {
  const template = element.querySelector("template");
  const place = element.querySelector(".tiles");
  const tiles = place.children;
  part((_, { is_number: isNumber, digits, tile }) => {
    const count = isNumber ? digits.length : 0;
    // Reuse tiles, so that they keep the keyboard focus.
    while (tiles.length > count) place.lastElementChild.remove();
    while (tiles.length < count) place.append(template.content.cloneNode(true));
    [...tiles].forEach((each, i) => showTile(each, digits[i], i === tile));
    if (Number.isInteger(tile)) place.dataset.tile = tile;
    else delete place.dataset.tile;
  })(element, component);
  place.addEventListener("click", ({ target }) => {
    const index = [...tiles].indexOf(target.closest(".tile"));
    if (index >= 0) chooseTile(element, String(index) === place.dataset.tile ? null : index);
  });
};

export { networkInput as "network-input" };

/** The verdict and the caption of the large answer. */
export function describe(reading, texts) {
  const { text, digits, is_number: isNumber, problem } = reading;
  if (problem) return { verdict: "blank", caption: fill(texts.unreadable, { error: problem }) };
  if (isNumber) return { verdict: "number", caption: describeNumber(reading, texts) };
  if (!text) return { verdict: "blank", caption: texts.waiting };
  const [{ verdict, probabilities }] = digits;
  if (verdict === "unsure") {
    const isUntrained = isOfTraining(reading) && isNoDigit(probabilities);
    return { verdict, caption: isUntrained ? texts.no_idea : doubt(probabilities, texts) };
  }
  const share = percent(Math.max(...probabilities));
  const left = describeUnread(reading, texts);
  return { verdict, caption: [fill(texts.sure, { percent: share }), ...left].join(", ") };
}

/** The caption of a number: how many digits were read, and how many signs were not. */
function describeNumber(reading, texts) {
  const { text, digits, source } = reading;
  const count = digits.length;
  const left = describeUnread(reading, texts);
  if (source === "picture" && (!text || isDoubtful(reading))) return texts.none_in_picture;
  if (isDoubtful(reading)) return texts.not_digits;
  if (!count) return left[0] ?? texts.waiting;
  if (!left.length) return fill(count === 1 ? texts.one_digit_read : texts.digits_read, { count });
  return [fill(count === 1 ? texts.one_digit : texts.digits, { count }), ...left].join(", ");
}

/** A list with the caption for unread signs; empty while the pen is down, as one may be half drawn. */
function describeUnread({ unread, finished }, texts) {
  if (!unread || !finished) return [];
  return [fill(unread === 1 ? texts.one_unread : texts.unread, { count: unread })];
}

/** Whether there are digits and all of them are unsure. */
function isDoubtful({ digits }) {
  return digits.length > 0 && digits.every(({ verdict }) => verdict === "unsure");
}

/** Whether an earlier state of the network read it, which may not have learned anything yet. */
const isOfTraining = ({ state }) => (state ?? null) !== null;

/** The caption of a drawing that may not be a digit. */
function doubt(probabilities, texts) {
  if (isNoDigit(probabilities)) return texts.not_a_digit;
  const [first, second] = topDigits(probabilities, 2);
  const words = probabilities[second] < SECOND_CHOICE ? texts.not_sure : texts.not_sure_of_two;
  return fill(words, { first: texts.digit_names[first], second: texts.digit_names[second] });
}

function isNoDigit(probabilities) {
  const [first, second] = topDigits(probabilities, 2);
  return probabilities[first] + probabilities[second] < TWO_LEFT;
}

/** The digits whose bars are highlighted: the k most probable above 0 %; none if it is no digit. */
export function standOut({ verdict, probabilities }, k) {
  if (verdict === "unsure" && isNoDigit(probabilities)) return [];
  return topDigits(probabilities, k).filter((digit) => probabilities[digit] >= NOTHING);
}

/** Format a share; at most 99.9 %, because a network is never completely certain. */
export function percent(share) {
  const value = 100 * share;
  return value >= 99 ? `${Math.min(value, 99.9).toFixed(1)} %` : `${value.toFixed(0)} %`;
}

/** Update the ten bars, 0 to 9. */
function showBars(element, reading, k) {
  const shown = shownDigit(reading);
  const probabilities = shown?.probabilities ?? [];
  const top = new Set(shown ? standOut(shown, k) : []);
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

function showTile(tile, digit, isChosen) {
  write(tile.querySelector("b"), digit.character);
  write(tile.querySelector(".label span"), percent(Math.max(...digit.probabilities)));
  tile.ariaPressed = isChosen;
  paint(tile.querySelector("canvas"), digit);
}

/** Paint the network input of a digit, white on black; clear the canvas if there is no digit. */
function paint(canvas, digit) {
  const context = canvas.getContext("2d");
  if (!digit) return context.clearRect(0, 0, INPUT_SIZE, INPUT_SIZE);
  const pixels = new ImageData(INPUT_SIZE, INPUT_SIZE);
  decode(digit.input).forEach((ink, i) => pixels.data.set([ink, ink, ink, 255], 4 * i));
  context.putImageData(pixels, 0, 0);
}
