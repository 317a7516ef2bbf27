// The network while it learned, and as tutorials train it: recognisers of what each of them would say.

import { readStates } from "./checkpoint.js";
import { shrinkWhole } from "./preprocessing.js";
import { Recognizer } from "./recognizer.js";
import { checkStrokes } from "./strokes.js";

/** Recognisers of the states in a file: [{name, accuracy, recognizer}]. */
export function recognizersOf(buffer, recognizer) {
  return readStates(buffer, recognizer.constants).map(({ name, accuracy, tensors }) => {
    return { name, accuracy, recognizer: recognizer.withWeights(tensors) };
  });
}

/** The recogniser of a tutorial's file. */
export function tutorialOf(buffer, constants) {
  return new Tutorial(readStates(buffer, constants)[0], constants);
}

/** FinalNet as tutorials use it: the whole pad shrunk, one view, and some digit in any case. */
class Tutorial extends Recognizer {
  constructor({ tensors }, constants) {
    super({ config: { temperature: 1, rejection_threshold: null, pens: [0] }, tensors }, constants);
  }

  recognize(strokes, penWidth) {
    checkStrokes(strokes, this.constants);
    return this.recognizeInput(shrinkWhole(this.drawPad(strokes, penWidth), this.constants));
  }

  readNumber() {
    throw new Error("a tutorial's network reads one digit, on the square pad");
  }
}
