// Sends drawings to the worker, one at a time; a newer drawing replaces one that still waits.

import { pack } from "./packing.js";

/** Reads drawings {strokes, penWidth, isNumber, isFinished, revision} one after the other. */
export class Reader {
  /**
   * settings: {checkpoint, constants}: absolute URL of the checkpoint folder, and Python's constants.
   * onReading: called with each reading and its drawing.
   * onFailure: called with the reason why the network could not be loaded, or with null once it is.
   */
  constructor(settings, onReading, onFailure) {
    Object.assign(this, { settings, onReading, onFailure });
    this.wanted = null; // the drawing to read next
    this.read = null; // the drawing read last, or being read
    this.reading = null; // its reading; null while it is being read
    this.hand = []; // drawings that the worker was taught
    this.looked = null; // the last request of `look`
    this.state = null; // which state of the network reads, see worker.js
    this.load();
  }

  /** Load the network, or try again. */
  load() {
    this.end();
    // The new worker reads what a lost worker was reading.
    if (this.read && !this.reading) this.wanted ??= this.read;
    try {
      this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    } catch {
      return this.loadHere();
    }
    this.worker.onmessage = ({ data }) => this.onMessage(data);
    this.worker.onerror = ({ message }) => {
      if (!this.isReady) return this.loadHere();
      this.isReady = false;
      this.onFailure(message);
    };
    this.worker.postMessage(this.settings);
  }

  /** Read in the page's own thread where a sandbox or the server's policy forbids workers. */
  async loadHere() {
    try {
      const { startReading } = await import("./worker.js");
      const take = startReading((data) => this.worker === here && this.onMessage(data));
      const here = { postMessage: (data) => setTimeout(take, 0, data), terminate: () => {} };
      this.worker = here;
      this.worker.postMessage(this.settings);
    } catch {
      this.onFailure("a script is missing");
    }
  }

  /** Read a drawing next; drops one that still waits. */
  want(drawing) {
    this.wanted = { ...drawing, state: this.state };
    this.next();
  }

  /** Send the files of a training; calls onLearned with the worker's answer. */
  learn(files, onLearned) {
    this.onLearned = onLearned;
    this.learned = files;
    if (this.isReady) this.worker.postMessage(files);
  }

  /** Explain a pixel of a map, see `explainPixel` in explaining.js. */
  explain(input, spot, state, onExplained) {
    this.onExplained = onExplained;
    if (this.isReady) this.worker.postMessage({ explain: input, spot, state });
  }

  /**
   * Teach drawings {label, strokes, pen_width}, newest last, then read the current drawing again.
   *
   * onTaught: called with the digit, or null, as which each of them is read afterwards.
   */
  teach(hand, onTaught) {
    Object.assign(this, { hand, onTaught });
    if (this.isReady) this.worker.postMessage({ hand });
  }

  /** Whether the last drawing that was read, or is being read, has this revision. */
  isCurrent(revision) {
    return revision === this.read?.revision;
  }

  /** Look inside the network for a network input in base64, see `lookInside` in explaining.js. */
  look(input, isThorough, state, onInside) {
    this.onInside = onInside;
    this.looked = { look: input, isThorough, state };
    if (this.isReady) this.worker.postMessage(this.looked);
  }

  end() {
    this.isReady = false;
    this.worker?.terminate();
  }

  next() {
    const drawing = this.wanted;
    if (!drawing || !this.isReady) return;
    if (isSame(drawing, this.read) && this.reading) this.deliver(drawing);
    else if (!this.read || this.reading) {
      this.wanted = null;
      [this.read, this.reading] = [drawing, null];
      const { strokes, penWidth, isNumber, state } = drawing;
      this.worker.postMessage({ drawing: pack(strokes), penWidth, isNumber, state });
    }
  }

  onMessage({ isReady, failure, reads, reading, inside, explanation, learned }) {
    if (failure) return this.onFailure(failure);
    if (inside) return this.onInside(inside);
    if (explanation) return this.onExplained(explanation);
    if (learned) return this.onLearned(learned);
    if (isReady) {
      [this.isReady, this.read] = [true, null];
      this.onFailure(null);
      if (this.hand.length) this.teach(this.hand, this.onTaught);
      if (this.learned) this.worker.postMessage(this.learned);
      if (this.looked) this.worker.postMessage(this.looked);
    } else if (reads) {
      this.onTaught(reads);
      // A pending drawing is read with the lesson already; one that was read before is read again.
      if (this.reading) [this.wanted, this.read, this.reading] = [this.wanted ?? this.read, null, null];
    } else {
      this.reading = reading;
      if (!isSame(this.wanted, this.read)) this.deliver(this.read);
    }
    this.next();
  }

  /** Report the reading; if the same ink is wanted again after pen-up, it is not read twice. */
  deliver(drawing) {
    if (drawing === this.wanted) this.wanted = null;
    this.read = drawing;
    this.onReading({ ...this.reading, finished: drawing.isFinished, state: drawing.state }, drawing);
  }
}

/** Whether two drawings are the same ink, read with the same network. */
const isSame = (one, other) => one?.revision === other?.revision && one?.state === other?.state;
