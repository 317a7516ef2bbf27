"""The page in a real browser: drawing with a mouse and a finger."""

import base64
import re

import pytest
from drawings import DRAWINGS


def test_the_empty_page_shows_no_prediction(visitor):
    assert visitor.page.locator("#sketchpad .hint").is_visible()
    assert not re.search(r"\d", visitor.page.locator("#answer").inner_text())
    assert all(bar["percent"] == 0 and not bar["top"] for bar in visitor.bars())
    assert visitor.ink() == 0
    for button in ("#undo", "#clear"):
        assert visitor.page.locator(button).get_attribute("aria-disabled") == "true"


def test_digits_drawn_with_the_mouse_are_read(desktop):
    for name in ("0 slashed", "1 flag and base", "4 open", "7 crossed"):
        desktop.draw(name)
        desktop.sees(str(DRAWINGS[name][0]))
        assert not desktop.page.locator("#sketchpad .hint").is_visible(), name
        desktop.page.click("#clear")


def test_digits_drawn_with_a_finger_are_read_and_the_page_does_not_scroll(phone):
    for name in ("2 looped", "5 two strokes", "9 curved tail"):
        phone.touch(name)
        phone.sees(str(DRAWINGS[name][0]))
        assert phone.page.evaluate("window.scrollY") == 0, name
        phone.page.tap("#clear")


def test_the_answer_appears_while_the_pen_is_still_down(desktop):
    (stroke,) = desktop.on_pad(DRAWINGS["3 round"][1])
    desktop.page.mouse.move(*stroke[0])
    desktop.page.mouse.down()
    for point in stroke[1:]:
        desktop.page.mouse.move(*point, steps=3)
    desktop.sees("3")
    assert desktop.page.locator("#answer [role=status]").inner_text() == ""
    desktop.page.mouse.up()
    desktop.page.wait_for_function(
        "document.querySelector('#answer [role=status]').textContent.startsWith('3 ')"
    )


def test_every_reading_fires_an_event_on_the_document(desktop):
    desktop.page.evaluate(
        """() => {
          window.read = [];
          document.addEventListener("reading", ({ detail }) => read.push(detail));
        }"""
    )
    (stroke,) = desktop.on_pad(DRAWINGS["3 round"][1])
    desktop.page.mouse.move(*stroke[0])
    desktop.page.mouse.down()
    for point in stroke[1:]:
        desktop.page.mouse.move(*point)
    desktop.page.wait_for_function("read.length > 1 && !read.at(-1).finished")
    desktop.page.mouse.up()
    desktop.page.wait_for_function("read.at(-1).finished")
    last = desktop.page.evaluate("read.at(-1)")
    assert last["text"] == "3" and len(last["digits"]) == 1
    pad = "document.querySelector('#sketchpad')"
    assert desktop.page.evaluate(f"{pad}.reading === read.at(-1)")


def test_undo_removes_a_stroke_and_clear_removes_all(visitor):
    visitor.draw("1 bar")
    visitor.sees("1")
    one_stroke = visitor.ink()
    visitor.draw("7 crossed")
    assert visitor.ink() > one_stroke
    visitor.page.click("#undo")
    visitor.page.click("#undo")
    visitor.sees("1")
    assert visitor.ink() == one_stroke
    visitor.page.click("#clear")
    visitor.sees("")
    assert visitor.ink() == 0
    visitor.page.click("#undo")  # undo also brings back a cleared drawing
    visitor.sees("1")
    visitor.page.click("#clear")
    visitor.draw("8 one stroke")
    visitor.sees("8")


def test_undo_and_clear_have_keys(desktop):
    desktop.draw("7 crossed")
    desktop.sees("7")
    desktop.page.keyboard.press("Control+z")
    desktop.page.keyboard.press("Control+z")
    desktop.sees("")
    for key in ("Escape", "Delete"):
        desktop.draw("3 round")
        desktop.sees("3")
        desktop.page.keyboard.press(key)
        desktop.sees("")
    assert desktop.ink() == 0


def test_the_top_bars_are_highlighted_only_for_a_digit(desktop):
    desktop.draw("2 plain")
    desktop.sees("2")
    bars = desktop.bars()
    assert [bar["digit"] for bar in bars] == list("0123456789")
    assert max(bars, key=lambda bar: bar["percent"])["digit"] == "2"
    assert 1 <= sum(bar["top"] for bar in bars) <= 3
    assert all(bar["percent"] >= 0.5 for bar in bars if bar["top"])
    desktop.page.click("#clear")
    desktop.draw("scribble")
    desktop.sees("?")
    assert "does not look like a digit" in desktop.page.locator("#answer .caption").inner_text()
    assert not any(bar["top"] for bar in desktop.bars())


def test_the_network_input_is_enlarged_without_blur(desktop):
    desktop.draw("6 curved")
    desktop.sees("6")
    desktop.page.wait_for_function("document.querySelector('#sketchpad').reading?.finished")
    image = desktop.page.locator("#network-input canvas")
    assert image.evaluate("image => [image.width, image.height]") == [28, 28]
    assert image.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    assert image.bounding_box()["width"] >= 96
    drawing = desktop.page.evaluate("document.querySelector('#sketchpad').reading.digits[0].input")
    shown = image.evaluate(
        "image => [...image.getContext('2d').getImageData(0, 0, 28, 28).data]"
        ".filter((_, i) => i % 4 === 0)"
    )
    assert bytes(shown) == base64.b64decode(drawing)
    assert max(shown) == 255


def test_the_pen_width_changes_the_ink(desktop):
    desktop.draw("4 open")
    desktop.sees("4")
    desktop.rests()
    ink = desktop.ink()
    picture = "document.querySelector('#network-input canvas').toDataURL()"
    thin = desktop.page.evaluate(picture)
    desktop.page.locator(".pen input").fill("30")
    desktop.page.wait_for_function("ink => inkOf() > 1.3 * ink", arg=ink)
    desktop.page.wait_for_function(f"thin => {picture} !== thin", arg=thin)
    desktop.sees("4")


def test_the_canvas_is_as_sharp_as_the_screen(phone):
    width, css_width = phone.page.evaluate(
        "() => { const c = document.querySelector('#sketchpad canvas');"
        " return [c.width, c.clientWidth]; }"
    )
    assert width == pytest.approx(3 * css_width, abs=3)


def test_a_tap_draws_a_dot(visitor):
    visitor.page.locator("#sketchpad canvas").click()
    visitor.page.wait_for_function("document.querySelector('#answer .digit').textContent !== ''")
    assert visitor.ink() > 0


def test_drawing_sends_no_request_and_the_last_answer_wins(desktop):
    requests = []
    desktop.draw("1 bar")
    desktop.sees("1")  # the network is loaded
    desktop.page.click("#clear")
    desktop.page.on("request", lambda request: requests.append(request.url))
    for name in ("3 round", "8 two circles", "7 crossed"):
        desktop.draw(name)
        desktop.sees(str(DRAWINGS[name][0]))
        desktop.page.click("#clear")
    desktop.page.wait_for_timeout(500)
    desktop.sees("")
    assert requests == []


def test_the_layout_does_not_jump_when_an_answer_appears(visitor):
    def places():
        ids = ["sketchpad", "answer", "bars", "network-input", "undo", "clear"]
        return [visitor.page.locator(f"#{name}").bounding_box() for name in ids]

    before = places()
    visitor.draw("5 one stroke")
    visitor.sees("5")
    assert places() == before
    assert visitor.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_the_page_says_when_a_drawing_is_not_a_digit(visitor):
    for name in ("scribble", "hash"):
        visitor.draw(name)
        visitor.sees("?")
        assert re.search("[Nn]ot", visitor.page.locator("#answer .caption").inner_text()), name
        visitor.page.click("#clear")
        visitor.sees("")
