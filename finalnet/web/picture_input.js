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
const QUARTER = Math.PI / 2;

// {bitmap, quality, quarters, crop, source, width, height}: quarters are turns to the right, crop is
// in pixels of the turned bitmap, source is what is sent and shown.
let picture = null;
let part = null; // {left, top, right, bottom} in shares of the picture, while it is chosen
let marks = [];
let complaint = "";
let turns = 0; // pictures begun; one that is overtaken while it is decoded is dropped

// --- value -----------------------------------------------------------------------------------

async function take(file) {
  const turn = ++turns;
  let bitmap = null;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    // Whatever it is, the browser cannot decode it.
  }
  if (turn !== turns) return bitmap?.close();
  if (!bitmap) {
    complaint = props.unreadable.replace("{name}", () => file.name);
    return show();
  }
  picture?.bitmap.close();
  // Losses around sharp edges would be taken for ink; what was a JPEG has them already.
  const quality = file.type === "image/jpeg" ? props.quality : 1;
  const crop = { left: 0, top: 0, width: bitmap.width, height: bitmap.height };
  picture = { bitmap, quality, quarters: 0, crop };
  send();
}

/** Show the picture as it is turned and cropped now, and have it read. */
function send() {
  Object.assign(picture, shrink(picture));
  [part, marks, complaint] = [null, [], ""];
  show();
  props.value = { source: picture.source };
  trigger("upload");
}

// No more pixels than are looked at: a photograph takes one small request. They are always taken
// from the bitmap, so that a part of it is as sharp as can be.
function shrink({ bitmap, quality, quarters, crop }) {
  const scale = Math.min(1, props.longer_side / Math.max(crop.width, crop.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(crop.width * scale));
  canvas.height = Math.max(1, Math.round(crop.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.scale(canvas.width / crop.width, canvas.height / crop.height);
  context.translate(-crop.left, -crop.top);
  const { width, height } = bitmap;
  context.translate(...[[0, 0], [height, 0], [width, height], [0, width]][quarters]);
  context.rotate(quarters * QUARTER);
  context.drawImage(bitmap, 0, 0);
  // A browser that writes no WebP, as Safari, gives a PNG.
  const source = canvas.toDataURL("image/webp", quality);
  return { source, width: canvas.width, height: canvas.height };
}

function rotate() {
  const { bitmap, quarters, crop } = picture;
  const height = quarters % 2 ? bitmap.width : bitmap.height; // of the bitmap as it is turned
  picture.crop = {
    left: height - crop.top - crop.height,
    top: crop.left,
    width: crop.height,
    height: crop.width,
  };
  picture.quarters = (quarters + 1) % 4;
  send();
}

function remove() {
  turns++;
  picture?.bitmap.close();
  [picture, part, marks, complaint] = [null, null, [], ""];
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
  const { crop } = picture;
  picture.crop = {
    left: Math.round(crop.left + part.left * crop.width),
    top: Math.round(crop.top + part.top * crop.height),
    width: Math.max(1, Math.round((part.right - part.left) * crop.width)),
    height: Math.max(1, Math.round((part.bottom - part.top) * crop.height)),
  };
  send();
  cropButton.focus();
}

function keepWhole() {
  const [width, height] = turnedSize();
  picture.crop = { left: 0, top: 0, width, height };
  send();
  cropButton.focus();
}

function turnedSize() {
  const { width, height } = picture.bitmap;
  return picture.quarters % 2 ? [height, width] : [width, height];
}

function isWhole() {
  const [width, height] = turnedSize();
  return picture.crop.width === width && picture.crop.height === height;
}

// A drag draws the part anew, from where it began.
function onDraw(event) {
  if (event.button !== 0) return;
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
  else if (event.key === "Escape") stopCropping();
  else if (event.key in ARROWS) movePart(...ARROWS[event.key], event.shiftKey);
  else return;
  event.preventDefault();
  event.stopPropagation();
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
  zone.classList.toggle("filled", picture !== null);
  zone.classList.toggle("cropping", part !== null);
  figure.hidden = removeButton.hidden = rotateButton.hidden = cropButton.hidden = picture === null;
  wholeButton.hidden = !picture || isWhole();
  keepButton.hidden = cancelButton.hidden = part === null;
  showPart();
  if (picture) {
    image.src = picture.source;
    figure.style.setProperty("--ratio", picture.width / picture.height);
  } else image.removeAttribute("src");
  markList.replaceChildren(...marks.map(makeMark));
  markList.hidden = marks.length === 0 || part !== null;
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
  } else if (!props.value) [picture, part, marks] = [null, null, []];
  show();
}
watch(Object.keys(props), adopt);
adopt();
zone.classList.add("ready"); // for scripts: from here on no picture is lost
