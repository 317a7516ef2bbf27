// The sketchpad in the browser. gr.HTML gives `element`, `props`, `trigger` and `watch`.
// Setting `props.value` fires "change"; "release" says that the pen was lifted.

const INK = "#0b0f19";
const SEND_EVERY = 50; // ms between two values while drawing
const MIN_STEP = 0.7; // pad pixels between two points of a stroke
const REPLAY_TIME = 1600; // ms
const REPLAY_STEP = 4; // pad pixels between two points of a replayed stroke
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, select, [contenteditable]";

const paper = element.querySelector(".paper");
const canvas = element.querySelector("canvas");
const undoButton = element.querySelector("#undo");
const clearButton = element.querySelector("#clear");
const replayButton = element.querySelector("#replay");
const wideButton = element.querySelector("#wide");
const exampleButtons = element.querySelectorAll(".examples button");
const penSlider = element.querySelector(".pen input");
const ink = canvas.getContext("2d");

let strokes = [];
let past = []; // earlier drawings, for undo
let activePointer = null;
let lastSent = 0;
let sendTimer = null;
let frame = null;
let replayed = null; // the whole drawing, while it is drawn again

const isWide = () => paper.classList.contains("wide");
const padWidth = () => (isWide() ? props.wide_size : props.size);

// --- value -----------------------------------------------------------------------------------

function send(finished) {
  clearTimeout(sendTimer);
  sendTimer = null;
  lastSent = performance.now();
  props.value = {
    strokes: strokes.map((stroke) => stroke.map((point) => [...point])),
    pen_width: Number(penSlider.value),
    width: padWidth(),
    finished,
  };
  if (finished) trigger("release");
}

function sendSoon() {
  const wait = SEND_EVERY - (performance.now() - lastSent);
  sendTimer ??= setTimeout(() => send(false), Math.max(0, wait));
}

function show(drawing) {
  strokes = drawing;
  paper.classList.toggle("inked", strokes.length > 0);
  // Not `disabled`, which would take the keyboard's focus away.
  undoButton.ariaDisabled = past.length === 0;
  clearButton.ariaDisabled = replayButton.ariaDisabled = strokes.length === 0;
  redrawSoon();
}

// --- screen ----------------------------------------------------------------------------------

function redrawSoon() {
  frame ??= requestAnimationFrame(redraw);
}

function redraw() {
  frame = null;
  const scale = canvas.height / props.size;
  ink.setTransform(1, 0, 0, 1, 0, 0);
  ink.clearRect(0, 0, canvas.width, canvas.height);
  ink.setTransform(scale, 0, 0, scale, 0, 0);
  ink.lineCap = ink.lineJoin = "round";
  ink.lineWidth = Number(penSlider.value);
  ink.strokeStyle = INK;
  for (const stroke of strokes) drawStroke(stroke);
}

function drawStroke(points) {
  const [x, y] = points[points.length - 1];
  ink.beginPath();
  ink.moveTo(...points[0]);
  // Curves through the midpoints, each point the control of its own curve: no corners.
  for (let i = 1; i < points.length - 1; i++) {
    const [point, next] = [points[i], points[i + 1]];
    ink.quadraticCurveTo(...point, (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
  }
  ink.lineTo(x + 0.01, y); // a line of no length at all would draw no dot
  ink.stroke();
}

function fitScreen() {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (!width || (width === canvas.width && height === canvas.height)) return;
  canvas.width = width;
  canvas.height = height;
  redraw();
}

// --- pen -------------------------------------------------------------------------------------

function addPoints(event) {
  const stroke = strokes[strokes.length - 1];
  const box = canvas.getBoundingClientRect();
  const coalesced = event.getCoalescedEvents?.() ?? [];
  for (const { clientX, clientY } of coalesced.length ? coalesced : [event]) {
    const x = ((clientX - box.left) / box.width) * padWidth();
    const y = ((clientY - box.top) / box.height) * props.size;
    const last = stroke[stroke.length - 1];
    if (last && Math.hypot(x - last[0], y - last[1]) < MIN_STEP) continue;
    stroke.push([Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
  }
}

function penDown(event) {
  if (activePointer !== null || event.button !== 0) return;
  stopReplay();
  canvas.setPointerCapture(event.pointerId);
  activePointer = event.pointerId;
  past.push(strokes);
  show([...strokes, []]);
  addPoints(event);
  sendSoon();
}

function penMove(event) {
  if (event.pointerId !== activePointer) return;
  addPoints(event);
  redrawSoon();
  sendSoon();
}

function penUp(event) {
  if (event.pointerId !== activePointer) return;
  activePointer = null;
  redrawSoon();
  send(true);
}

// --- replay and ready-made drawings ----------------------------------------------------------

// Points at even distances, so that every stroke is drawn at the same speed.
function densify(stroke) {
  const points = [stroke[0]];
  for (const [x, y] of stroke.slice(1)) {
    const [x0, y0] = points[points.length - 1];
    const steps = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / REPLAY_STEP));
    for (let i = 1; i <= steps; i++) points.push([x0 + ((x - x0) * i) / steps, y0 + ((y - y0) * i) / steps]);
  }
  return points;
}

function replay(drawing) {
  stopReplay();
  if (activePointer !== null || !drawing.length) return;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    show(drawing);
    return send(true);
  }
  const dense = drawing.map(densify);
  const points = dense.flatMap((stroke, s) => stroke.map((_, i) => [s, i + 1]));
  const start = performance.now();
  replayed = drawing;
  const step = () => {
    if (replayed !== drawing) return;
    const share = (performance.now() - start) / REPLAY_TIME;
    if (share >= 1) return stopReplay();
    const [s, count] = points[Math.floor(share * points.length)];
    show([...dense.slice(0, s), dense[s].slice(0, count)]);
    sendSoon();
    requestAnimationFrame(step);
  };
  step();
}

function stopReplay() {
  if (!replayed) return;
  const drawing = replayed;
  replayed = null;
  show(drawing);
  send(true);
}

function drawExample(index) {
  stopReplay();
  past.push(strokes);
  replay(props.examples[index].strokes);
}

// --- one digit or a whole number ---------------------------------------------------------------

function setWide(wide) {
  stopReplay();
  paper.classList.toggle("wide", wide);
  wideButton.ariaPressed = wide;
  fitScreen();
}

function toggleWide() {
  const right = Math.max(0, ...strokes.flat().map(([x]) => x));
  setWide(!isWide());
  if (right > padWidth()) {
    past.push(strokes);
    const scale = props.size / props.wide_size;
    strokes = strokes.map((stroke) => stroke.map(([x, y]) => [x * scale, y * scale]));
  }
  show(strokes);
  send(true);
}

// --- undo, clear, pen width ------------------------------------------------------------------

function undo() {
  stopReplay();
  if (activePointer !== null || !past.length) return;
  show(past.pop());
  send(true);
}

function clear() {
  stopReplay();
  if (activePointer !== null || !strokes.length) return;
  past.push(strokes);
  show([]);
  send(true);
}

function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey);
  if (event.target.closest?.(TEXT_FIELDS)) return;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") undo();
  else if (event.key === "Escape" || event.key === "Delete") clear();
  else return;
  event.preventDefault();
}

canvas.addEventListener("pointerdown", penDown);
canvas.addEventListener("pointermove", penMove);
canvas.addEventListener("pointerup", penUp);
canvas.addEventListener("pointercancel", penUp);
canvas.addEventListener("lostpointercapture", penUp);
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
undoButton.addEventListener("click", undo);
clearButton.addEventListener("click", clear);
replayButton.addEventListener("click", () => replay(strokes));
wideButton.addEventListener("click", toggleWide);
exampleButtons.forEach((button, index) => button.addEventListener("click", () => drawExample(index)));
penSlider.addEventListener("input", () => {
  redrawSoon();
  if (strokes.length) sendSoon();
});
penSlider.addEventListener("change", () => strokes.length && send(true));
document.addEventListener("keydown", onKey);
new ResizeObserver(fitScreen).observe(canvas);

// A drawing that Python put on the pad, or none; while the pen is down the hand wins.
function adopt() {
  if (activePointer !== null || replayed) return;
  if (props.value?.width) setWide(props.value.width > props.size);
  if (props.value?.pen_width) penSlider.value = props.value.pen_width;
  past = [];
  clearTimeout(sendTimer);
  sendTimer = null;
  show((props.value?.strokes ?? []).filter((stroke) => stroke.length));
}
watch("value", adopt);
adopt();
fitScreen();
paper.classList.add("ready"); // for scripts: from here on no stroke is lost
