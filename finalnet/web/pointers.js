// Which pointer draws, which erases, and which is ignored: a palm, a second finger.

const ERASER = 5; // the button that the other end of a pen presses
const ERASER_BIT = 32; // the same in `buttons`
const PEN_STAYS = 3_000; // ms since a pen was seen; until then a touch is that of the hand that holds it
const PALM = 500; // ms between a touch that the browser called off and the pen of the same hand

/** The one pointer that is at work on a paper. */
export class Pointers {
  /**
   * canvas: the part of the paper that follows a pointer wherever it goes.
   * hand: {begin(event, isEraser), move(event), end(), takeBack()}, what is done on the paper; a
   * stroke that proves to be a palm's is taken back, with or without an end before.
   * signal: is aborted when the paper is no longer on the page.
   */
  constructor(paper, canvas, hand, signal) {
    Object.assign(this, { paper, canvas, hand, active: null });
    this.penSeen = this.calledOff = -Infinity; // ms
    // On the whole page, and before its other parts: where a pointer-up never comes, the next move
    // or press tells that the stroke has ended.
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      addEventListener(type, (event) => this.notice(event), { capture: true, signal });
    }
    paper.addEventListener("pointerdown", (event) => this.down(event));
    paper.addEventListener("lostpointercapture", (event) => this.isActive(event) && this.end());
    document.addEventListener("visibilitychange", () => document.hidden && this.end(), { signal });
    // Otherwise iOS magnifies what a double tap hits, and takes quick strokes of a pen for text.
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
    // A pen always wins, and what its hand drew just before was no stroke.
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
      // It is gone already.
    }
    this.hand.begin(event, isEraser);
  }

  end() {
    if (!this.active) return;
    this.active = null;
    this.hand.end();
  }
}

/** Whether the pointer still presses; one that never told of its buttons is believed. */
function isHeld({ buttons }, { type, held }) {
  if (!held) return true;
  // Another button of a mouse may be down instead.
  return (type === "mouse" ? buttons & held : buttons) !== 0;
}
