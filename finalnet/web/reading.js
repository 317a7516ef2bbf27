// What was read last, a drawing, a number or a picture: every part of the page shows that, or nothing.
//
// What was read belongs to a pad; a part of the page is for the pad that is nearest to its element.
//
// A reading is {text, digits, unread}, as recognizer/answer.js says, with
//   is_number  whether its digits stand side by side as those of a number
//   finished   false while the pen is down
//   source     "picture" for what was not drawn
//   problem    why it cannot be read
//   offer      the number that a drawing may be
//   state      of the network's training that read it; null for the network as it is
//   tile       which digit of a number was chosen

import { lifeOf } from "./lifetime.js";

const readings = new WeakMap(); // by pad: {drawn, revision, pictured}

/** The pad that an element is for: its own, or the nearest one on the page; null before it is there. */
export function padOf(element) {
  for (let place = element; place; place = place.parentElement) {
    const pad = place.matches(".paper") ? place : place.querySelector(".paper");
    if (pad) return pad;
  }
  return null;
}

const read = (pad) => readings.get(pad) ?? { drawn: null, pictured: null };

/** What was read last for an element's pad, or null. */
export function latest(element) {
  const { drawn, pictured } = read(padOf(element));
  return pictured ?? drawn;
}

/**
 * Tell what was read on a pad, and of which revision of its drawing; an empty one leaves a picture its
 * answer.
 */
export function tellDrawing(pad, reading, revision) {
  const { drawn, pictured, ...before } = read(pad);
  // The same ink comes once more when the pen is lifted, or something was learned.
  const isSame = revision === before.revision && drawn?.digits.length === reading.digits.length;
  if (isSame) reading.tile = drawn.tile;
  const isRead = reading.digits.length || reading.problem;
  tell(pad, { drawn: reading, revision, pictured: isRead ? null : pictured });
}

/** Tell what was read in a picture; null: the drawing has its answer back. */
export function tellPicture(element, reading) {
  const pad = padOf(element);
  if (pad && read(pad).pictured !== reading) tell(pad, { ...read(pad), pictured: reading });
}

/** Choose a digit of a number, by its place, or null. */
export function chooseTile(element, tile) {
  const pad = padOf(element);
  if (latest(pad)) latest(pad).tile = tile;
  tell(pad, read(pad));
}

function tell(pad, now) {
  readings.set(pad, now);
  // Not through Gradio, which hands on copies and takes longer than all else in a frame.
  pad.dispatchEvent(new CustomEvent("reading", { detail: now.pictured ?? now.drawn, bubbles: true }));
}

/** Have the latest reading shown, or null, for as long as the element is on the page. */
export function follow(element, show) {
  const onReading = ({ target, detail }) => target === padOf(element) && show(detail);
  document.addEventListener("reading", onReading, { signal: lifeOf(element) });
  show(latest(element));
}

/** The digit whose bars and inside are shown: the only one, or the chosen one of a number. */
export function shownDigit(reading) {
  return reading?.digits[reading.is_number ? (reading.tile ?? -1) : 0];
}
