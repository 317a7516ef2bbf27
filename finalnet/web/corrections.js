// "Not right? Which digit did you draw?": drawings with what they were meant to be, kept on this device alone.

import { lifeOf } from "./lifetime.js";

const KEY = "finalnet-corrections";

/** Bring the choice of the right digit to life; `drawing` tells what is on the pad, and what was answered. */
export function mountCorrections(dialog, texts, drawing) {
  const find = (selector) => dialog.parentElement.querySelector(selector);
  const [wrong, undo, count] = ["#wrong", "#unsay", ".kept"].map(find);
  const choices = dialog.querySelectorAll(".choices button");
  let thankedFor = null; // strokes of the pad that were corrected just now

  const showThanks = () => {
    const isThanked = drawing().strokes === thankedFor;
    const words = isThanked ? texts.thanks : texts.wrong;
    if (wrong.textContent !== words) wrong.textContent = words;
    undo.hidden = !isThanked;
  };

  const showKept = () => {
    const corrections = load();
    const chosen = corrections.find(isOf(drawing().strokes));
    for (const choice of choices) {
      choice.ariaPressed = chosen !== undefined && choice.value === (chosen.label ?? "");
    }
    dialog.querySelector(".actions").hidden = !corrections.length;
    count.textContent = corrections.length
      ? texts.kept.replace("{count}", corrections.length)
      : "";
  };

  const correct = (label) => {
    const { strokes, ...more } = drawing();
    if (strokes.length) {
      const others = load().filter((each) => !isOf(strokes)(each));
      if (!store([...others, { label, strokes, ...more }])) return false;
      thankedFor = strokes;
    }
    showThanks();
    dialog.togglePopover(false);
    return true;
  };

  const forget = (isForgotten) => {
    store(load().filter((each) => !isForgotten(each)));
    thankedFor = null;
    showThanks();
  };

  for (const choice of choices) {
    choice.addEventListener("click", () => {
      if (!correct(choice.value || null)) count.textContent = texts.not_kept;
    });
  }
  undo.addEventListener("click", () => {
    forget(isOf(thankedFor));
    wrong.focus(); // the button that had the focus is gone
  });
  dialog.querySelector("#download").addEventListener("click", () => {
    saveFile(load().map((each) => `${JSON.stringify(each)}\n`).join(""));
  });
  dialog.querySelector("#forget").addEventListener("click", () => {
    forget(() => true);
    showKept();
  });
  dialog.addEventListener("toggle", showKept);
  document.addEventListener("reading", showThanks, { signal: lifeOf(dialog) });
}

/** Whether a correction is of these strokes: what was meant by a drawing is kept once. */
function isOf(strokes) {
  const text = JSON.stringify(strokes);
  return (correction) => JSON.stringify(correction.strokes) === text;
}

/** What is kept; nothing where the browser keeps nothing, or what it kept is broken. */
function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(kept) ? kept.filter((each) => each?.strokes) : [];
  } catch {
    return [];
  }
}

/** Keep corrections; returns whether the browser does. */
function store(corrections) {
  try {
    localStorage.setItem(KEY, JSON.stringify(corrections));
    return true;
  } catch {
    return false;
  }
}

/** One JSON object a line. */
function saveFile(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = "corrections.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
}
