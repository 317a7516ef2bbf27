// The page without a server: the same parts as on the Gradio page, joined in the browser.

import { mount as mountInside } from "./inside.js";
import * as readout from "./readout.js";
import { mount as mountSketchpad } from "./sketchpad.js";
import { mount as mountStage } from "./stage.js";

const mounts = { inside: mountInside };
for (const name of ["answer", "bars", "network-input", "digits"]) mounts[name] = readout[name];

const allProps = JSON.parse(document.querySelector("#props").textContent);

/** What a Gradio component gives to the function that brings it to life. */
function makeComponent(name, trigger = () => {}) {
  const component = { props: { value: null, ...allProps[name] }, trigger, onValue: () => {} };
  component.watch = (_, callback) => (component.onValue = callback);
  component.file = (path) => new URL(path, document.baseURI).href;
  return component;
}

const find = (name) => document.getElementById(name);

const components = Object.entries(mounts).map(([name, mount]) => {
  const component = makeComponent(name);
  mount(find(name), component);
  return component;
});

function show(reading) {
  for (const component of components) {
    component.props.value = reading;
    component.onValue();
  }
}

mountStage(find("stage-bar"));
const onEvent = (name) => name === "read" && show(find("sketchpad").reading);
mountSketchpad(find("pad"), makeComponent("pad", onEvent));

navigator.serviceWorker?.register("service-worker.js");
