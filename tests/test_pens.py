"""The pad under pens, palms, fingers and keys that do what no test driver does by itself."""

import json

import pytest
from visitor import SCREENS, Visitor, visit

from finalnet.web import texts

# point(type, [x, y], {...}): a pointer event on the pad, in percent of it.
# strokes(): the ends of what is on the pad, alike.
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
    """At a page that the tests share, its pad empty, no pen about and nothing kept."""
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


def test_a_drawing_is_corrected_once_with_thanks_and_a_way_back(hand):
    page = hand.page

    def kept() -> list:
        return json.loads(page.evaluate("localStorage.getItem('finalnet-corrections') ?? '[]'"))

    def choose(digit: str) -> None:
        page.click("#wrong")
        page.locator("#correction .choices").get_by_text(digit, exact=True).click()

    hand.draw("7 crossed")
    hand.sees("7")
    page.wait_for_selector("#wrong:visible")
    choose("2")
    assert not page.locator("#correction").is_visible()
    page.get_by_text(texts.ANSWER["thanks"]).wait_for()
    for button in page.locator("#correction .choices button").all()[:3]:
        button.evaluate("button => button.click()")  # as quick as three clicks can be
    assert [each["label"] for each in kept()] == ["2"]
    choose("1")
    page.click("#wrong")
    assert page.locator("#correction [aria-pressed=true]").inner_text() == "1"
    page.keyboard.press("Escape")
    assert [each["label"] for each in kept()] == ["1"]
    page.get_by_role("button", name=texts.ANSWER["unsay_name"]).click()
    assert kept() == []
    assert page.locator("#wrong").inner_text() == texts.ANSWER["wrong"]
    choose("1")
    page.click("#clear")
    hand.sees("")
    assert not page.locator("#unsay").is_visible()
    page.locator("#correction .choices button").first.evaluate("button => button.click()")
    assert len(kept()) == 1  # nothing is kept of an empty pad
    hand.draw("3 round")
    hand.sees("3")
    assert page.locator("#wrong").inner_text() == texts.ANSWER["wrong"]


@pytest.mark.parametrize("storage", ["broken", "blocked"])
def test_storage_that_is_broken_or_blocked_is_no_reason_not_to_answer(browser, app_url, storage):
    with visit(browser, app_url, **SCREENS["desktop"]) as visitor:
        page = visitor.page
        if storage == "broken":
            page.evaluate("localStorage.setItem('finalnet-corrections', '{\"strokes\": [')")
        else:
            page.evaluate(
                """() => {
                  Storage.prototype.getItem = Storage.prototype.setItem = () => {
                    throw new DOMException("blocked", "SecurityError");
                  };
                }"""
            )
        visitor.draw("7 crossed")
        visitor.sees("7")
        page.click("#wrong")
        page.locator("#correction .choices").get_by_text("1", exact=True).click()
        words = texts.ANSWER["thanks" if storage == "broken" else "not_kept"]
        page.get_by_text(words).wait_for()
