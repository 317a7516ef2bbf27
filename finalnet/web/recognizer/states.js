// Recognisers for earlier states of the training, and for a network trained as tutorials do.

import { readStates } from "./checkpoint.js";
import { shrinkWhole } from "./preprocessing.js";
import { Recognizer } from "./recognizer.js";
import { checkStrokes } from "./strokes.js";

/** A recogniser for each state in a file: [{name, accuracy, recognizer}]. */
export function recognizersOf(buffer, recognizer) {
  return readStates(buffer, recognizer.constants).map(({ name, accuracy, tensors }) => {
    return { name, accuracy, recognizer: recognizer.withWeights(tensors) };
  });
}

/** The recogniser of a tutorial's network. */
export function tutorialOf(buffer, constants) {
  return new Tutorial(readStates(buffer, constants)[0], constants);
}

/** FinalNet as tutorials use it: shrinks the whole pad, uses one view and never rejects. */
class Tutorial extends Recognizer {
  constructor({ tensors }, constants) {
    super({ config: { temperature: 1, rejection_threshold: null, pens: [0] }, tensors }, constants);
  }

  recognize(strokes, penWidth) {
    checkStrokes(strokes, this.constants);
    return this.recognizeInput(shrinkWhole(this.drawPad(strokes, penWidth), this.constants));
  }

  readNumber() {
    throw new Error("a tutorial's network reads one digit on the square pad, not numbers");
  }
}
