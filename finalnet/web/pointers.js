// Decides which pointer draws, which erases, and which is ignored: a palm, a second finger.

const ERASER = 5; // `button` of a pen's eraser end
const ERASER_BIT = 32; // the same in `buttons`
const PEN_STAYS = 3_000; // ms after a pen was seen in which touches count as its hand's palm
const PALM = 500; // ms between a touch the browser cancelled and the pen of the same hand

/** Tracks the active pointer on a paper. */
export class Pointers {
  /**
   * canvas: the part of the paper that captures the pointer.
   * hand: callbacks {begin(event, isEraser), move(event), end(), takeBack()}. takeBack undoes a
   * stroke that turns out to be a palm, whether or not it has ended.
   * signal: aborted when the paper leaves the page.
   */
  constructor(paper, canvas, hand, signal) {
    Object.assign(this, { paper, canvas, hand, active: null });
    this.penSeen = this.calledOff = -Infinity; // ms
    // On the whole page and before its other parts: if a pointerup never arrives, the next move or
    // press shows that the stroke has ended.
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      addEventListener(type, (event) => this.notice(event), { capture: true, signal });
    }
    paper.addEventListener("pointerdown", (event) => this.down(event));
    paper.addEventListener("lostpointercapture", (event) => this.isActive(event) && this.end());
    document.addEventListener("visibilitychange", () => document.hidden && this.end(), { signal });
    // Otherwise iOS zooms on a double tap, and takes quick pen strokes for handwritten text.
    for (const type of ["touchstart", "touchmove"]) {
      const prevent = (event) => event.cancelable && event.preventDefault();
      paper.addEventListener(type, prevent, { passive: false });
    }
  }

  isActive({ pointerId }) {
    return pointerId === this.active?.id;
  }

  notice(event) {
    if (event.pointerType === "pen") this.penSeen = event.timeStamp;
    if (!this.isActive(event)) return;
    if (event.type === "pointermove" && isHeld(event, this.active)) return this.hand.move(event);
    if (event.type === "pointercancel" && this.active.type === "touch") {
      this.calledOff = event.timeStamp;
    }
    this.end();
  }

  down(event) {
    const { pointerId: id, pointerType: type, button, buttons, timeStamp } = event;
    const isEraser = button === ERASER || (buttons & ERASER_BIT) !== 0;
    if (button !== 0 && !isEraser) return;
    if (type === "touch" && timeStamp - this.penSeen < PEN_STAYS) return;
    // A pen always wins, and a touch just before it was its hand's palm.
    if (this.active && (type !== "pen" || this.active.type === "pen")) return;
    const wasTouch = this.active ? this.active.type === "touch" : timeStamp - this.calledOff < PALM;
    this.calledOff = -Infinity;
    if (type === "pen" && wasTouch) {
      this.active = null;
      this.hand.takeBack();
    } else this.end();
    this.active = { id, type, held: buttons };
    try {
      this.canvas.setPointerCapture(id);
    } catch {
      // The pointer is already gone.
    }
    this.hand.begin(event, isEraser);
  }

  end() {
    if (!this.active) return;
    this.active = null;
    this.hand.end();
  }
}

/** Whether the pointer is still down; true for a pointer that never reported buttons. */
function isHeld({ buttons }, { type, held }) {
  if (!held) return true;
  // Another button of a mouse may be down instead.
  return (type === "mouse" ? buttons & held : buttons) !== 0;
}
