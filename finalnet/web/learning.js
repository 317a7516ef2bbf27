// "Watch it learn": moves through the states of the training; the pad's recogniser reads the drawing with
// the chosen state. The files are fetched on demand.

import { lifeOf } from "./lifetime.js";
import { follow, latest, padOf, shownDigit } from "./reading.js";
import { percent } from "./readout.js";

const PLAYED_IN = 6_000; // ms, to play the whole training
const NINES = 2.5; // height of the curve, in nines: 90 % accuracy is one, 99 % two
const TUTORIAL = "tutorial";
const EPOCHS = /^after (\d+) epochs?$/; // name of a state in training/states.py

const root = document.documentElement;

/** Make "Watch it learn" interactive, if the checkpoint has states of its training. */
export function mountLearning(element, component) {
  const { texts, training } = component.props;
  if (!training?.states) return;
  new Learning(element, texts.learning, training, component.file);
}

class Learning {
  constructor(element, texts, training, file) {
    const find = (selector) => element.querySelector(selector);
    Object.assign(this, { element, find, texts, training, file, states: null, moment: null });
    this.strip = find("#learning");
    this.slider = find("#learning input");
    this.begin = find("#learn");
    this.tutorial = find("#tutorial");
    this.details = find("details");
    this.begin.hidden = false;
    this.tutorial.hidden = !training.tutorial;
    this.begin.addEventListener("click", () => this.open());
    find("#play-training").addEventListener("click", () => this.play());
    find("#leave-learning").addEventListener("click", () => this.leave());
    this.tutorial.addEventListener("click", () => this.toggleTutorial());
    this.slider.addEventListener("input", () => this.slide(false));
    this.slider.addEventListener("change", () => this.slide(true));
    this.details.addEventListener("toggle", () => this.followInside());
    this.signal = lifeOf(element);
    this.signal.addEventListener("abort", () => this.leave());
    this.room = { width: 0, height: 0 };
    const observer = new ResizeObserver(() => this.reserve());
    observer.observe(this.strip);
    this.signal.addEventListener("abort", () => observer.disconnect());
    follow(element, (reading) => this.update(reading));
  }

  get last() { // the current network
    return this.states.length - 1;
  }

  get pad() {
    return padOf(this.element);
  }

  // --- the files -------------------------------------------------------------------------------

  /** Show the training; fetches it the first time, and plays it at once on stage. */
  async open() {
    if (this.begin.ariaBusy === "true") return;
    if (!this.states) {
      this.begin.ariaBusy = true;
      const problem = await this.fetch().catch(({ message }) => message);
      this.begin.ariaBusy = false;
      const failure = this.find("#learn-failure");
      failure.hidden = !problem;
      failure.textContent = problem ? this.texts.failure.replace("{reason}", problem) : "";
      if (problem || this.signal.aborted) return;
    }
    const isOnStage = root.classList.contains("on-stage");
    this.strip.hidden = false;
    this.choose(this.last, true);
    this.update(latest(this.element));
    this.reserve();
    if (isOnStage) this.play();
    else this.slider.focus();
  }

  /** Fetch the files of the training and load them in the worker; returns what is wrong, or null. */
  async fetch() {
    const get = async (path) => {
      const response = path && (await fetch(this.file(path)));
      if (response && !response.ok) throw new Error(`${response.status} ${response.statusText}`);
      return response;
    };
    const { states, tutorial, metrics } = this.training;
    const files = await Promise.all([get(states), get(tutorial), get(metrics)]);
    const [first, second] = await Promise.all(files.slice(0, 2).map((file) => file?.arrayBuffer()));
    const history = (await files[2]?.json())?.history ?? [];
    const learned = await new Promise((resolve) => {
      this.pad.learn({ states: first, tutorial: second }, resolve);
    });
    if (learned.problem) return learned.problem;
    this.states = learned.states;
    this.slider.max = this.last;
    this.drawCurve(history);
    return null;
  }

  // --- moments of the training -----------------------------------------------------------------

  /** Read with a state: its number, the last of which is the current network, or "tutorial". */
  choose(moment, isAtRest) {
    this.moment = moment;
    const isTutorial = moment === TUTORIAL;
    if (!isTutorial) this.slider.value = moment;
    this.tutorial.ariaPressed = isTutorial;
    const isLast = moment === this.last;
    root.classList.toggle("watching", !isLast); // hides corrections: states know nobody's hand
    this.pad.choose(isLast ? null : moment, isAtRest);
    this.describe();
  }

  slide(isAtRest) {
    this.stop();
    this.choose(Number(this.slider.value), isAtRest);
  }

  toggleTutorial() {
    this.stop();
    this.choose(this.moment === TUTORIAL ? Number(this.slider.value) : TUTORIAL, true);
  }

  /** Play the whole training from the untrained network on. */
  play() {
    this.stop();
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(Math.max(now - start, 0) / PLAYED_IN, 1);
      const moment = Math.min(Math.floor(share * this.states.length), this.last);
      const isOver = share === 1;
      if (moment !== this.moment || isOver) this.choose(moment, isOver);
      this.frame = isOver ? null : requestAnimationFrame(step);
    };
    step(start);
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }

  /** Return to the current network. */
  leave() {
    if (this.strip.hidden) return;
    this.stop();
    const hadFocus = this.strip.contains(document.activeElement);
    this.choose(this.last, true);
    this.strip.hidden = true;
    if (hadFocus) this.begin.focus();
  }

  /** Close together with "See inside"; on stage it can stay open alone. */
  followInside() {
    if (!this.details.open && !root.classList.contains("on-stage")) this.leave();
  }

  /** Reserve the height of the strip's longest words so far, so that the pad does not jump. */
  reserve() {
    const { width, height } = this.strip.getBoundingClientRect();
    const known = width === this.room.width ? this.room.height : 0;
    this.room = { width, height: Math.max(height, known) };
    this.strip.closest("#stage").style.setProperty("--strip", `${this.room.height}px`);
  }

  // --- text and curve ---------------------------------------------------------------------------

  update(reading) {
    if (!this.states) return;
    const isPicture = reading?.source === "picture"; // the server reads it with the current network
    if (isPicture && this.moment !== this.last) this.leave();
    // When a picture is removed, the reading of the drawing returns, perhaps by an earlier state.
    else if (this.strip.hidden && (reading?.state ?? null) !== null) this.pad.choose(null, true);
    this.find("#learning .prompt").hidden = !isPicture && Boolean(shownDigit(reading));
  }

  describe() {
    const isTutorial = this.moment === TUTORIAL;
    const { name, accuracy } = this.states[isTutorial ? this.last : this.moment];
    const { tutorial_name: tutorial, last } = this.texts;
    const named = this.moment === this.last ? last.replace("{name}", name) : name;
    const words = isTutorial ? tutorial : named;
    this.find(".moment").textContent = words;
    this.find(".accuracy").textContent = isTutorial
      ? this.texts.tutorial_text
      : this.texts.accuracy.replace("{percent}", percent(accuracy));
    this.slider.ariaValueText = `${words}, ${percent(accuracy)}`;
    const points = isTutorial ? [] : this.curve.filter(([stop]) => stop <= this.moment);
    this.find(".passed").setAttribute("d", pathOf(points, this.last));
    this.find(".mark").setAttribute("d", points.length ? `${pathOf(points.slice(-1), this.last)}h0` : "");
  }

  /** Draw the validation accuracy at each state, and after each epoch between them. */
  drawCurve(history) {
    const epochs = this.states.map(({ name }) => Number(EPOCHS.exec(name)?.[1] ?? 0));
    this.curve = this.states.map(({ accuracy }, stop) => [stop, accuracy]);
    for (const { epoch, validation_accuracy: accuracy } of history) {
      const next = epochs.findIndex((each) => each > epoch);
      const before = epochs[next - 1];
      if (next < 1 || !before || before === epoch) continue;
      this.curve.push([next - 1 + (epoch - before) / (epochs[next] - before), accuracy]);
    }
    this.curve.sort(([one], [other]) => one - other);
    this.find(".whole").setAttribute("d", pathOf(this.curve, this.last));
    this.strip.querySelectorAll(".tick").forEach((tick) => {
      tick.style.bottom = `${100 * heightOf(Number(tick.dataset.accuracy))}%`;
    });
  }
}

/** The SVG path of points [stop, accuracy] in a square of 100 x 100. */
function pathOf(points, last) {
  const place = ([stop, accuracy]) =>
    `${((100 * stop) / last).toFixed(2)} ${(100 * (1 - heightOf(accuracy))).toFixed(2)}`;
  return points.length ? `M${points.map(place).join("L")}` : "";
}

/** The height of an accuracy in the chart, 0 to 1, on a logarithmic scale of the error. */
function heightOf(accuracy) {
  return Math.min(-Math.log10(Math.max(1 - accuracy, 1e-9)) / NINES, 1);
}
