// A drawing in, a prediction out. Twin of recognizer.py.
//
// A prediction is {verdict, digit, probabilities, input}. verdict: "digit"; "unsure" if it may not be
// a digit; "blank" if there is no ink. digit: 0 to 9; null unless the verdict is "digit".
// probabilities: ten; all zero when blank. input: Uint8Array of 28x28, paper 0, ink 255.

import { loadCheckpoint } from "./checkpoint.js";
import { findTraits, Hand } from "./hand.js";
import { Network } from "./network.js";
import { normalize, preprocess } from "./preprocessing.js";
import { chooseSpans, findWords, splitStrokes, write } from "./splitting.js";
import { checkStrokes, drawStrokes, fitPen, renderStrokes } from "./strokes.js";
import { makeViews } from "./views.js";

export class Recognizer {
  constructor({ config, tensors }, constants) {
    const { temperature, rejection_threshold: threshold, pens = constants.views.UNRECORDED_PENS } = config;
    if (!(temperature > 0) || threshold === undefined || !pens.length) {
      throw new Error("config.json needs a temperature above 0, a rejection_threshold and pens");
    }
    [this.temperature, this.threshold, this.pens] = [temperature, threshold, pens];
    this.constants = constants;
    this.network = new Network(tensors, constants);
    this.hand = new Hand([], constants);
  }

  static async load(folder, constants) {
    return new Recognizer(await loadCheckpoint(folder, constants), constants);
  }

  /**
   * Return a new recogniser that also knows one person's drawings, see hand.js.
   *
   * memories: from `remember`, newest last.
   */
  taught(memories) {
    const hand = new Hand(memories, this.constants);
    return Object.assign(Object.create(Recognizer.prototype), this, { hand });
  }

  /** Return a new recogniser with other weights, a state of the training, and without memories. */
  withWeights(tensors) {
    const { constants } = this;
    const own = { network: new Network(tensors, constants), hand: new Hand([], constants) };
    return Object.assign(Object.create(Recognizer.prototype), this, own);
  }

  /**
   * Turn a drawing and its label into a memory.
   *
   * penWidth: px, for a drawing on the square pad; undefined for a digit of a number.
   */
  remember({ strokes, penWidth, label }) {
    checkStrokes(strokes, this.constants);
    const image = penWidth ? this.drawPad(strokes, penWidth) : drawStrokes(strokes, this.constants);
    return { ...this.look(preprocess(image, this.constants)), label };
  }

  /** Recognise one digit drawn on the square pad. */
  recognize(strokes, penWidth) {
    checkStrokes(strokes, this.constants);
    return this.recognizeInput(preprocess(this.drawPad(strokes, penWidth), this.constants));
  }

  drawPad(strokes, penWidth) {
    const { PAD_SIZE } = this.constants.strokes;
    const pen = fitPen(strokes, penWidth, this.constants);
    return renderStrokes(strokes, pen, PAD_SIZE, PAD_SIZE, this.constants);
  }

  /**
   * Read a number: digits and separators, in one or more lines.
   *
   * Returns {text, characters, digits, boxes, strokes, unread}, as `Number` in recognizer.py; strokes
   * are the indices of each digit's strokes.
   */
  readNumber(strokes) {
    checkStrokes(strokes, this.constants);
    const { spans: all, inputs, breaks, unread } = splitStrokes(strokes, this.constants);
    const predictions = inputs.map((input) => this.recognizeInput(input));
    const sureness = predictions.map(({ probabilities }) => Math.max(...probabilities));
    const row = chooseSpans(all, sureness, this.constants);
    const spans = row.map((index) => all[index]);
    const digits = findWords(spans, breaks).flatMap((word) =>
      judgeRow(word.map((place) => predictions[row[place]]), this.constants),
    );
    const characters = digits.map(({ digit }) => String(digit ?? "?"));
    const text = write(characters, spans, breaks);
    const [boxes, parts] = [spans.map(({ box }) => box), spans.map((span) => span.strokes)];
    return { text, characters, digits, boxes, strokes: parts, unread };
  }

  recognizeInput(input) {
    if (input.every((pixel) => pixel === 0)) {
      const probabilities = new Array(this.constants.network.NUM_CLASSES).fill(0);
      return { verdict: "blank", digit: null, probabilities, input };
    }
    return { ...this.judge(this.look(input)), input };
  }

  /** {verdict, digit, probabilities} of what `look` returned, adapted to the hand. */
  judge(seen) {
    const logits = this.hand.sway(seen.traits, seen.logits);
    const probabilities = softmax(logits.map((logit) => logit / this.temperature));
    const confidence = Math.max(...softmax(logits));
    if (this.threshold !== null && confidence < this.threshold) {
      return { verdict: "unsure", digit: null, probabilities };
    }
    return { verdict: "digit", digit: likeliest(probabilities), probabilities };
  }

  /** {traits, logits} of a network input, averaged over its views, without the hand. */
  look(input) {
    const views = makeViews(input, this.pens, this.constants);
    const features = this.network.meanFeatures(normalize(views, this.constants));
    const logits = Array.from(this.network.classify(features));
    return { traits: findTraits(features, input, this.constants), logits };
  }
}

/**
 * Reconsider the unsure digits of one word.
 *
 * If one digit of a word is certain, neighbours above 50 % are accepted.
 */
function judgeRow(row, { recognizer: { LIKELY } }) {
  if (row.every(({ verdict }) => verdict !== "digit")) return row;
  return row.map((prediction) =>
    prediction.verdict === "unsure" && Math.max(...prediction.probabilities) > LIKELY
      ? { ...prediction, verdict: "digit", digit: likeliest(prediction.probabilities) }
      : prediction,
  );
}

function likeliest(probabilities) {
  return probabilities.indexOf(Math.max(...probabilities));
}

function softmax(logits) {
  const highest = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - highest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}
