// Loads a checkpoint folder and validates it. Twin of checkpoint.py, which names the same faults.

import { weightShapes } from "./network.js";

// Bytes per number of each type, and how to convert a buffer of them.
const TYPES = {
  F16: { bytes: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), decodeHalf) },
  F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  F64: { bytes: 8, read: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  I64: { bytes: 8, read: (buffer) => Float32Array.from(new BigInt64Array(buffer), Number) },
};
const COUNTER = /num_batches_tracked$/; // a tensor of batch norm that files of states leave out

/**
 * Fetch a checkpoint folder: {config, tensors}.
 *
 * tensors: name -> {shape, values}, values a Float32Array. Throws an Error if a file is missing or
 * invalid; the message says which and why.
 */
export async function loadCheckpoint(folder, constants) {
  const [config, weights] = await Promise.all([
    fetchFile(`${folder}/config.json`).then((response) => response.json()),
    fetchFile(`${folder}/model.safetensors`).then((response) => response.arrayBuffer()),
  ]);
  const { tensors } = readSafetensors(weights);
  checkWeights(tensors, weightShapes(constants));
  return { config, tensors };
}

async function fetchFile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response;
}

/**
 * Read the states of a training, which training/states.py wrote: [{name, accuracy, tensors}].
 *
 * accuracy: on the validation set, in [0, 1].
 */
export function readStates(buffer, constants) {
  const { tensors, metadata } = readSafetensors(buffer);
  const listed = JSON.parse(metadata.states ?? "[]");
  if (!listed.length) throw new Error("the file of states lists none");
  const shapes = Object.entries(weightShapes(constants)).filter(([name]) => !COUNTER.test(name));
  const stacked = shapes.map(([name, shape]) => [name, [listed.length, ...shape]]);
  checkWeights(tensors, Object.fromEntries(stacked));
  return listed.map(({ name, validation_accuracy: accuracy }, i) => {
    const own = shapes.map(([each, shape]) => {
      const { values } = tensors[each];
      const count = values.length / listed.length;
      return [each, { shape, values: values.subarray(i * count, (i + 1) * count) }];
    });
    return { name, accuracy, tensors: Object.fromEntries(own) };
  });
}

/** Read a safetensors file (length of the header, JSON header, raw numbers): {tensors, metadata}. */
export function readSafetensors(buffer) {
  if (buffer.byteLength < 8) throw new Error("the file of weights is incomplete");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (8 + length > buffer.byteLength) throw new Error("the file of weights is incomplete");
  const text = new TextDecoder().decode(new Uint8Array(buffer, 8, length));
  const { __metadata__: metadata = {}, ...header } = JSON.parse(text);
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    const type = TYPES[dtype];
    if (!type) throw new Error(`${name} must be ${Object.keys(TYPES).join(", ")}, got ${dtype}`);
    const [start, end] = offsets.map((offset) => 8 + length + offset);
    const bytes = shape.reduce((product, side) => product * side, type.bytes);
    if (end > buffer.byteLength || end - start !== bytes) {
      throw new Error("the file of weights is incomplete");
    }
    // Copied, because a typed array must start at a multiple of its item size.
    tensors[name] = { shape, values: type.read(buffer.slice(start, end)) };
  }
  return { tensors, metadata };
}

/** Decode a float16: 1 bit sign, 5 bits exponent, 10 bits fraction. */
function decodeHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function checkWeights(tensors, wanted) {
  const [names, there] = [Object.keys(wanted), Object.keys(tensors)];
  const common = names.filter((name) => name in tensors);
  const faults = {
    lacks: names.filter((name) => !(name in tensors)),
    "has unknown tensors:": there.filter((name) => !(name in wanted)),
    "has the wrong shape for": common.filter(
      (name) => String(tensors[name].shape) !== String(wanted[name]),
    ),
    "has NaN or infinity in": common.filter(
      (name) => !tensors[name].values.every(Number.isFinite),
    ),
  };
  const found = Object.entries(faults)
    .filter(([, wrong]) => wrong.length)
    .map(([fault, wrong]) => `${fault} ${wrong.sort().slice(0, 3).join(", ")}`);
  if (found.length) throw new Error(`the file of weights ${found.join("; it ")}`);
}
