// Decides which pointer draws or erases, and ignores palms and second fingers.

const ERASER = 5; // `button` of the eraser end of a pen
const ERASER_BIT = 32; // the same in `buttons`
const PEN_STAYS = 3_000; // ms after a pen was seen in which touches are palms
const PALM = 500; // ms between a touch that the browser cancelled and the pen of the same hand

/** Tracks the one active pointer of a paper. */
export class Pointers {
  /**
   * canvas: the part of the paper that captures the pointer.
   * actions: callbacks {begin(event, isEraser), move(event), end(), takeBack()}. takeBack removes a stroke
   * that turns out to be a palm's, before or after its end.
   * signal: aborted when the paper is removed from the page.
   */
  constructor(paper, canvas, actions, signal) {
    Object.assign(this, { paper, canvas, actions, active: null });
    this.penSeen = this.calledOff = -Infinity; // ms
    // On the whole page, and in the capture phase: if a pointerup never arrives, the next move or
    // press ends the stroke.
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      addEventListener(type, (event) => this.notice(event), { capture: true, signal });
    }
    paper.addEventListener("pointerdown", (event) => this.down(event));
    paper.addEventListener("lostpointercapture", (event) => this.isActive(event) && this.end());
    document.addEventListener("visibilitychange", () => document.hidden && this.end(), { signal });
    // Otherwise iOS zooms in on a double tap and converts quick pen strokes to text.
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
    if (event.type === "pointermove" && isHeld(event, this.active)) return this.actions.move(event);
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
    // A pen always wins; a touch just before it was the palm of the same hand.
    if (this.active && (type !== "pen" || this.active.type === "pen")) return;
    const wasTouch = this.active ? this.active.type === "touch" : timeStamp - this.calledOff < PALM;
    this.calledOff = -Infinity;
    if (type === "pen" && wasTouch) {
      this.active = null;
      this.actions.takeBack();
    } else this.end();
    this.active = { id, type, held: buttons };
    try {
      this.canvas.setPointerCapture(id);
    } catch {
      // The pointer is already gone.
    }
    this.actions.begin(event, isEraser);
  }

  end() {
    if (!this.active) return;
    this.active = null;
    this.actions.end();
  }
}

/** Whether the pointer is still down; true if it did not report its buttons at pointerdown. */
function isHeld({ buttons }, { type, held }) {
  if (!held) return true;
  // A mouse may have another button down instead.
  return (type === "mouse" ? buttons & held : buttons) !== 0;
}
