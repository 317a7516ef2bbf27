// The picture input: takes a picture, sends it to the server, and marks the digits in it.

import { Cropper } from "./cropping.js";
import { lifeOf } from "./lifetime.js";
import { latest, tellPicture } from "./reading.js";
import { shrink, toFile } from "./shrinking.js";

const TEXT_FIELDS =
  "input:not([type=file], [type=range], [type=radio], [type=checkbox]), textarea, [contenteditable]";
const DRAG_EVENTS = ["dragover", "dragleave", "drop"];
const FOR_GOOD = [413, 415, 422]; // HTTP statuses that a retry would not change

/** Make the picture input interactive. */
export function mount(element, component) {
  return new PictureInput(element, component);
}

class PictureInput {
  constructor(element, { props, api }) {
    const find = (selector) => element.querySelector(selector);
    Object.assign(this, { props, api, zone: find(".zone"), life: lifeOf(element) });
    this.figure = find("figure");
    this.image = find("#picture-image");
    this.markList = find(".marks");
    this.place = find(".place");
    this.problem = find(".problem");
    this.chooseInput = find("#picture-choose input");
    const names = ["again", "rotate", "crop", "whole", "keep", "cancel", "remove"];
    this.buttons = Object.fromEntries(names.map((name) => [name, find(`#picture-${name}`)]));
    this.cropper = new Cropper(find(".crop"), () => this.keepPart());
    // {bitmap, type, quarters, crop, source, width, height}. quarters: clockwise quarter turns. crop: in
    // pixels of the bitmap. source: data URL that is sent and shown.
    this.picture = null;
    this.wanted = null; // the picture to show once it is ready
    this.turns = 0; // number of pictures begun; a newer one cancels those before
    this.reading = null; // of the picture
    this.request = null; // an AbortController, while the picture is being read
    this.complaint = "";
    this.isRefused = false; // whether a retry is useless
    this.listen(find);
    this.show();
    this.zone.classList.add("ready"); // tells tests that it takes pictures
  }

  listen(find) {
    const { buttons, life: signal } = this;
    for (const type of DRAG_EVENTS) {
      document.addEventListener(type, (event) => this.drag(event), { signal });
    }
    document.addEventListener("paste", (event) => this.paste(event), { signal });
    document.addEventListener("keydown", (event) => this.keyDown(event), { capture: true, signal });
    document.addEventListener("reading", () => this.show(), { signal });
    addEventListener("online", () => this.complaint && !this.reading && this.readAgain(), { signal });
    signal.addEventListener("abort", () => this.forget());
    for (const input of [this.chooseInput, find("#picture-camera input")]) {
      input.addEventListener("change", (event) => this.choose(event));
    }
    buttons.again.addEventListener("click", () => this.readAgain());
    buttons.remove.addEventListener("click", () => this.remove());
    buttons.rotate.addEventListener("click", () => this.rotate());
    buttons.crop.addEventListener("click", () => this.startCropping());
    buttons.whole.addEventListener("click", () => this.keepWhole());
    buttons.keep.addEventListener("click", () => this.keepPart());
    buttons.cancel.addEventListener("click", () => this.stopCropping());
    this.zone.addEventListener("click", ({ target }) => {
      if (!this.picture && !target.closest(".tools, .problem")) this.chooseInput.click();
    });
  }

  // --- the picture -------------------------------------------------------------------------------

  async take(file) {
    const turn = ++this.turns;
    let bitmap = null;
    try {
      // Colours unconverted, because every browser would convert them differently.
      const upright = { imageOrientation: "from-image", colorSpaceConversion: "none" };
      bitmap = await createImageBitmap(file, upright);
    } catch {
      // The browser cannot decode the file.
    }
    if (turn !== this.turns) return bitmap?.close();
    if (!bitmap) return this.complain(this.props.texts.unreadable.replace("{name}", () => file.name));
    const { width, height } = bitmap;
    this.put({ bitmap, type: file.type, quarters: 0, crop: { left: 0, top: 0, width, height } });
  }

  /** Rotate and crop a picture, show it and read it. */
  async put(next) {
    const turn = ++this.turns;
    this.wanted = next;
    const small = await shrink(next, this.props.longer_side);
    if (turn !== this.turns) return this.closeUnused(next);
    const last = this.picture;
    this.picture = this.wanted = { ...next, ...small };
    if (last) this.closeUnused(last);
    this.cropper.close();
    this.read();
  }

  closeUnused({ bitmap }) {
    if (bitmap !== this.picture?.bitmap && bitmap !== this.wanted?.bitmap) bitmap.close();
  }

  rotate() {
    this.put({ ...this.wanted, quarters: (this.wanted.quarters + 1) % 4 });
  }

  remove() {
    this.forget();
    this.show();
    this.chooseInput.focus(); // the button that had the focus is hidden now
  }

  forget() {
    this.turns++;
    this.dropReading();
    this.picture?.bitmap.close();
    [this.picture, this.wanted, this.complaint] = [null, null, ""];
    this.cropper.close();
  }

  // --- the reading -------------------------------------------------------------------------------

  dropReading() {
    this.request?.abort();
    this.request = null;
    if (this.isAnswered) tellPicture(this.zone, null);
    this.reading = null;
  }

  /** Whether the page shows the reading of this picture. */
  get isAnswered() {
    return this.reading !== null && latest(this.zone) === this.reading;
  }

  /** Have the server read the picture; until then a drawing keeps its answer. */
  async read() {
    this.dropReading();
    const [request, before] = [new AbortController(), latest(this.zone)];
    [this.request, this.complaint, this.isRefused] = [request, "", false];
    this.show();
    const { words, reading, isFinal } = await this.ask(request.signal);
    if (request.signal.aborted) return;
    this.request = null;
    [this.reading, this.complaint, this.isRefused] = [reading, words, isFinal];
    // A digit drawn meanwhile is newer, so it keeps its answer.
    const now = latest(this.zone);
    const isOvertaken = now !== before && now?.digits.length > 0;
    if (reading && !isOvertaken) this.tell();
    else this.show();
  }

  /** {reading, words, isFinal}: the reading or null, the message, and whether a retry is useless. */
  async ask(signal) {
    const { refused, offline, nothing_found: nothingFound } = this.props.texts;
    try {
      const body = toFile(this.picture.source);
      const response = await fetch(this.api("read_number"), { method: "POST", body, signal });
      const answer = await response.json();
      if (response.ok) {
        const words = hasDigits(answer) ? "" : nothingFound;
        return { reading: toReading(answer), words, isFinal: false };
      }
      const reason = refused[response.status] ?? refused.other;
      const words = reason.replace("{error}", () => answer.error);
      return { reading: null, words, isFinal: FOR_GOOD.includes(response.status) };
    } catch (error) {
      // A proxy may answer with its own HTML page instead of JSON.
      const words = error instanceof SyntaxError ? refused.other : offline;
      return { reading: null, words, isFinal: false };
    }
  }

  readAgain() {
    if (this.reading) this.tell();
    else if (this.picture && !this.request && !this.isRefused) this.read();
  }

  tell() {
    tellPicture(this.zone, this.reading);
    this.show();
    // Scroll to the answer if it is out of sight.
    document.querySelector("#answer .digit")?.scrollIntoView({ block: "nearest" });
  }

  complain(words) {
    this.complaint = words;
    this.show();
  }

  // --- crop --------------------------------------------------------------------------------------

  startCropping() {
    this.cropper.open();
    this.show();
  }

  stopCropping() {
    this.cropper.close();
    this.show();
    this.buttons.crop.focus();
  }

  keepPart() {
    const { crop, quarters } = this.picture;
    let { left, top, right, bottom } = this.cropper.part;
    for (let i = 0; i < quarters; i++) {
      [left, top, right, bottom] = [top, 1 - right, bottom, 1 - left]; // rotated back by a quarter
    }
    const kept = {
      left: Math.round(crop.left + left * crop.width),
      top: Math.round(crop.top + top * crop.height),
      width: Math.max(1, Math.round((right - left) * crop.width)),
      height: Math.max(1, Math.round((bottom - top) * crop.height)),
    };
    this.stopCropping();
    this.put({ ...this.picture, crop: kept });
  }

  keepWhole() {
    const { width, height } = this.picture.bitmap;
    this.put({ ...this.picture, crop: { left: 0, top: 0, width, height } });
    this.buttons.crop.focus();
  }

  get isWhole() {
    const { bitmap, crop } = this.picture;
    return crop.width === bitmap.width && crop.height === bitmap.height;
  }

  /** Close the cropper on Escape, before the pad sees the key and is cleared. */
  keyDown(event) {
    const isForOther = !this.cropper.isOpen || document.querySelector(":popover-open");
    if (event.key !== "Escape" || isForOther) return;
    event.preventDefault();
    event.stopPropagation();
    this.stopCropping();
  }

  // --- screen ------------------------------------------------------------------------------------

  show() {
    const { picture, buttons, cropper, isAnswered } = this;
    this.zone.dataset.state = cropper.isOpen ? "cropping" : picture ? "shown" : "empty";
    this.zone.ariaBusy = this.request !== null;
    this.figure.hidden = picture === null;
    for (const name of ["remove", "rotate", "crop"]) buttons[name].hidden = picture === null;
    buttons.again.hidden = !picture || isAnswered || this.isRefused || this.request !== null;
    buttons.whole.hidden = !picture || this.isWhole;
    buttons.keep.hidden = buttons.cancel.hidden = !cropper.isOpen;
    if (!picture) this.image.removeAttribute("src");
    else if (this.image.src !== picture.source) this.image.src = picture.source;
    if (picture) this.figure.style.setProperty("--ratio", picture.width / picture.height);
    const digits = isAnswered ? this.reading.marked : [];
    this.markList.replaceChildren(...digits.map((digit) => makeMark(digit, picture)));
    this.markList.hidden = digits.length === 0 || cropper.isOpen;
    if (this.problem.textContent !== this.complaint) this.problem.textContent = this.complaint;
  }

  // --- sources of pictures -----------------------------------------------------------------------

  /** Whether the place of the picture is visible: not while presenting or on the other tab. */
  get isInSight() {
    return this.place.checkVisibility();
  }

  choose({ target }) {
    const [file] = target.files;
    if (file) this.take(file);
    target.value = ""; // so that the same file can be chosen again
  }

  paste(event) {
    const [file] = event.clipboardData?.files ?? [];
    if (!file || event.target.closest?.(TEXT_FIELDS) || !this.isInSight) return;
    event.preventDefault();
    this.take(file);
  }

  /** Take drops on the whole page, because the browser opens a dropped file that nobody handles. */
  drag(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    if (event.type !== "dragleave") event.preventDefault();
    const isOver = event.type === "dragover" || event.relatedTarget !== null;
    this.zone.classList.toggle("dragging", isOver && event.type !== "drop");
    const [file] = event.type === "drop" && this.isInSight ? event.dataTransfer.files : [];
    if (file) this.take(file);
  }
}

/** Convert an answer of the API to a reading; ink that is no digit is marked, but not read. */
function toReading(answer) {
  const isDigit = answer.digits.length === 1 || hasDigits(answer);
  return {
    text: isDigit ? answer.text : "",
    digits: isDigit ? answer.digits : [],
    unread: answer.unread,
    is_number: answer.digits.length !== 1,
    finished: true,
    source: "picture",
    marked: answer.digits,
  };
}

const hasDigits = ({ digits }) => digits.some(({ verdict }) => verdict === "digit");

/** Make a labelled frame around a digit. */
function makeMark({ box: [left, top, width, height], character }, picture) {
  const mark = document.createElement("li");
  const percent = (length, whole) => `${(100 * length) / whole}%`;
  mark.style.left = percent(left, picture.width);
  mark.style.top = percent(top, picture.height);
  mark.style.width = percent(width, picture.width);
  mark.style.height = percent(height, picture.height);
  mark.style.setProperty("--height", height / picture.height);
  const label = document.createElement("span");
  label.textContent = character;
  mark.append(label);
  return mark;
}
