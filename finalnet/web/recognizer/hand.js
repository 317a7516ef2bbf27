// Somebody's hand: drawings with what they are, remembered beside the network. Twin of hand.py.
//
// A memory is {traits, logits, label}: what it is compared by; what the network alone makes of it; 0
// to 9, or null for "no digit".

/** What is known of somebody's hand; of memories, the latest last. */
export class Hand {
  constructor(memories, constants) {
    this.constants = constants;
    this.known = []; // {traits, gain, label}
    for (const memory of memories) this.remember(memory);
  }

  /** Add a drawing, with the gain by which it is read as its label, beside the others. */
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

  /** The logits of a drawing, as the remembered ones have them. */
  sway(traits, logits) {
    if (!this.known.length) return logits;
    const likeness = this.likeness(traits);
    const share = Math.max(...likeness);
    if (this.known[likeness.indexOf(share)].label !== null) return this.raise(likeness, logits);
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
    return logits.map((logit) => logit + share * (mean - logit));
  }

  /** How like each remembered drawing something is, 1 for the same. */
  likeness(traits) {
    return this.known.map((known) =>
      Math.exp((dot(known.traits, traits) - 1) / this.constants.hand.FALLOFF),
    );
  }

  /** Raise every digit by its drawing that counts most, not by each of many alike. */
  raise(likeness, logits) {
    const gains = new Array(logits.length).fill(0);
    this.known.forEach(({ label, gain }, i) => {
      if (label !== null) gains[label] = Math.max(gains[label], likeness[i] * gain);
    });
    return Array.from(logits, (logit, digit) => logit + gains[digit]);
  }
}

/** What a drawing is compared by, of its features and network input; of length 1. */
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
