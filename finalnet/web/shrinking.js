// Rotates, crops and shrinks pictures before upload, with the same pixels in every browser.

const PHOTOGRAPH = /^image\/(jpeg|avif|hei[cf])$/; // formats that have already lost detail
// JPEG quality. From 0.9 on Firefox keeps more colour detail than others; below, all browsers send the
// same pixels.
const QUALITY = 0.89;
const STRIP = 500_000; // pixels shrunk at a time; in between the page stays responsive

/**
 * Shrink a part of a bitmap to the pixels that the server uses, so that a photograph is a small request.
 *
 * crop: {left, top, width, height} in pixels of the bitmap, so that a part keeps its full sharpness.
 * quarters: clockwise quarter turns. longerSide: px, at most.
 * Returns {source, width, height}; source is a data URL.
 */
export async function shrink({ bitmap, type, quarters, crop }, longerSide) {
  const scale = Math.min(1, longerSide / Math.max(crop.width, crop.height));
  const width = Math.max(1, Math.round(crop.width * scale));
  const height = Math.max(1, Math.round(crop.height * scale));
  const pixels = rotatePixels(await averageAreas(bitmap, crop, width, height), quarters);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [pixels.width, pixels.height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  // JPEG artefacts around sharp edges would be taken for ink.
  const kind = PHOTOGRAPH.test(type) ? "image/jpeg" : "image/png";
  const source = canvas.toDataURL(kind, QUALITY);
  return { source, width: pixels.width, height: pixels.height };
}

/** Convert a data URL to a Blob. */
export function toFile(source) {
  const [head, content] = source.split(",");
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length, -";base64".length) });
}

/**
 * Shrink a part of a bitmap; each new pixel is the mean of the area that it covers.
 *
 * Canvases shrink differently in every browser: the same photograph was read in one and not in another.
 * Here weights and sums are whole numbers below 2^53, so the result is exact.
 */
async function averageAreas(bitmap, { left, top, width, height }, newWidth, newHeight) {
  const result = new ImageData(newWidth, newHeight);
  const strip = document.createElement("canvas");
  [strip.width, strip.height] = [width, Math.min(height, Math.ceil(STRIP / width))];
  const context = strip.getContext("2d", { willReadFrequently: true });
  const across = new Float64Array(4 * newWidth); // sums over a row: red, green, blue, alpha
  const sums = new Float64Array(4 * newWidth); // sums over the rows of one new row
  const area = width * height; // total weight of a new pixel
  let pixels;
  let row = 0;
  for (let y = 0; y < height; y++) {
    const place = y % strip.height;
    if (place === 0) {
      if (y) await new Promise((resolve) => setTimeout(resolve));
      context.clearRect(0, 0, strip.width, strip.height);
      context.drawImage(bitmap, -left, -top - y);
      pixels = context.getImageData(0, 0, strip.width, strip.height).data;
    }
    sumRow(pixels.subarray(4 * width * place), width, newWidth, across);
    // In units in which an old row is newHeight high, a new row is `height` high.
    const inside = Math.min((row + 1) * height - y * newHeight, newHeight);
    for (let i = 0; i < sums.length; i++) sums[i] += inside * across[i];
    if ((y + 1) * newHeight < (row + 1) * height) continue;
    writeRow(sums, area, result.data.subarray(4 * newWidth * row, 4 * newWidth * (row + 1)));
    row++;
    for (let i = 0; i < sums.length; i++) sums[i] = (newHeight - inside) * across[i];
  }
  return result;
}

/** Sum a row into new pixels; weighs colours by their opacity, as transparent pixels have none. */
function sumRow(pixels, width, newWidth, across) {
  across.fill(0);
  for (let x = 0, column = 0; x < width; x++) {
    const inside = Math.min((column + 1) * width - x * newWidth, newWidth);
    add(pixels, 4 * x, inside, across, 4 * column);
    if ((x + 1) * newWidth < (column + 1) * width) continue;
    column++;
    if (inside < newWidth) add(pixels, 4 * x, newWidth - inside, across, 4 * column);
  }
}

function add(pixels, from, weight, sums, to) {
  const opacity = weight * pixels[from + 3];
  sums[to] += opacity * pixels[from];
  sums[to + 1] += opacity * pixels[from + 1];
  sums[to + 2] += opacity * pixels[from + 2];
  sums[to + 3] += opacity;
}

function writeRow(sums, area, pixels) {
  for (let i = 0; i < sums.length; i += 4) {
    const opacity = sums[i + 3];
    for (let c = 0; c < 3; c++) pixels[i + c] = opacity && Math.round(sums[i + c] / opacity);
    pixels[i + 3] = Math.round(opacity / area);
  }
}

/** Rotate pixels by quarter turns, clockwise. */
function rotatePixels(pixels, quarters) {
  if (quarters === 0) return pixels;
  const { width, height } = pixels;
  const turned = new ImageData(height, width);
  const from = new Uint32Array(pixels.data.buffer);
  const to = new Uint32Array(turned.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) to[x * height + height - 1 - y] = from[y * width + x];
  }
  return rotatePixels(turned, quarters - 1);
}
