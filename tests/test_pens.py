"""The pad under pen, palm, finger and key events that no test driver sends by itself."""

import pytest
from drawings import DRAWINGS
from visitor import SCREENS, Visitor, visit

from finalnet import draw_strokes

# point(type, [x, y], {...}): dispatches a pointer event on the pad; x and y in % of its size.
# strokes(): the first and last point of each stroke on the pad, in %.
HAND = """{
  const find = (selector) => document.querySelector(selector);
  window.makePoint = (type, [x, y], { later = 0, ...more } = {}) => {
    const box = find("#sketchpad canvas").getBoundingClientRect();
    const place = {
      clientX: box.left + (x * box.width) / 100,
      clientY: box.top + (y * box.height) / 100,
    };
    const hand = { pointerId: 7, pointerType: "mouse", button: 0, buttons: 1, ...place, ...more };
    const event = new PointerEvent(type, { bubbles: true, cancelable: true, ...hand });
    const { timeStamp } = event;
    if (later) Object.defineProperty(event, "timeStamp", { value: timeStamp + later });
    return event;
  };
  window.point = (...event) => find("#sketchpad canvas").dispatchEvent(makePoint(...event));
  window.line = (from, to, hand) => {
    point("pointerdown", from, hand);
    point("pointermove", to, hand);
    point("pointerup", to, { ...hand, buttons: 0 });
  };
  window.strokes = () => {
    const percent = (point) => point.map((length) => Math.round(length / 2.8));
    const { strokes } = find("#sketchpad").drawing();
    return strokes.map((stroke) => [percent(stroke[0]), percent(stroke.at(-1))]);
  };
  window.empty = () => find("#clear").click();
}"""
BAR = [[50, 10], [50, 90]]
DRAW_BAR = f"line(...{BAR})"


@pytest.fixture(scope="module")
def shared(browser, app_url):
    with visit(browser, app_url, **SCREENS["desktop"]) as visitor:
        visitor.page.add_init_script(HAND)
        visitor.page.evaluate(HAND)
        yield visitor


@pytest.fixture
def hand(shared) -> Visitor:
    """A visitor of the shared page, with an empty pad, no pen nearby and empty `localStorage`."""
    shared.page.evaluate(
        """() => {
          localStorage.clear();
          document.querySelector(".on-stage #leave")?.click();
          point("pointermove", [0, 0], { pointerType: "pen", buttons: 0, later: -1e9 });
          empty();
          document.activeElement.blur();
        }"""
    )
    return shared


def test_a_stroke_ends_where_its_button_is_released_unseen(hand):
    for kind, other in (("mouse", 2), ("mouse", 0), ("touch", 0), ("pen", 0)):
        assert hand.page.evaluate(
            """([pointerType, buttons]) => {
              point("pointerdown", [20, 20], { pointerType });
              point("pointermove", [40, 40], { pointerType });
              point("pointermove", [90, 40], { pointerType, buttons }); // no pointerup came
              point("pointermove", [90, 90], { pointerType, buttons });
              const left = strokes();
              empty();
              return [left, strokes()];
            }""",
            [kind, other],
        ) == [[[[20, 20], [40, 40]]], []], kind
        hand.page.evaluate("point('pointercancel', [0, 0], { pointerId: 1 })")
    # Pressing elsewhere also ends a stroke.
    assert (
        hand.page.evaluate(
            """() => {
          point("pointerdown", [20, 20]);
          document.querySelector("#clear").dispatchEvent(makePoint("pointerdown", [20, 20]));
          empty();
          return strokes();
        }"""
        )
        == []
    )


def test_a_pen_wins_over_the_palm(hand):
    draw = """(palm, later) => {
      const [touch, pen] = [
        { pointerType: "touch", pointerId: 2, later },
        { pointerType: "pen", pointerId: 3, later },
      ];
      point("pointerdown", [80, 80], touch);
      point("pointermove", [82, 82], touch);
      if (palm === "called off") point("pointercancel", [82, 82], touch);
      point("pointerdown", [20, 20], pen);
      point("pointermove", [82, 84], touch);
      point("pointermove", [20, 60], pen);
      point("pointerup", [82, 84], { ...touch, buttons: 0 });
      point("pointermove", [20, 80], pen);
      point("pointerup", [20, 80], { ...pen, buttons: 0 });
    }"""
    page = hand.page
    page.evaluate("line([50, 10], [50, 90], { pointerType: 'touch', pointerId: 1 })")
    for palm, later in (("down", 0), ("called off", 10_000)):
        page.evaluate(f"([palm, later]) => ({draw})(palm, later)", [palm, later])
        assert page.evaluate("strokes()") == [BAR, [[20, 20], [20, 80]]], palm
        page.click("#undo")
        assert page.evaluate("strokes()") == [BAR]  # undo skips the palm
        # No touch draws within 3 s of the latest move of the pen; then fingers draw again.
        page.evaluate(
            """(later) => {
              const touch = { pointerType: "touch", pointerId: 4 };
              point("pointermove", [1, 1], { pointerType: "pen", buttons: 0, later: later + 2000 });
              line([80, 80], [82, 82], { ...touch, later: later + 4000 });
            }""",
            later,
        )
        assert page.evaluate("strokes()") == [BAR]
        page.evaluate(
            "later => line([70, 10], [70, 90], { pointerType: 'touch', later: later + 6000 })",
            later,
        )
        assert page.evaluate("strokes().length") == 2
        page.click("#undo")


def test_only_the_first_of_several_fingers_draws(hand):
    assert hand.page.evaluate(
        """() => {
          const [one, other] = [1, 2].map((pointerId) => ({ pointerId, pointerType: "touch" }));
          point("pointerdown", [20, 20], one);
          point("pointerdown", [80, 20], other);
          point("pointermove", [20, 50], one);
          point("pointermove", [80, 50], other);
          point("pointerup", [80, 50], { ...other, buttons: 0 });
          point("pointermove", [20, 80], one);
          point("pointercancel", [20, 80], { ...one, buttons: 0 });
          point("pointermove", [80, 80], one);
          return strokes();
        }"""
    ) == [[[20, 20], [20, 80]]]


def test_the_other_end_of_a_pen_erases(hand):
    hand.draw("7 crossed")
    assert hand.page.evaluate(
        """() => {
          const eraser = { pointerType: "pen", button: 5, buttons: 32 };
          const [[x, y]] = document.querySelector("#sketchpad").drawing().strokes[1]; // its bar
          point("pointerdown", [x / 2.8, y / 2.8], eraser);
          const cursor = getComputedStyle(document.querySelector("#sketchpad canvas")).cursor;
          point("pointerup", [x / 2.8, y / 2.8], { ...eraser, buttons: 0 });
          line([10, 90], [20, 90], { pointerType: "pen" });
          return [cursor.includes("url"), strokes().length];
        }"""
    ) == [True, 2]


def test_the_browser_does_not_scroll_or_zoom_on_the_pad(phone):
    prevented = """(selector) => ["touchstart", "touchmove"].map((type) => {
      const event = new Event(type, { bubbles: true, cancelable: true });
      document.querySelector(selector).dispatchEvent(event);
      return event.defaultPrevented;
    })"""
    assert phone.page.evaluate(prevented, "#sketchpad canvas") == [True, True]
    for other in ("#undo", ".pen input", "#answer", "body"):
        assert phone.page.evaluate(prevented, other) == [False, False], other


def test_ink_is_redrawn_when_the_canvas_is_lost_or_the_screen_is_denser(hand):
    page = hand.page
    hand.draw("3 round")
    hand.sees("3")
    page.wait_for_function("inkOf() > 0")
    ink = hand.ink()
    for target, type in (
        ("document.querySelector('#sketchpad canvas')", "contextrestored"),
        ("document", "visibilitychange"),  # back from another tab
    ):
        page.evaluate("const c = document.querySelector('#sketchpad canvas'); c.width = c.width")
        assert hand.ink() == 0
        page.evaluate(f"{target}.dispatchEvent(new Event('{type}'))")
        assert hand.ink() == ink, type
    width = page.evaluate("document.querySelector('#sketchpad canvas').width")
    screen = page.context.new_cdp_session(page)
    denser = {"width": 1280, "height": 800, "deviceScaleFactor": 2, "mobile": False}
    screen.send("Emulation.setDeviceMetricsOverride", denser)
    page.wait_for_function(
        "width => document.querySelector('#sketchpad canvas').width === 2 * width", arg=width
    )
    assert hand.ink() == pytest.approx(4 * ink, rel=0.02)
    screen.send("Emulation.setDeviceMetricsOverride", {**denser, "deviceScaleFactor": 1})
    page.wait_for_function("ink => inkOf() === ink", arg=ink)


def test_a_frame_of_a_long_scribble_draws_only_new_points(hand):
    page = hand.page
    page.evaluate(
        """() => {
          window.curves = 0;
          const { quadraticCurveTo } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.quadraticCurveTo = function (...args) {
            curves++;
            quadraticCurveTo.apply(this, args);
          };
          let i = 0;
          const next = () => [50 + 40 * Math.sin(i * 0.13), 50 + 40 * Math.sin(++i * 0.17)];
          window.scribble = async (count) => {
            const coalescedEvents = Array.from({ length: count }, () =>
              makePoint("pointermove", next()),
            );
            point("pointermove", next(), { coalescedEvents });
            await new Promise(requestAnimationFrame);
          };
          point("pointerdown", next());
        }"""
    )
    for _ in range(6):
        page.evaluate("scribble(3000)")
    assert (
        page.evaluate("document.querySelector('#sketchpad').drawing().strokes[0].length") > 15_000
    )
    # A frame with few new points does not redraw the stroke from its first point.
    small = page.evaluate("(curves = 0, scribble(10).then(() => curves))")
    assert 0 < small < 500
    ink = hand.ink()
    page.evaluate("point('pointerup', [50, 50], { buttons: 0 })")
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")  # redraws everything
    assert hand.ink() == ink
    page.click("#clear")
    page.wait_for_function("inkOf() === 0")


def test_the_eraser_turns_off_when_it_is_no_longer_needed(hand):
    page = hand.page
    eraser = page.locator("#eraser")
    cursor = "getComputedStyle(document.querySelector('#sketchpad canvas')).cursor"
    pen = page.evaluate(cursor)

    def is_taken() -> bool:
        taken = eraser.get_attribute("aria-pressed") == "true"
        assert taken == (page.evaluate(cursor) != pen)  # the cursor shows it
        return taken

    page.keyboard.press("e")
    assert not is_taken()  # there is nothing to erase
    for put_away in (
        lambda: page.click("#clear"),
        lambda: page.mouse.click(*hand.on_pad([BAR])[0][0]),  # erases the only stroke
        lambda: page.keyboard.press("e"),
        lambda: page.click("#eraser"),
    ):
        page.evaluate(DRAW_BAR)
        page.keyboard.press("e")
        assert is_taken()
        put_away()
        assert not is_taken()
    page.click("#eraser")
    page.click("#present")
    assert not is_taken()
    page.keyboard.press("e")
    assert is_taken()
    page.keyboard.press("Space")
    assert not is_taken() and page.evaluate("strokes()") == []


def test_keys_do_not_clear_where_they_have_another_meaning(hand, tmp_path):
    page = hand.page
    hand.draw("7 crossed")
    hand.sees("7")

    def press(*keys: str) -> int:
        for key in keys:
            page.keyboard.press(key)
        return page.evaluate("strokes().length")

    page.locator(".pen input").focus()
    assert press("Escape", "Delete") == 2
    page.click("#wrong")
    assert press("Delete", "Escape") == 2  # Escape closed the dialog
    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    page.set_input_files("#picture-choose input", tmp_path / "4.png")
    hand.sees("4")
    page.click("#picture-crop")
    page.evaluate("document.activeElement.blur()")
    assert press("Escape", "Delete") == 2
    page.locator("#picture button:visible").first.focus()
    assert press("Delete", "Escape") == 2
    page.reload()  # which keeps the drawing
    page.wait_for_selector("#sketchpad.ready")
    assert press("Shift") == 2
    assert press("Escape") == 0


def test_keydown_without_a_key_and_space_on_a_button_are_left_to_the_browser(hand):
    page = hand.page
    fill_in = "document.body.dispatchEvent(new Event('keydown', { bubbles: true }))"
    page.evaluate(fill_in)
    page.evaluate(DRAW_BAR)
    page.click("#present")
    page.evaluate(fill_in)
    assert hand.complaints == []
    page.wait_for_function("document.activeElement.id === 'sketchpad'")
    page.locator("#leave").focus()
    page.keyboard.press("Space")
    page.wait_for_function("location.search === ''")
    assert page.evaluate("strokes().length") == 1


def test_buttons_do_nothing_while_the_pen_is_down(hand):
    page = hand.page
    page.evaluate("point('pointerdown', [50, 10])")
    for button in ("#wide", "#clear", "#undo", "#replay", ".examples button"):
        page.locator(button).first.evaluate("button => button.click()")
    page.evaluate("point('pointermove', [50, 90])")
    page.evaluate("point('pointerup', [50, 90], { buttons: 0 })")
    assert page.evaluate("strokes()") == [BAR]
    assert not page.locator(".paper.wide").count()


def test_a_reload_during_a_replay_keeps_the_whole_drawing(hand):
    hand.draw("7 crossed")
    hand.page.click("#replay")
    hand.page.reload()
    hand.page.wait_for_selector("#sketchpad.ready")
    assert hand.page.evaluate("strokes().length") == 2
