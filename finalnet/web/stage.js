// "Present": pad and answer fill the screen, controlled by keys, or by buttons on touch screens.

import { lifeOf } from "./lifetime.js";
import { tellPicture } from "./reading.js";
import { mountTabs } from "./tabs.js";

const root = document.documentElement;
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, [contenteditable]";
const PEN_STEP = 4; // pad px
const BAR = ".scrub:not([hidden]) input"; // of a replay
const BAR_STEP = 2; // of 100
const QUIET_ZONE = 2; // modules around a QR code; it stands on white
const LOCAL = /^(localhost|127\.|0\.0\.0\.0|\[::1?\])/; // this machine only

const find = (selector) => document.querySelector(selector);
const click = (id) => find(`#${id}`)?.click();
const KEYS = {
  " ": () => click("clear"),
  t: () => teach(),
  z: () => click("undo"),
  w: () => click("wide"),
  r: () => click("replay"),
  i: () => click("show-inside"),
  l: () => click("learn"),
  "+": () => changePen(PEN_STEP),
  "-": () => changePen(-PEN_STEP),
  q: () => click("show-address"),
  arrowleft: () => (find(BAR) ? moveBar(-BAR_STEP) : chooseTile(-1)),
  arrowright: () => (find(BAR) ? moveBar(BAR_STEP) : chooseTile(1)),
  p: () => click("leave"),
  escape: () => click("leave"),
};
for (let digit = 0; digit < 10; digit++) KEYS[digit] = () => highlight(digit || 10);

/** Mount the "Present" button and the keys. */
export function mount(element, { props }) {
  root.lang = props.texts.language; // the page's language, not the browser's
  const signal = lifeOf(element);
  const onKey = (event) => {
    const act = isForStage(event) && KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // Escape leaves the stage; elsewhere it clears the pad
    act();
  };
  const onFullscreen = () => document.fullscreenElement || present(false);
  document.addEventListener("keydown", onKey, { capture: true, signal });
  document.addEventListener("fullscreenchange", onFullscreen, { signal });
  const onClick = (id, act) => element.querySelector(`#${id}`).addEventListener("click", act);
  onClick("present", () => {
    present(true);
    root.requestFullscreen?.().catch(() => {}); // not available in all browsers and frames
  });
  onClick("leave", () => present(false));
  onClick("show-inside", () => {
    const inside = find("#inside details");
    inside.open = !inside.open;
  });
  onClick("show-address", () => showAddress(element.querySelector("#address"), props));
  mountTabs();
  if (new URL(location.href).searchParams.get("stage") === "1") present(true);
}

function present(on) {
  if (on === root.classList.contains("on-stage")) return;
  if (on) find("#tabs [role=tab]")?.click(); // the tab with the pad
  else if (document.fullscreenElement) document.exitFullscreen().catch(() => {}); // it has already ended
  document.querySelectorAll(":popover-open").forEach((each) => each.hidePopover());
  if (on) click("eraser[aria-pressed=true]"); // the stage has no eraser button
  if (on) find(".tour:not([hidden]) .stop")?.click(); // nor prompts
  if (on) tellPicture(root, null); // nor a picture
  click("leave-learning");
  root.classList.toggle("on-stage", on);
  const address = new URL(location.href);
  if (on) address.searchParams.set("stage", "1");
  else address.searchParams.delete("stage");
  history.replaceState(history.state, "", address);
  if (on) scrollTo(0, 0);
  // The pressed button is hidden now, so move the keyboard focus here.
  requestAnimationFrame(() => find(on ? "#sketchpad" : "#present")?.focus({ preventScroll: true }));
}

function isForStage(event) {
  if (!event.key || event.ctrlKey || event.metaKey || event.altKey) return false; // autofill events have no key
  if (event.key === "Escape" && find(":popover-open")) return false;
  if (find("#correction:popover-open")) return false; // it handles its own keys
  // The focused element may use the arrow keys itself.
  if (/^Arrow/.test(event.key) && (!find(`${BAR}, .tile`) || event.target.matches?.("input, .map"))) return false;
  // A button focused with the keyboard keeps Space and Enter.
  if (event.key === " " && event.target.matches?.(":is(button, summary):focus-visible")) return false;
  return root.classList.contains("on-stage") && !event.target.closest?.(TEXT_FIELDS);
}

/** Open "Not right?" for the drawing, or for the chosen digit of a number. */
function teach() {
  if (!find("#wrong:not([hidden])")) chooseTile(1);
  find("#wrong:not([hidden])")?.click();
}

/** Choose the next digit of a number to the right or left. */
function chooseTile(step) {
  const tiles = [...document.querySelectorAll(".tile")];
  const chosen = tiles.findIndex(({ ariaPressed }) => ariaPressed === "true");
  const next = chosen < 0 && step < 0 ? tiles.length - 1 : chosen + step;
  tiles[next]?.click();
}

function changePen(step) {
  move(find(".pen input"), step);
}

function moveBar(step) {
  move(find(BAR), step);
}

function move(slider, step) {
  slider.value = Number(slider.value) + step;
  for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type));
}

function highlight(k) {
  document.dispatchEvent(new CustomEvent("highlight", { detail: k }));
}

/** Show or hide the page's address as a QR code, or the reason why there is none. */
async function showAddress(panel, { host, texts }) {
  if (panel.matches(":popover-open")) return panel.hidePopover();
  const address = addressFor(location, host);
  const canvas = panel.querySelector("canvas");
  canvas.hidden = !address;
  panel.querySelector("p").textContent = address ?? texts.only_here;
  if (address) {
    const { generate } = await import("./vendor/lean-qr.js");
    generate(address).toCanvas(canvas, { padX: QUIET_ZONE, padY: QUIET_ZONE });
  }
  panel.showPopover();
}

/** The page's address for other devices; null if only this machine can open it. */
export function addressFor({ protocol, hostname, port, pathname }, host) {
  const name = LOCAL.test(hostname) ? host : hostname;
  return name ? `${protocol}//${name}${port && `:${port}`}${pathname}` : null;
}
