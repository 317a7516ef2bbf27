// The page without a server: mounts the same parts as the Gradio page.

import { mount as mountInside } from "./inside.js";
import * as readout from "./readout.js";
import { mount as mountSketchpad } from "./sketchpad.js";
import { mount as mountStage } from "./stage.js";
import { mount as mountHand } from "./teaching.js";

const mounts = { inside: mountInside, hand: mountHand };
for (const name of ["answer", "bars", "network-input", "digits"]) mounts[name] = readout[name];

const allProps = JSON.parse(document.querySelector("#props").textContent);

/** A stand-in for what Gradio passes to a part's mount function; its value never changes. */
const makeComponent = (name) => ({
  props: { value: null, ...allProps[name] },
  trigger: () => {},
  watch: () => {},
  file: (path) => new URL(path, document.baseURI).href,
  isHeard: () => false,
});

const find = (name) => document.getElementById(name);

for (const [name, mount] of Object.entries(mounts)) mount(find(name), makeComponent(name));
mountStage(find("stage-bar"), makeComponent("stage-bar"));
mountSketchpad(find("pad"), makeComponent("pad"));

try {
  await navigator.serviceWorker?.register("service-worker.js");
} catch {
  // A sandbox or a setting forbids service workers: the page works, but not offline.
}
