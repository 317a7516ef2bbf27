// Adapts the answers to one person's handwriting by remembering labelled drawings. Twin of hand.py.
//
// A memory is {traits, logits, label}: traits from `findTraits`; logits of the network alone; label 0
// to 9, or null for "no digit".

/** The remembered drawings of one person; memories: newest last. */
export class Hand {
  constructor(memories, constants) {
    this.constants = constants;
    this.known = []; // {traits, gain, label}
    for (const memory of memories) this.remember(memory);
  }

  /** Add a drawing with a gain large enough for the network to read it as its label. */
  remember(memory) {
    const { traits, label } = memory;
    this.known = this.known.filter((known) => dot(known.traits, traits) < this.constants.hand.SAME);
    this.known.push({ traits, gain: this.findGain(memory), label });
  }

  findGain({ traits, logits, label }) {
    const { GAIN, GAIN_IF_RIGHT, LEAD } = this.constants.hand;
    if (label === null) return 0;
    const swayed = this.sway(traits, logits);
    const isRight = swayed.indexOf(Math.max(...swayed)) === label;
    const rivals = this.raise(this.likeness(traits), logits).filter((_, digit) => digit !== label);
    return Math.max(isRight ? GAIN_IF_RIGHT : GAIN, logSumExp(rivals) - logits[label] + LEAD);
  }

  /** Adapt the logits of a drawing to the remembered ones. */
  sway(traits, logits) {
    if (!this.known.length) return logits;
    const likeness = this.likeness(traits);
    const share = Math.max(...likeness);
    if (this.known[likeness.indexOf(share)].label !== null) return this.raise(likeness, logits);
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
    return logits.map((logit) => logit + share * (mean - logit));
  }

  /** Resemblance of a drawing to each remembered one, in (0, 1], 1 if equal. */
  likeness(traits) {
    return this.known.map((known) =>
      Math.exp((dot(known.traits, traits) - 1) / this.constants.hand.FALLOFF),
    );
  }

  /** Raise each digit by the strongest of its remembered drawings, not by their sum. */
  raise(likeness, logits) {
    const gains = new Array(logits.length).fill(0);
    this.known.forEach(({ label, gain }, i) => {
      if (label !== null) gains[label] = Math.max(gains[label], likeness[i] * gain);
    });
    return Array.from(logits, (logit, digit) => logit + gains[digit]);
  }
}

/** Unit vector by which drawings are compared: their dot product is the cosine similarity. */
export function findTraits(features, input, { preprocessing: { INPUT_SIZE }, hand: { THUMBNAIL, PICTURE } }) {
  const step = INPUT_SIZE / THUMBNAIL;
  const thumbnail = new Float64Array(THUMBNAIL ** 2);
  input.forEach((pixel, i) => {
    const [y, x] = [Math.floor(i / INPUT_SIZE / step), Math.floor((i % INPUT_SIZE) / step)];
    thumbnail[y * THUMBNAIL + x] += pixel / step ** 2;
  });
  return toLength1([...features, ...toLength1(thumbnail).map((pixel) => PICTURE * pixel)]);
}

function toLength1(row) {
  const length = Math.max(Math.sqrt(dot(row, row)), 1e-6);
  return row.map((value) => value / length);
}

function logSumExp(values) {
  const highest = Math.max(...values);
  return highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}

function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}
