// The checkpoint that train.py wrote: the weights and the configuration. Twin of checkpoint.py.

/**
 * Fetch a checkpoint folder.
 *
 * Returns {config, tensors}; a tensor is {shape, values}, values a Float32Array.
 */
export async function loadCheckpoint(folder) {
  const [config, weights] = await Promise.all([
    fetchFile(`${folder}/config.json`).then((response) => response.json()),
    fetchFile(`${folder}/model.safetensors`).then((response) => response.arrayBuffer()),
  ]);
  return { config, tensors: readSafetensors(weights) };
}

async function fetchFile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response;
}

/** The tensors of a safetensors file: the header's length, a JSON header, raw numbers. */
export function readSafetensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (dtype !== "F32") continue; // counters and the file's metadata
    const [start, end] = offsets.map((offset) => 8 + length + offset);
    if (end > buffer.byteLength) throw new Error("the weights are cut short");
    // A copy, because the numbers need not lie at a multiple of four bytes.
    tensors[name] = { shape, values: new Float32Array(buffer.slice(start, end)) };
  }
  return tensors;
}
