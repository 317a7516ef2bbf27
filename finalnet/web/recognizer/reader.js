// The recogniser as the pad uses it: drawings go to the worker one at a time, the latest wins.

import { pack } from "./packing.js";

/** Reads drawings {strokes, penWidth, isNumber, isFinished, revision} one after the other. */
export class Reader {
  /**
   * settings: {checkpoint, constants}, the checkpoint folder's absolute URL and Python's numbers.
   * onReading: is given each reading, with `finished` as its drawing's, and the drawing.
   * onFailure: is given why the network could not be loaded, or null once it is.
   */
  constructor(settings, onReading, onFailure) {
    Object.assign(this, { settings, onReading, onFailure });
    this.wanted = null; // what is read next
    this.read = null; // what was read last, or is being read
    this.reading = null; // what it says; null while it is being read
    this.hand = []; // drawings that are known
    this.looked = null; // the network input that was looked into last
    this.state = null; // of the network that reads, as worker.js says
    this.load();
  }

  /** Load the network, or try again to. */
  load() {
    this.end();
    // What a lost worker was reading is read by the next one.
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

  /** Do in the page what a worker does, where a sandbox or the server's policy allows none. */
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

  /** Read a drawing next; one that still waits is dropped. */
  want(drawing) {
    this.wanted = { ...drawing, state: this.state };
    this.next();
  }

  /** Hand on the files of a training; onLearned is told what worker.js answers to them. */
  learn(files, onLearned) {
    this.onLearned = onLearned;
    this.learned = files;
    if (this.isReady) this.worker.postMessage(files);
  }

  /** Tell how a pixel of a map comes about; `inside.js` says what. */
  explain(input, spot, state, onExplained) {
    this.onExplained = onExplained;
    if (this.isReady) this.worker.postMessage({ explain: input, spot, state });
  }

  /**
   * Have drawings {label, strokes, pen_width} known, the latest last, and read anew what is there;
   * onTaught is given what each of them is read as then.
   */
  teach(hand, onTaught) {
    Object.assign(this, { hand, onTaught });
    if (this.isReady) this.worker.postMessage({ hand });
  }

  /** Whether the last reading is for this drawing. */
  isCurrent(revision) {
    return revision === this.read?.revision;
  }

  /** Tell what happens in the network with a network input in base64; `inside.js` says what. */
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
      // What is being read now is read by who has learned.
      if (this.reading) [this.wanted, this.read, this.reading] = [this.wanted ?? this.read, null, null];
    } else {
      this.reading = reading;
      if (!isSame(this.wanted, this.read)) this.deliver(this.read);
    }
    this.next();
  }

  /** The same ink may be wanted again once the pen is lifted: it is not read twice. */
  deliver(drawing) {
    if (drawing === this.wanted) this.wanted = null;
    this.read = drawing;
    this.onReading({ ...this.reading, finished: drawing.isFinished, state: drawing.state }, drawing);
  }
}

/** Whether the same ink is read with the same network. */
const isSame = (one, other) => one?.revision === other?.revision && one?.state === other?.state;
