// Runs the recogniser in a worker, so that the pen never waits; without workers, in the page's thread.
//
// Messages to the worker, and its answers:
//
//   {checkpoint, constants}         first, once      {isReady} or {failure}
//   {hand}                          all drawings {label, strokes, pen_width} to remember
//                                                    {reads}: what each is then read as, 0 to 9 or null
//   {drawing, penWidth, isNumber}   packed strokes   {reading}
//   {look, isThorough}              network input    {inside}; if thorough, again with the evidence
//   {explain, spot}                 network input, pixel of a map
//                                                    {explanation}
//   {states, tutorial}              files of a training
//                                                    {learned}: {states}, or {problem} if invalid
//
// After {states, tutorial}, messages may name a `state` of the network: its number, "tutorial", or
// null for the current network.

import { decode, describeDigit, describeNumber, encode } from "./answer.js";
import { explainPixel, findEvidence, lookInside } from "./explaining.js";
import { unpack } from "./packing.js";
import { Recognizer } from "./recognizer.js";
import { recognizersOf, tutorialOf } from "./states.js";

const WARM_UP = 30; // readings until the browser has compiled all code
const SAMPLE = [[[90, 60], [180, 60], [120, 220]]];

const NOTHING = { text: "", digits: [], unread: 0 };

/** Return a function that takes messages; calls `answer` with each answer. */
export function startReading(answer) {
  let recognizer = null;
  let known = new Map(); // memories of the hand's drawings
  let lessons = 0; // count of {hand}; a newer one cancels those before
  const states = new Map(); // state -> recogniser
  let looks = 0; // count of {look}; a newer one cancels those before

  async function load({ checkpoint, constants }) {
    try {
      recognizer = await Recognizer.load(checkpoint, constants);
    } catch (error) {
      return answer({ failure: error.message });
    }
    answer({ isReady: true });
    for (let i = 0; i < WARM_UP; i++) {
      recognizer.recognize(SAMPLE, 18);
      // Drawings that arrived meanwhile go first.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async function teach({ hand }) {
    const [lesson, memories] = [++lessons, new Map()];
    for (const { label, strokes, pen_width: penWidth } of hand) {
      const name = JSON.stringify([label, strokes, penWidth]);
      if (!known.has(name)) {
        known.set(name, recognizer.remember({ label, strokes, penWidth }));
        await new Promise((resolve) => setTimeout(resolve)); // drawings that arrived meanwhile go first
        if (lesson !== lessons) return;
      }
      memories.set(name, known.get(name));
    }
    known = memories;
    recognizer = recognizer.taught([...memories.values()]);
    answer({ reads: [...memories.values()].map((memory) => recognizer.judge(memory).digit) });
  }

  /** The recogniser of a state; the current one for null and unknown states. */
  const recognizerAt = (state) => states.get(state) ?? recognizer;

  function learn({ states: file, tutorial }) {
    try {
      const read = recognizersOf(file, recognizer);
      read.slice(0, -1).forEach((each, i) => states.set(i, each.recognizer));
      if (tutorial) states.set("tutorial", tutorialOf(tutorial, recognizer.constants));
      answer({ learned: { states: read.map(({ name, accuracy }) => ({ name, accuracy })) } });
    } catch (error) {
      answer({ learned: { problem: error.message } });
    }
  }

  async function look({ look: encoded, isThorough, state }) {
    const [number, input] = [++looks, decode(encoded)];
    const { network, constants } = recognizerAt(state);
    const inside = { ...lookInside(network, input, constants), input: encoded, state };
    answer({ inside });
    if (!isThorough) return;
    // Computed in parts, so that drawings that arrive meanwhile go first.
    const isWanted = async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return number === looks;
    };
    const evidence = await findEvidence(network, input, constants, isWanted);
    if (evidence) answer({ inside: { ...inside, evidence } });
  }

  function explain({ explain: encoded, spot, state }) {
    const { network, constants } = recognizerAt(state);
    const explanation = explainPixel(network, decode(encoded), spot, constants);
    answer({ explanation: { ...explanation, input: encoded, spot, state } });
  }

  return (data) => {
    if (data.checkpoint) load(data);
    else if (data.hand) teach(data);
    else if (data.look) look(data);
    else if (data.explain) explain(data);
    else if (data.states) learn(data);
    else answer({ reading: read(recognizerAt(data.state), data) });
  };
}

if (typeof document === "undefined") {
  const take = startReading((message) => postMessage(message));
  onmessage = ({ data }) => take(data);
}

/** Read a drawing: a reading as in ../reading.js. */
function read(recognizer, { drawing, penWidth, isNumber, state }) {
  const strokes = unpack(drawing);
  try {
    if (isNumber) {
      const number = recognizer.readNumber(strokes);
      const reading = { ...describeNumber(number, recognizer.constants), is_number: true };
      reading.digits.forEach((digit, i) => (digit.strokes = number.strokes[i]));
      return reading;
    }
    const prediction = recognizer.recognize(strokes, penWidth);
    if (prediction.verdict === "blank") return { ...NOTHING, is_number: false };
    const text = String(prediction.digit ?? "?");
    const input = encode(prediction.input);
    const digit = { ...describeDigit(prediction, recognizer.constants), character: text, input };
    const reading = { ...NOTHING, text, digits: [digit], is_number: false };
    return prediction.verdict === "unsure" && state === null
      ? { ...reading, offer: readOffer(recognizer, strokes) }
      : reading;
  } catch (error) {
    return { ...NOTHING, is_number: isNumber, problem: error.message };
  }
}

/** The number to offer if a drawing is not one digit; null unless it has several, all certain. */
function readOffer(recognizer, strokes) {
  try {
    const { text, digits } = recognizer.readNumber(strokes);
    return digits.length > 1 && !text.includes("?") ? text : null;
  } catch {
    return null; // too many lines or pieces for a number
  }
}
