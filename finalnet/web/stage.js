// The presentation: pad and answer fill the screen, and the keyboard does the rest.

const root = document.documentElement;
const address = new URL(location.href);
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, select, [contenteditable]";

function present(on) {
  root.classList.toggle("on-stage", on);
  if (on) address.searchParams.set("stage", "1");
  else address.searchParams.delete("stage");
  history.replaceState(null, "", address);
}

function press(selector) {
  document.querySelector(selector)?.click();
}

function onKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onKey);
  if (!root.classList.contains("on-stage") || event.target.closest?.(TEXT_FIELDS)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === " ") press("#clear");
  else if (key === "z") press("#undo");
  else if (key === "p") present(false);
  else if (/^\d$/.test(key)) press(`#k label:nth-of-type(${key === "0" ? 10 : key}) input`);
  else return;
  event.preventDefault();
}

element.querySelector("#present").addEventListener("click", (event) => {
  event.currentTarget.blur(); // the keys are for the stage from here on
  present(true);
});
document.addEventListener("keydown", onKey);
if (address.searchParams.get("stage") === "1") present(true);
