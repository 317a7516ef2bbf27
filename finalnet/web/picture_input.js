// The picture input in the browser. gr.HTML gives `element`, `props`, `trigger` and `watch`.
// `props.value` is {source}, a data URL, or null; Python answers with {marks}, and the picture stays.

const TEXT_FIELDS =
  "input:not([type=file], [type=range], [type=radio], [type=checkbox]), textarea, [contenteditable]";
const DRAG_EVENTS = ["dragover", "dragleave", "drop"];

const zone = element.querySelector(".zone");
const figure = element.querySelector("figure");
const image = element.querySelector("#picture-image");
const markList = element.querySelector(".marks");
const problem = element.querySelector(".problem");
const chooseInput = element.querySelector("#picture-choose input");
const cameraInput = element.querySelector("#picture-camera input");
const removeButton = element.querySelector("#picture-remove");
const rotateButton = element.querySelector("#picture-rotate");
const cropButton = element.querySelector("#picture-crop");
const wholeButton = element.querySelector("#picture-whole");
const keepButton = element.querySelector("#picture-keep");
const cancelButton = element.querySelector("#picture-cancel");
const cropArea = element.querySelector(".crop");
const partFrame = element.querySelector(".part");

const STEP = 0.02; // of the picture's sides, that an arrow key moves the part to keep
const SMALLEST_PART = 0.03; // of the picture's sides; a shorter drag was a mere touch
const PHOTOGRAPH = /^image\/(jpeg|avif|hei[cf])$/; // what has lost detail already
const STRIP = 500_000; // pixels that are shrunk at a time; between two the page can be used

// {bitmap, type, quarters, crop, source, width, height}: quarters are turns to the right, crop is in
// pixels of the bitmap, source is what is sent and shown.
let picture = null;
let wanted = null; // the picture that will be shown once it is ready
let part = null; // {left, top, right, bottom} in shares of the picture, while it is chosen
let marks = [];
let isAnswered = false; // whether what the page answers is the picture, not a drawing
let complaint = "";
let turns = 0; // pictures begun; one that is overtaken is dropped

// --- value -----------------------------------------------------------------------------------

async function take(file) {
  const turn = ++turns;
  let bitmap = null;
  try {
    // Colours as they are in the file: every engine would convert them in its own way.
    const upright = { imageOrientation: "from-image", colorSpaceConversion: "none" };
    bitmap = await createImageBitmap(file, upright);
  } catch {
    // Whatever it is, the browser cannot decode it.
  }
  if (turn !== turns) return bitmap?.close();
  if (!bitmap) return complain(props.unreadable.replace("{name}", () => file.name));
  const { width, height } = bitmap;
  send({ bitmap, type: file.type, quarters: 0, crop: { left: 0, top: 0, width, height } });
}

/** Show a picture as it is to be turned and cropped, and have it read. */
async function send(next) {
  const turn = ++turns;
  wanted = next;
  const [isThere, small] = await Promise.all([isServerThere(), shrink(next)]);
  if (turn !== turns) return closeUnused(next);
  if (!isThere) {
    wanted = picture;
    closeUnused(next);
    return complain(props.offline);
  }
  const last = picture;
  picture = wanted = { ...next, ...small };
  if (last) closeUnused(last);
  [part, marks, complaint] = [null, [], ""];
  show();
  props.value = { source: picture.source };
  trigger("upload");
}

function closeUnused({ bitmap }) {
  if (bitmap !== picture?.bitmap && bitmap !== wanted?.bitmap) bitmap.close();
}

function complain(words) {
  complaint = words;
  show();
}

async function isServerThere() {
  try {
    await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

// No more pixels than are looked at: a photograph takes one small request. They are always taken
// from the bitmap, so that a part of it is as sharp as can be.
async function shrink({ bitmap, type, quarters, crop }) {
  const scale = Math.min(1, props.longer_side / Math.max(crop.width, crop.height));
  const width = Math.max(1, Math.round(crop.width * scale));
  const height = Math.max(1, Math.round(crop.height * scale));
  const pixels = rotatePixels(await averageAreas(bitmap, crop, width, height), quarters);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [pixels.width, pixels.height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  // Losses around sharp edges would be taken for ink.
  const isPhotograph = PHOTOGRAPH.test(type);
  const source = isPhotograph
    ? canvas.toDataURL("image/jpeg", props.quality)
    : canvas.toDataURL("image/png");
  return { source, width: pixels.width, height: pixels.height };
}

/**
 * Shrink a part of a bitmap; each pixel is the mean of the area that it stands for.
 *
 * Canvases shrink differently in every browser, and the same photograph was read in one and not in
 * another. Here weights and sums are whole numbers below 2^53, so that the result is exact.
 */
async function averageAreas(bitmap, { left, top, width, height }, newWidth, newHeight) {
  const result = new ImageData(newWidth, newHeight);
  const strip = document.createElement("canvas");
  [strip.width, strip.height] = [width, Math.min(height, Math.ceil(STRIP / width))];
  const context = strip.getContext("2d", { willReadFrequently: true });
  const across = new Float64Array(4 * newWidth); // sums over a row: red, green, blue, alpha
  const sums = new Float64Array(4 * newWidth); // over the rows that make one of the result
  const area = width * height; // weight of all that makes one pixel
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
    // A row is newHeight units high, one of the result is height.
    const inside = Math.min((row + 1) * height - y * newHeight, newHeight);
    for (let i = 0; i < sums.length; i++) sums[i] += inside * across[i];
    if ((y + 1) * newHeight < (row + 1) * height) continue;
    writeRow(sums, area, result.data.subarray(4 * newWidth * row, 4 * newWidth * (row + 1)));
    row++;
    for (let i = 0; i < sums.length; i++) sums[i] = (newHeight - inside) * across[i];
  }
  return result;
}

/** Colours weighted with their opacity: what cannot be seen has none. */
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

/** Turn pixels by quarters to the right. */
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

function rotate() {
  send({ ...wanted, quarters: (wanted.quarters + 1) % 4 });
}

function remove() {
  turns++;
  picture?.bitmap.close();
  [picture, wanted, part, marks, complaint] = [null, null, null, [], ""];
  show();
  chooseInput.focus(); // the button that had the focus is gone
  props.value = null;
  trigger("clear");
}

// --- crop ------------------------------------------------------------------------------------

function startCropping() {
  part = { left: 0.1, top: 0.1, right: 0.9, bottom: 0.9 };
  show();
  partFrame.focus();
}

function stopCropping() {
  part = null;
  show();
  cropButton.focus();
}

function keepPart() {
  const { crop, quarters } = picture;
  let { left, top, right, bottom } = part;
  for (let i = 0; i < quarters; i++) {
    [left, top, right, bottom] = [top, 1 - right, bottom, 1 - left]; // turned back by one
  }
  const kept = {
    left: Math.round(crop.left + left * crop.width),
    top: Math.round(crop.top + top * crop.height),
    width: Math.max(1, Math.round((right - left) * crop.width)),
    height: Math.max(1, Math.round((bottom - top) * crop.height)),
  };
  stopCropping();
  send({ ...picture, crop: kept });
}

function keepWhole() {
  const { width, height } = picture.bitmap;
  send({ ...picture, crop: { left: 0, top: 0, width, height } });
  cropButton.focus();
}

function isWhole() {
  const { bitmap, crop } = picture;
  return crop.width === bitmap.width && crop.height === bitmap.height;
}

// A drag draws the part anew, from where it began.
function onDraw(event) {
  if (event.button !== 0 || !event.isPrimary) return;
  event.preventDefault();
  cropArea.setPointerCapture(event.pointerId);
  const [before, [x, y]] = [part, placeOf(event)];
  const draw = (move) => {
    const [otherX, otherY] = placeOf(move);
    part = {
      left: Math.min(x, otherX),
      top: Math.min(y, otherY),
      right: Math.max(x, otherX),
      bottom: Math.max(y, otherY),
    };
    showPart();
  };
  const finish = () => {
    cropArea.removeEventListener("pointermove", draw);
    if (part && Math.min(part.right - part.left, part.bottom - part.top) < SMALLEST_PART) {
      part = before;
      showPart();
    }
    partFrame.focus();
  };
  cropArea.addEventListener("pointermove", draw);
  cropArea.addEventListener("lostpointercapture", finish, { once: true });
}

function placeOf({ clientX, clientY }) {
  const { left, top, width, height } = cropArea.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height].map((share) => within(share, 0, 1));
}

const within = (value, low, high) => Math.min(Math.max(value, low), high);

const ARROWS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

// Arrows move the part; with Shift they move its lower right corner.
function onPartKey(event) {
  if (event.key === "Enter") keepPart();
  else if (event.key in ARROWS) movePart(...ARROWS[event.key], event.shiftKey);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// Before the pad, which Escape clears.
function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey, true);
  if (event.key !== "Escape" || part === null || document.querySelector(":popover-open")) return;
  event.preventDefault();
  event.stopPropagation();
  stopCropping();
}

function movePart(x, y, isResized) {
  const { left, top, right, bottom } = part;
  if (isResized) {
    part.right = within(right + x, left + SMALLEST_PART, 1);
    part.bottom = within(bottom + y, top + SMALLEST_PART, 1);
  } else {
    [x, y] = [within(x, -left, 1 - right), within(y, -top, 1 - bottom)];
    part = { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
  }
  showPart();
}

function showPart() {
  cropArea.hidden = part === null;
  if (!part) return;
  const { left, top, right, bottom } = part;
  const shares = { left, top, width: right - left, height: bottom - top };
  for (const [side, share] of Object.entries(shares)) partFrame.style[side] = `${100 * share}%`;
}

// --- screen ----------------------------------------------------------------------------------

function show() {
  zone.dataset.state = part ? "cropping" : picture ? "shown" : "empty";
  figure.hidden = removeButton.hidden = rotateButton.hidden = cropButton.hidden = picture === null;
  wholeButton.hidden = !picture || isWhole();
  keepButton.hidden = cancelButton.hidden = part === null;
  showPart();
  if (picture) {
    image.src = picture.source;
    figure.style.setProperty("--ratio", picture.width / picture.height);
  } else image.removeAttribute("src");
  markList.replaceChildren(...marks.map(makeMark));
  markList.hidden = marks.length === 0 || part !== null || !isAnswered;
  problem.textContent = complaint;
}

function makeMark({ left, top, width, height, text }) {
  const mark = document.createElement("li");
  const percent = (share) => `${100 * share}%`;
  mark.style.left = percent(left);
  mark.style.top = percent(top);
  mark.style.width = percent(width);
  mark.style.height = percent(height);
  mark.style.setProperty("--height", height);
  const label = document.createElement("span");
  label.textContent = text;
  mark.append(label);
  return mark;
}

/** Once a drawing is read, the answer is its own, and the picture has none. */
function onReading({ detail }) {
  if (!element.isConnected) return document.removeEventListener("reading", onReading);
  isAnswered = detail === null;
  show();
}

/** The answer to a picture that lies below it comes into sight. */
function showAnswer() {
  const answer = document.querySelector("#answer .digit") ?? document.querySelector("#answer");
  answer?.scrollIntoView({ block: "nearest" });
}

/** Say why no answer came, where the picture is. */
zone.fail = () => {
  const isCall = ({ name }) => name.includes("/gradio_api/");
  const status = performance.getEntriesByType("resource").findLast(isCall)?.responseStatus;
  complain(props.refused[status] ?? props.refused.other);
};

// --- where pictures come from ----------------------------------------------------------------

function onChoose(event) {
  const [file] = event.target.files;
  if (file) take(file);
  event.target.value = ""; // so that the same file can be chosen again
}

function onPaste(event) {
  if (!element.isConnected) return document.removeEventListener("paste", onPaste);
  const [file] = event.clipboardData?.files ?? [];
  if (!file || event.target.closest?.(TEXT_FIELDS)) return;
  event.preventDefault();
  take(file);
}

// On the whole page: a picture that misses the zone must not take the page's place.
function onDrag(event) {
  if (!element.isConnected) {
    for (const type of DRAG_EVENTS) document.removeEventListener(type, onDrag);
    return;
  }
  if (!event.dataTransfer?.types.includes("Files")) return;
  if (event.type !== "dragleave") event.preventDefault();
  zone.classList.toggle("dragging", event.type === "dragover" || event.relatedTarget !== null);
  if (event.type !== "drop") return;
  zone.classList.remove("dragging");
  const [file] = event.dataTransfer.files;
  if (file) take(file);
}

for (const type of DRAG_EVENTS) document.addEventListener(type, onDrag);
document.addEventListener("paste", onPaste);
document.addEventListener("keydown", onKey, true);
document.addEventListener("reading", onReading);
chooseInput.addEventListener("change", onChoose);
cameraInput.addEventListener("change", onChoose);
removeButton.addEventListener("click", remove);
rotateButton.addEventListener("click", rotate);
cropButton.addEventListener("click", startCropping);
wholeButton.addEventListener("click", keepWhole);
keepButton.addEventListener("click", keepPart);
cancelButton.addEventListener("click", stopCropping);
cropArea.addEventListener("pointerdown", onDraw);
// Or Chromium takes a finger's quick drag for a glide, and the tap after it for its end, no click.
for (const type of ["touchstart", "touchmove"]) {
  cropArea.addEventListener(type, (event) => event.preventDefault(), { passive: false });
}
partFrame.addEventListener("keydown", onPartKey);
zone.addEventListener("click", (event) => {
  if (!picture && !event.target.closest(".tools, .problem")) chooseInput.click();
});

// Marks from Python belong on the picture that is shown, which stays the value.
function adopt() {
  if (props.value?.marks) {
    marks = picture ? props.value.marks : [];
    const found = marks.some(({ text }) => text !== "?");
    if (picture) complaint = found ? "" : props.nothing_found;
    props.value = picture && { source: picture.source };
    isAnswered = !document.querySelector("#sketchpad")?.isLatest;
    if (picture && isAnswered) showAnswer();
  } else if (!props.value) [picture, wanted, part, marks] = [null, null, null, []];
  show();
}
watch(Object.keys(props), adopt);
adopt();
zone.classList.add("ready"); // for scripts: from here on no picture is lost
