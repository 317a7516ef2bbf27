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

let picture = null; // {source, width, height}
let marks = [];
let complaint = "";
let turns = 0; // pictures begun; one that is overtaken while it is decoded is dropped

// --- value -----------------------------------------------------------------------------------

async function take(file) {
  const turn = ++turns;
  let taken = null;
  try {
    taken = await shrink(file);
  } catch {
    // Whatever it is, the browser cannot decode it.
  }
  if (turn !== turns) return;
  complaint = taken ? "" : props.unreadable.replace("{name}", () => file.name);
  if (taken) [picture, marks] = [taken, []];
  show();
  if (!taken) return;
  props.value = { source: picture.source };
  trigger("upload");
}

// No more pixels than are looked at: a photograph takes one small request.
async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, props.longer_side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  // Losses around sharp edges would be taken for ink; what was a JPEG has them already. A browser
  // that writes no WebP, as Safari, gives a PNG.
  const quality = file.type === "image/jpeg" ? props.quality : 1;
  const source = canvas.toDataURL("image/webp", quality);
  return { source, width: canvas.width, height: canvas.height };
}

function remove() {
  turns++;
  [picture, marks, complaint] = [null, [], ""];
  show();
  chooseInput.focus(); // the button that had the focus is gone
  props.value = null;
  trigger("clear");
}

// --- screen ----------------------------------------------------------------------------------

function show() {
  zone.classList.toggle("filled", picture !== null);
  figure.hidden = removeButton.hidden = picture === null;
  if (picture) {
    image.src = picture.source;
    figure.style.setProperty("--ratio", picture.width / picture.height);
  } else image.removeAttribute("src");
  markList.replaceChildren(...marks.map(makeMark));
  markList.hidden = marks.length === 0;
  problem.textContent = complaint;
}

function makeMark({ left, top, width, height, text }) {
  const mark = document.createElement("li");
  const percent = (share) => `${100 * share}%`;
  mark.style.left = percent(left);
  mark.style.top = percent(top);
  mark.style.width = percent(width);
  mark.style.height = percent(height);
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
zone.addEventListener("click", (event) => {
  if (!picture && !event.target.closest(".tools, .problem")) chooseInput.click();
});

// Marks from Python belong on the picture that is shown, which stays the value.
function adopt() {
  if (props.value?.marks) {
    marks = picture ? props.value.marks : [];
    props.value = picture && { source: picture.source };
  } else if (!props.value) [picture, marks] = [null, []];
  show();
}
watch(Object.keys(props), adopt);
adopt();
zone.classList.add("ready"); // for scripts: from here on no picture is lost
