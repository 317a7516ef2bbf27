// What was read last, a drawing, a number or a picture: every part of the page shows that, or nothing.
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

let drawn = null; // what was read on the pad
let pictured = null; // what was read in a picture, unless something was drawn since

export const latest = () => pictured ?? drawn;

/** Tell what was read on the pad; an empty one leaves a picture its answer. */
export function tellDrawing(reading) {
  // The same digits come once more when the pen is lifted.
  if (drawn && drawn.digits === reading.digits) reading.tile = drawn.tile;
  drawn = reading;
  if (reading.digits.length || reading.problem) pictured = null;
  tell();
}

/** Tell what was read in a picture; null: it has no answer, and the drawing has its own back. */
export function tellPicture(reading) {
  if (pictured === reading) return;
  pictured = reading;
  tell();
}

/** Choose a digit of a number, by its place, or null. */
export function chooseTile(tile) {
  if (latest()) latest().tile = tile;
  tell();
}

function tell() {
  // Not through Gradio, which hands on copies and takes longer than all else in a frame.
  document.dispatchEvent(new CustomEvent("reading", { detail: latest() }));
}

/** Have the latest reading shown, or null, for as long as the element is on the page. */
export function follow(element, show) {
  const signal = lifeOf(element);
  document.addEventListener("reading", ({ detail }) => show(detail), { signal });
  show(latest());
}

/** The digit whose bars and inside are shown: the only one, or the chosen one of a number. */
export function shownDigit(reading) {
  return reading?.digits[reading.is_number ? (reading.tile ?? -1) : 0];
}
