// "Wrong? It was a …": drawings with what they were meant to be, kept on this device alone.

const KEY = "finalnet-corrections";

/** Bring the choice of the right digit to life; `drawing` tells what is on the pad, and what was answered. */
export function mountCorrections(element, texts, drawing) {
  const count = element.querySelector(".kept");
  const actions = element.querySelector(".actions");
  const show = () => {
    const { length } = load();
    actions.hidden = !length;
    count.textContent = length ? texts.kept.replace("{count}", length) : "";
  };
  element.querySelectorAll(".choices button").forEach((button) => {
    button.addEventListener("click", () => {
      store([...load(), { label: button.value || null, ...drawing() }]);
      show();
    });
  });
  element.querySelector("#download").addEventListener("click", () => {
    saveFile(load().map((each) => `${JSON.stringify(each)}\n`).join(""));
  });
  element.querySelector("#forget").addEventListener("click", () => {
    store([]);
    show();
  });
  element.addEventListener("toggle", show);
}

function load() {
  return JSON.parse(localStorage.getItem(KEY) ?? "[]");
}

function store(corrections) {
  localStorage.setItem(KEY, JSON.stringify(corrections));
}

/** One JSON object a line. */
function saveFile(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = "corrections.jsonl";
  link.click();
  URL.revokeObjectURL(link.href);
}
