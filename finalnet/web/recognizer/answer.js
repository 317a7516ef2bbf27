// Predictions and numbers as JSON. Twin of answer.py.

/** A prediction as JSON: {verdict, digit, top, probabilities}, as in answer.py. */
export function describeDigit({ verdict, digit, probabilities }, { answer: { TOP_K } }) {
  const isBlank = verdict === "blank";
  const top = isBlank
    ? []
    : topDigits(probabilities, TOP_K).map((each) => ({ digit: each, probability: probabilities[each] }));
  return { verdict, digit, top, probabilities };
}

/**
 * A number as JSON: {text, digits, unread}, as in answer.py. Each digit includes its network input,
 * 28x28 bytes in base64.
 */
export function describeNumber({ text, characters, digits, boxes, unread }, constants) {
  const round = (side) => Math.round(100 * side) / 100;
  return {
    text,
    digits: digits.map((digit, i) => ({
      ...describeDigit(digit, constants),
      character: characters[i],
      box: [boxes[i].left, boxes[i].top, boxes[i].width, boxes[i].height].map(round),
      input: encode(digit.input),
    })),
    unread,
  };
}

/** The k most probable digits, highest first; ties go to the smaller digit. */
export function topDigits(probabilities, k) {
  const digits = probabilities.map((_, digit) => digit);
  return digits.sort((one, other) => probabilities[other] - probabilities[one]).slice(0, k);
}

export const encode = (input) => btoa(String.fromCharCode(...input));

export const decode = (input) => Uint8Array.from(atob(input), (character) => character.charCodeAt(0));
