// The recogniser in a thread of its own, so that the pen never waits.
//
// In comes {checkpoint, constants} once, which is answered with {isReady} or {failure}; then
// drawings {strokes, penWidth, isNumber}, each of which is answered with {reading}; and network
// inputs {look, isThorough}, which are answered with {inside}, twice if it is to be thorough.

import { findEvidence, lookInside } from "./inside.js";
import { Recognizer } from "./recognizer.js";

const WARM_UP = 30; // readings after which the browser has compiled all of it
const SAMPLE = [[[90, 60], [180, 60], [120, 220]]];

const NOTHING = { text: "", characters: [], digits: [] };

let recognizer = null;
let looks = 0; // asked for; the latest is the one that is wanted

onmessage = async ({ data }) => {
  if (data.checkpoint) return load(data);
  if (data.look) return look(data);
  const reading = read(data);
  postMessage({ reading });
};

async function load({ checkpoint, constants }) {
  try {
    recognizer = await Recognizer.load(checkpoint, constants);
  } catch (error) {
    return postMessage({ failure: error.message });
  }
  postMessage({ isReady: true });
  for (let i = 0; i < WARM_UP; i++) {
    recognizer.recognize(SAMPLE, 18);
    // A drawing that has come meanwhile goes first.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function look({ look: encoded, isThorough }) {
  const [number, input] = [++looks, decode(encoded)];
  const inside = lookInside(recognizer.network, input, recognizer.constants);
  postMessage({ inside: { ...inside, input: encoded } });
  if (!isThorough) return;
  // Piece by piece, so that a drawing that comes meanwhile goes first.
  const isWanted = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    return number === looks;
  };
  const evidence = await findEvidence(recognizer.network, input, recognizer.constants, isWanted);
  if (evidence) postMessage({ inside: { ...inside, evidence, input: encoded } });
}

/** What is drawn: {text, characters, digits, is_number, unread, offer, problem}; `readout.js` says what. */
function read({ strokes, penWidth, isNumber }) {
  try {
    if (isNumber) {
      const { text, characters, digits, unread } = recognizer.readNumber(strokes);
      return { text, characters, digits: digits.map(encode), is_number: true, unread };
    }
    const prediction = recognizer.recognize(strokes, penWidth);
    if (prediction.verdict === "blank") return { ...NOTHING, is_number: false };
    const text = String(prediction.digit ?? "?");
    const reading = { text, characters: [text], digits: [encode(prediction)], is_number: false };
    return prediction.verdict === "unsure" ? { ...reading, offer: readOffer(strokes) } : reading;
  } catch (error) {
    return { ...NOTHING, is_number: isNumber, problem: error.message };
  }
}

/** The number that a drawing may be that is no digit; null if there are not several in it. */
function readOffer(strokes) {
  try {
    const { text, digits } = recognizer.readNumber(strokes);
    return digits.length > 1 && !text.includes("?") ? text : null;
  } catch {
    return null; // more lines or pieces than a number has
  }
}

const encode = ({ verdict, digit, probabilities, input }) => ({
  verdict,
  digit,
  probabilities,
  input: btoa(String.fromCharCode(...input)),
});

const decode = (input) => Uint8Array.from(atob(input), (character) => character.charCodeAt(0));
