// Crops a picture: draw the part to keep with mouse or finger, move and resize it with the keyboard.

const STEP = 0.02; // of the picture's sides, per press of an arrow key
const SMALLEST = 0.03; // of the picture's sides; a shorter drag is ignored as a tap
const FIRST = { left: 0.1, top: 0.1, right: 0.9, bottom: 0.9 };
const ARROWS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** The frame over a picture. `part`: {left, top, right, bottom}, in 0..1; null while closed. */
export class Cropper {
  /** area: element that covers the picture and contains the frame. onEnter: called on Enter. */
  constructor(area, onEnter) {
    Object.assign(this, { area, onEnter, part: null });
    this.frame = area.querySelector(".part");
    area.addEventListener("pointerdown", (event) => this.draw(event));
    // Otherwise Chromium takes a quick drag for a fling, and the next tap stops it without a click.
    for (const type of ["touchstart", "touchmove"]) {
      area.addEventListener(type, (event) => event.preventDefault(), { passive: false });
    }
    this.frame.addEventListener("keydown", (event) => this.keyDown(event));
  }

  get isOpen() {
    return this.part !== null;
  }

  open() {
    this.show(FIRST);
    this.frame.focus();
  }

  close() {
    this.show(null);
  }

  show(part) {
    this.part = part;
    this.area.hidden = part === null;
    if (!part) return;
    const { left, top, right, bottom } = part;
    const shares = { left, top, width: right - left, height: bottom - top };
    for (const [side, share] of Object.entries(shares)) this.frame.style[side] = `${100 * share}%`;
  }

  /** Draw a new part by dragging, from where the pointer went down. */
  draw(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    const { area, part: before } = this;
    area.setPointerCapture(event.pointerId);
    const [x, y] = this.placeOf(event);
    const move = (next) => {
      const [otherX, otherY] = this.placeOf(next);
      this.show({
        left: Math.min(x, otherX),
        top: Math.min(y, otherY),
        right: Math.max(x, otherX),
        bottom: Math.max(y, otherY),
      });
    };
    const finish = () => {
      area.removeEventListener("pointermove", move);
      const { part } = this;
      if (part && Math.min(part.right - part.left, part.bottom - part.top) < SMALLEST) {
        this.show(before);
      }
      this.frame.focus();
    };
    area.addEventListener("pointermove", move);
    area.addEventListener("lostpointercapture", finish, { once: true });
  }

  placeOf({ clientX, clientY }) {
    const { left, top, width, height } = this.area.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height].map((share) => within(share, 0, 1));
  }

  /** Arrows move the part; with Shift they move its lower right corner. */
  keyDown(event) {
    if (event.key === "Enter") this.onEnter();
    else if (event.key in ARROWS) this.move(...ARROWS[event.key], event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(x, y, isResized) {
    let { left, top, right, bottom } = this.part;
    if (isResized) {
      right = within(right + x, left + SMALLEST, 1);
      bottom = within(bottom + y, top + SMALLEST, 1);
    } else {
      [x, y] = [within(x, -left, 1 - right), within(y, -top, 1 - bottom)];
      [left, top, right, bottom] = [left + x, top + y, right + x, bottom + y];
    }
    this.show({ left, top, right, bottom });
  }
}

const within = (value, low, high) => Math.min(Math.max(value, low), high);
