// The presentation: pad and answer fill the screen; keys, and buttons for those who have none.

const root = document.documentElement;
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, [contenteditable]";
const PEN_STEP = 4; // pad px
const QUIET_ZONE = 2; // modules around a QR code; it stands on white
const LOCAL = /^(localhost|127\.|0\.0\.0\.0|\[::1?\])/; // this machine only

const click = (id) => document.querySelector(`#${id}`)?.click();
const KEYS = {
  " ": () => click("clear"),
  z: () => click("undo"),
  w: () => click("wide"),
  r: () => click("replay"),
  "+": () => changePen(PEN_STEP),
  "-": () => changePen(-PEN_STEP),
  q: () => click("show-address"),
  p: () => click("leave"),
  escape: () => click("leave"),
};
for (let digit = 0; digit < 10; digit++) KEYS[digit] = () => highlight(digit || 10);

/** Bring the button that begins the presentation, and its keys, to life. */
export function mount(element) {
  root.lang = "en"; // whatever the browser's; every word here is
  const find = (selector) => element.querySelector(selector);
  const onKey = (event) => {
    if (!element.isConnected) return document.removeEventListener("keydown", onKey, true);
    const act = isForStage(event) && KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // Escape leaves here, and clears elsewhere
    act();
  };
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) present(false);
  });
  find("#present").addEventListener("click", (event) => {
    event.currentTarget.blur(); // the keys are for the stage from here on
    present(true);
    root.requestFullscreen?.().catch(() => {}); // some browsers and frames have none
  });
  find("#leave").addEventListener("click", () => present(false));
  find("#show-address").hidden = LOCAL.test(location.hostname);
  find("#show-address").addEventListener("click", () => showAddress(find("#address")));
  if (new URL(location.href).searchParams.get("stage") === "1") present(true);
}

function present(on) {
  if (on) document.querySelector("#tabs [role=tab]")?.click(); // the one with the pad
  else if (document.fullscreenElement) document.exitFullscreen();
  root.classList.toggle("on-stage", on);
  const address = new URL(location.href);
  if (on) address.searchParams.set("stage", "1");
  else address.searchParams.delete("stage");
  history.replaceState(history.state, "", address);
}

function isForStage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape" && document.querySelector(":popover-open")) return false;
  return root.classList.contains("on-stage") && !event.target.closest?.(TEXT_FIELDS);
}

function changePen(step) {
  const pen = document.querySelector(".pen input");
  pen.value = Number(pen.value) + step;
  for (const type of ["input", "change"]) pen.dispatchEvent(new Event(type));
}

function highlight(k) {
  const choice = document.querySelector("#k");
  choice.value = k;
  choice.dispatchEvent(new Event("change"));
}

/** Show the page's address, large enough for the phones of a hall; or hide it. */
async function showAddress(panel) {
  const { origin, pathname } = location;
  const { generate } = await import("./vendor/lean-qr.js");
  const padding = { padX: QUIET_ZONE, padY: QUIET_ZONE };
  generate(origin + pathname).toCanvas(panel.querySelector("canvas"), padding);
  panel.querySelector("p").textContent = origin + pathname;
  panel.togglePopover();
}
