// The last reading of a drawing, a number or a picture. Every part of the page shows it, or nothing.
//
// Readings belong to a pad. A part of the page shows those of the pad nearest to its element.
//
// A reading is {text, digits, unread}, as in recognizer/answer.js, and
//   is_number  whether it was read as a number, not as a single digit
//   finished   false while the pen is down
//   source     "picture" if it was not drawn
//   problem    why it cannot be read
//   offer      the number that a drawing may be, if it is not one digit
//   state      of the training that read it; null for the current network
//   tile       index of the chosen digit of a number

import { lifeOf } from "./lifetime.js";

const readings = new WeakMap(); // pad -> {drawn, revision, pictured}

/** The pad of an element: its own or the nearest one on the page; null before a pad is mounted. */
export function padOf(element) {
  for (let place = element; place; place = place.parentElement) {
    const pad = place.matches(".paper") ? place : place.querySelector(".paper");
    if (pad) return pad;
  }
  return null;
}

const read = (pad) => readings.get(pad) ?? { drawn: null, pictured: null };

/** The last reading of an element's pad, or null. */
export function latest(element) {
  const { drawn, pictured } = read(padOf(element));
  return pictured ?? drawn;
}

/**
 * Publish the reading of a pad's drawing; an empty drawing does not replace the answer to a picture.
 *
 * revision: of the drawing.
 */
export function tellDrawing(pad, reading, revision) {
  const { drawn, pictured, ...before } = read(pad);
  // The same ink is read again after pen-up, and after a lesson.
  const isSame = revision === before.revision && drawn?.digits.length === reading.digits.length;
  if (isSame) reading.tile = drawn.tile;
  const isRead = reading.digits.length || reading.problem;
  tell(pad, { drawn: reading, revision, pictured: isRead ? null : pictured });
}

/** Publish the reading of a picture; null restores the answer to the drawing. */
export function tellPicture(element, reading) {
  const pad = padOf(element);
  if (pad && read(pad).pictured !== reading) tell(pad, { ...read(pad), pictured: reading });
}

/** Choose a digit of a number by its index; null chooses none. */
export function chooseTile(element, tile) {
  const pad = padOf(element);
  if (latest(pad)) latest(pad).tile = tile;
  tell(pad, read(pad));
}

function tell(pad, now) {
  readings.set(pad, now);
  // Not through Gradio, which copies values and takes longer than everything else in a frame.
  pad.dispatchEvent(new CustomEvent("reading", { detail: now.pictured ?? now.drawn, bubbles: true }));
}

/** Call `show` with the latest reading, or null, now and on every change while the element exists. */
export function follow(element, show) {
  const onReading = ({ target, detail }) => target === padOf(element) && show(detail);
  document.addEventListener("reading", onReading, { signal: lifeOf(element) });
  show(latest(element));
}

/** The digit whose bars and layers are shown: the only one, or the chosen one of a number. */
export function shownDigit(reading) {
  return reading?.digits[reading.is_number ? (reading.tile ?? -1) : 0];
}
