// Teaching: "Not right?", the list of taught drawings, and "Show it your handwriting".

import { lifeOf } from "./lifetime.js";
import { padOf } from "./reading.js";
import { extentOf } from "./recognizer/strokes.js";
import { nameOf } from "./taught.js";
import { Tour } from "./tour.js";
import { fill, write } from "./words.js";

const LARGEST_FILE = 10e6; // bytes
const ROOM = 0.15; // margin of a thumbnail, as a share of its drawing

/** "Not right?": choose the label of the drawing, or of the chosen digit of a number. */
export function mountCorrection(dialog, texts) {
  const find = (selector) => dialog.parentElement.querySelector(selector);
  const [wrong, unsay] = [find("#wrong"), find("#unsay")];
  const choices = [...dialog.querySelectorAll("button")];
  const example = () => padOf(dialog)?.example?.() ?? null;

  const show = ({ target }) => {
    if (target !== padOf(dialog)) return;
    const added = target.taught?.last?.added ?? [];
    const shown = added.length === 1 ? example() : null;
    const isLearned = shown !== null && nameOf(added[0]) === nameOf(shown);
    write(wrong, isLearned ? texts.learned : texts.wrong);
    unsay.hidden = !isLearned;
  };
  const choose = ({ value }) => {
    const drawing = example();
    const label = value === "" ? null : Number(value);
    if (drawing) padOf(dialog).taught.change({ add: [{ label, ...drawing }] });
    dialog.hidePopover();
  };
  const onKey = (event) => {
    const value = event.key?.toLowerCase() === "n" ? "" : event.key;
    const choice = choices.find((each) => each.value === value);
    if (!choice || event.ctrlKey || event.metaKey || !dialog.matches(":popover-open")) return;
    event.preventDefault();
    choose(choice);
  };

  for (const choice of choices) choice.addEventListener("click", () => choose(choice));
  dialog.addEventListener("beforetoggle", () => {
    const drawing = example();
    const label = drawing && padOf(dialog).taught.labelOf(drawing);
    for (const choice of choices) {
      choice.ariaPressed = label !== undefined && choice.value === String(label ?? "");
    }
  });
  unsay.addEventListener("click", () => {
    padOf(dialog).taught.undo();
    wrong.focus(); // the button that had the focus is hidden now
  });
  const signal = lifeOf(dialog);
  for (const type of ["reading", "taught"]) document.addEventListener(type, show, { signal });
  document.addEventListener("keydown", onKey, { signal });
}

/** The line that counts the taught drawings, the dialog with their thumbnails, and the tour. */
export function mount(element, { props: { texts } }) {
  const find = (selector) => element.querySelector(selector);
  const [dialog, list, file] = [find("#drawings"), find(".known"), find("input")];
  const taught = () => padOf(element)?.taught;
  let problem = ""; // of the file that was loaded last
  let isOpen = false; // whether the dialog, with its thumbnails, is open

  const show = () => {
    if (!taught()) return; // the pad is not mounted yet
    const { drawings, last } = taught();
    write(find("#hand-known"), countWords(drawings.length, texts));
    write(find(".notice"), describe(taught(), texts));
    write(dialog.querySelector("p"), drawings.length ? texts.kept : texts.explained);
    write(dialog.querySelector("[role=status]"), problem);
    for (const id of ["#hand-download", "#hand-forget"]) find(id).hidden = !drawings.length;
    find("#hand-undo").hidden = !last;
    showPictures(list, isOpen ? drawings : [], texts);
  };
  const change = (changes) => {
    problem = "";
    taught().change(changes);
  };
  const load = async () => {
    try {
      if (file.files[0].size > LARGEST_FILE) throw new Error("");
      change({ add: taught().fromText(await file.files[0].text()) });
    } catch ({ message: line }) {
      problem = line ? texts.not_loaded.replace("{line}", line) : texts.too_large;
      show();
    }
    file.value = ""; // so that the same file can be chosen again
  };

  const tour = new Tour(find(".tour"), texts, lifeOf(element));
  const onClick = (selector, act) => find(selector).addEventListener("click", act);
  onClick("#hand-show", () => {
    dialog.hidePopover();
    tour.start();
  });
  onClick("#hand-download", () => saveFile(taught().toText()));
  onClick("#hand-load", () => file.click());
  onClick("#hand-forget", () => change({ remove: taught().drawings }));
  onClick("#hand-undo", () => taught().undo());
  file.addEventListener("change", load);
  list.addEventListener("click", ({ target }) => {
    const index = [...list.children].indexOf(target.closest("button")?.parentElement);
    if (index < 0) return;
    change({ remove: [taught().drawings.at(-1 - index)] });
    (list.children[Math.min(index, list.children.length - 1)] ?? dialog).querySelector("button").focus();
  });
  dialog.addEventListener("beforetoggle", ({ newState }) => {
    isOpen = newState === "open";
    problem = "";
    show();
  });
  const onTaught = ({ target }) => target === padOf(element) && show();
  document.addEventListener("taught", onTaught, { signal: lifeOf(element) });
  show();
}

function countWords(count, texts) {
  if (!count) return texts.none;
  return count === 1 ? texts.one : texts.several.replace("{count}", count);
}

/** What was learned last, and why it may be lost. */
function describe({ drawings, reads, trouble, last }, texts) {
  const nameOfLabel = (label) => (label === null ? texts.no_digit : texts.digits[label]);
  const sentences = [];
  const count = last?.added.length ?? 0;
  if (count && last.right !== null) {
    const names = new Set(last.added.map(nameOf));
    const now = reads?.filter((read, i) => names.has(nameOf(drawings[i])) && read === drawings[i].label);
    const words = last.right === count ? texts.shown_all : texts.shown;
    if (now) sentences.push(fill(words, { count, before: last.right, after: now.length }));
  } else if (count === 1) {
    sentences.push(fill(texts.learned, { label: nameOfLabel(last.added[0].label) }));
  } else if (count) sentences.push(fill(texts.loaded, { count }));
  else if (last?.removed.length === 1) sentences.push(texts.forgotten_one);
  else if (last) sentences.push(fill(texts.forgotten, { count: last.removed.length }));
  if (last?.forgotten.length === 1) {
    const label = nameOfLabel(last.forgotten[0].label);
    sentences.push(fill(texts.one_gone, { count: drawings.length, label }));
  } else if (last?.forgotten.length) {
    sentences.push(fill(texts.gone, { count: drawings.length, gone: last.forgotten.length }));
  }
  if (trouble && (drawings.length || trouble !== "not_kept")) sentences.push(texts[trouble]);
  return sentences.join(" ");
}

/** Show a thumbnail of each drawing, newest first. */
function showPictures(list, drawings, texts) {
  const template = list.parentElement.querySelector("template");
  const pictures = [...drawings].reverse().map(({ label, strokes }) => {
    const picture = template.content.firstElementChild.cloneNode(true);
    const { left, top, width, height } = extentOf(strokes);
    const side = Math.max(width, height, 1);
    const [x, y] = [left + (width - side) / 2, top + (height - side) / 2];
    const box = [x - ROOM * side, y - ROOM * side, (1 + 2 * ROOM) * side, (1 + 2 * ROOM) * side];
    picture.querySelector("svg").setAttribute("viewBox", box.join(" "));
    const path = strokes.map((stroke) => `M${stroke.join(" ")}h0`).join(""); // h0: a dot has no length
    picture.querySelector("path").setAttribute("d", path);
    picture.querySelector("span").textContent = label ?? texts.no_digit_short;
    picture.querySelector("button").ariaLabel = texts.forget_one.replace("{label}", label ?? texts.no_digit);
    return picture;
  });
  list.replaceChildren(...pictures);
}

function saveFile(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = "mine.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
}
