// The latest reading of a drawing, number or picture: each part of the page shows it, or nothing.
//
// A reading belongs to a pad. A part of the page belongs to the pad nearest to its element.
//
// A reading is {text, digits, unread}, as recognizer/answer.js says, with
//   is_number  whether its digits form a number
//   finished   false while the pen is down
//   source     "picture" for a picture; absent for a drawing
//   problem    why it could not be read
//   offer      the number that the drawing may be instead
//   state      the training state that read it; null for the trained network
//   tile       index of the chosen digit of a number

import { lifeOf } from "./lifetime.js";

const readings = new WeakMap(); // by pad: {drawn, revision, pictured}

/** The pad of an element: inside it, or else the nearest on the page; null if there is none yet. */
export function padOf(element) {
  for (let place = element; place; place = place.parentElement) {
    const pad = place.matches(".paper") ? place : place.querySelector(".paper");
    if (pad) return pad;
  }
  return null;
}

const read = (pad) => readings.get(pad) ?? { drawn: null, pictured: null };

/** The latest reading of an element's pad, or null. */
export function latest(element) {
  const { drawn, pictured } = read(padOf(element));
  return pictured ?? drawn;
}

/**
 * Publish the reading of a pad's drawing, and which revision it is of. The reading of an empty pad
 * does not replace that of a picture.
 */
export function tellDrawing(pad, reading, revision) {
  const { drawn, pictured, ...before } = read(pad);
  // The same ink is read again when the pen is lifted or something was learned.
  const isSame = revision === before.revision && drawn?.digits.length === reading.digits.length;
  if (isSame) reading.tile = drawn.tile;
  const isRead = reading.digits.length || reading.problem;
  tell(pad, { drawn: reading, revision, pictured: isRead ? null : pictured });
}

/** Publish the reading of a picture; null goes back to the drawing's. */
export function tellPicture(element, reading) {
  const pad = padOf(element);
  if (pad && read(pad).pictured !== reading) tell(pad, { ...read(pad), pictured: reading });
}

/** Choose a digit of a number by its index, or none with null. */
export function chooseTile(element, tile) {
  const pad = padOf(element);
  if (latest(pad)) latest(pad).tile = tile;
  tell(pad, read(pad));
}

function tell(pad, now) {
  readings.set(pad, now);
  // Not through Gradio, which copies values and takes longer than the rest of a frame.
  pad.dispatchEvent(new CustomEvent("reading", { detail: now.pictured ?? now.drawn, bubbles: true }));
}

/** Call `show` with each new reading, or null, for as long as the element is on the page. */
export function follow(element, show) {
  const onReading = ({ target, detail }) => target === padOf(element) && show(detail);
  document.addEventListener("reading", onReading, { signal: lifeOf(element) });
  show(latest(element));
}

/** The digit whose bars and layers are shown: the only digit, or the chosen one of a number. */
export function shownDigit(reading) {
  return reading?.digits[reading.is_number ? (reading.tile ?? -1) : 0];
}
