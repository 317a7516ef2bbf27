// "Present": pad and answer fill the screen, with keys, and buttons for devices without a keyboard.

import { lifeOf } from "./lifetime.js";
import { tellPicture } from "./reading.js";
import { mountTabs } from "./tabs.js";

const root = document.documentElement;
const TEXT_FIELDS = "input:not([type=range], [type=radio]), textarea, [contenteditable]";
const PEN_STEP = 4; // pad px
const BAR = ".scrub:not([hidden]) input"; // of a replay
const BAR_STEP = 2; // of 100
const QUIET_ZONE = 2; // modules around a QR code; it stands on white
const LOCAL = /^(localhost|127\.|0\.0\.0\.0|\[::1?\])/; // addresses that only this machine can open

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

/** Make the button "Present" and the keys of the presentation work. */
export function mount(element, { props }) {
  root.lang = props.texts.language; // Gradio sets the browser's language
  const signal = lifeOf(element);
  const onKey = (event) => {
    const act = isForStage(event) && KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // Escape leaves the presentation; elsewhere it clears the pad
    act();
  };
  const onFullscreen = () => document.fullscreenElement || present(false);
  document.addEventListener("keydown", onKey, { capture: true, signal });
  document.addEventListener("fullscreenchange", onFullscreen, { signal });
  const onClick = (id, act) => element.querySelector(`#${id}`).addEventListener("click", act);
  onClick("present", () => {
    present(true);
    root.requestFullscreen?.().catch(() => {}); // not possible in some browsers and frames
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
  if (on) find("#tabs [role=tab]")?.click(); // the one with the pad
  else if (document.fullscreenElement) document.exitFullscreen().catch(() => {}); // it has ended already
  document.querySelectorAll(":popover-open").forEach((each) => each.hidePopover());
  // The stage shows no eraser button, no prompts and no picture.
  if (on) click("eraser[aria-pressed=true]");
  if (on) find(".tour:not([hidden]) .stop")?.click();
  if (on) tellPicture(root, null);
  click("leave-learning");
  root.classList.toggle("on-stage", on);
  const address = new URL(location.href);
  if (on) address.searchParams.set("stage", "1");
  else address.searchParams.delete("stage");
  history.replaceState(history.state, "", address);
  if (on) scrollTo(0, 0);
  // Move the keyboard focus, because the button that was pressed is hidden now.
  requestAnimationFrame(() => find(on ? "#sketchpad" : "#present")?.focus({ preventScroll: true }));
}

function isForStage(event) {
  if (!event.key || event.ctrlKey || event.metaKey || event.altKey) return false; // autofill events have no key
  if (event.key === "Escape" && find(":popover-open")) return false;
  if (find("#correction:popover-open")) return false; // it has its own keys
  // Sliders and maps that have the focus use the arrow keys themselves.
  if (/^Arrow/.test(event.key) && (!find(`${BAR}, .tile`) || event.target.matches?.("input, .map"))) return false;
  // The space bar presses a button that was focused with the keyboard.
  if (event.key === " " && event.target.matches?.(":is(button, summary):focus-visible")) return false;
  return root.classList.contains("on-stage") && !event.target.closest?.(TEXT_FIELDS);
}

/** Open "Not right?" for the drawing, or for the chosen digit of a number. */
function teach() {
  if (!find("#wrong:not([hidden])")) chooseTile(1);
  find("#wrong:not([hidden])")?.click();
}

/** Choose the next digit of a number: step 1 to the right, -1 to the left. */
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

/** Toggle the page's address and its QR code; says why if other devices cannot open the page. */
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

/** The address for other devices; null if only this machine can open the page. */
export function addressFor({ protocol, hostname, port, pathname }, host) {
  const name = LOCAL.test(hostname) ? host : hostname;
  return name ? `${protocol}//${name}${port && `:${port}`}${pathname}` : null;
}
