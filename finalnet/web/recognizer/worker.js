// The recogniser in a thread of its own, so that the pen never waits; in the page's where it may
// have no other.
//
// In comes {checkpoint, constants} once, which is answered with {isReady} or {failure}; then {hand},
// all drawings {label, strokes, pen_width} to be known, which is answered with {reads}, what each is
// read as then, 0 to 9 or null; drawings {drawing, penWidth, isNumber}, packed, each of which is
// answered with {reading}; network inputs {look, isThorough}, which are answered with {inside}, twice
// if it is to be thorough; and {explain, spot}, a network input and a pixel of a map, which is answered
// with {explanation}.
//
// {states, tutorial}, the files of a training, is answered with {learned}: what the states are called,
// or why they cannot be read. All that comes after may then name a `state`: its number, "tutorial", or
// null for the network as it is.

import { decode, describeDigit, describeNumber, encode } from "./answer.js";
import { explainPixel, findEvidence, lookInside } from "./inside.js";
import { unpack } from "./packing.js";
import { Recognizer } from "./recognizer.js";
import { recognizersOf, tutorialOf } from "./states.js";

const WARM_UP = 30; // readings after which the browser has compiled all of it
const SAMPLE = [[[90, 60], [180, 60], [120, 220]]];

const NOTHING = { text: "", digits: [], unread: 0 };

/** A function that takes what comes in; `answer` is called with each answer. */
export function startReading(answer) {
  let recognizer = null;
  let known = new Map(); // what is remembered of each drawing of the hand
  let lessons = 0; // the latest is the one that is wanted
  const states = new Map(); // recognisers, by what a state is named
  let looks = 0; // asked for; the latest is the one that is wanted

  async function load({ checkpoint, constants }) {
    try {
      recognizer = await Recognizer.load(checkpoint, constants);
    } catch (error) {
      return answer({ failure: error.message });
    }
    answer({ isReady: true });
    for (let i = 0; i < WARM_UP; i++) {
      recognizer.recognize(SAMPLE, 18);
      // A drawing that has come meanwhile goes first.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async function teach({ hand }) {
    const [lesson, memories] = [++lessons, new Map()];
    for (const { label, strokes, pen_width: penWidth } of hand) {
      const name = JSON.stringify([label, strokes, penWidth]);
      if (!known.has(name)) {
        known.set(name, recognizer.remember({ label, strokes, penWidth }));
        await new Promise((resolve) => setTimeout(resolve)); // what is drawn meanwhile goes first
        if (lesson !== lessons) return;
      }
      memories.set(name, known.get(name));
    }
    known = memories;
    recognizer = recognizer.taught([...memories.values()]);
    answer({ reads: [...memories.values()].map((memory) => recognizer.judge(memory).digit) });
  }

  /** The one that a state names; the latest one of all where it names none. */
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
    // Piece by piece, so that a drawing that comes meanwhile goes first.
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

/** What is drawn, as `answer.js` says, with {is_number, offer, problem}; `reading.js` says what. */
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

/** The number that a drawing may be that is no digit; null if there are not several in it. */
function readOffer(recognizer, strokes) {
  try {
    const { text, digits } = recognizer.readNumber(strokes);
    return digits.length > 1 && !text.includes("?") ? text : null;
  } catch {
    return null; // more lines or pieces than a number has
  }
}
