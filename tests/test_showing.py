"""Showing the page to others: examples, replay, numbers, the stage, tabs and accessibility."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from drawings import DRAWINGS
from PIL import Image
from visitor import SCREENS, visit

from finalnet.strokes import render_strokes
from finalnet.web import texts
from finalnet.web.examples import EXAMPLES
from finalnet.web.sketchpad import Sketch

HARD = {"slashed 0": "0", "crossed 7": "7", "scribble": "?", "letter A": "?"}
# Allows for differences in antialiasing.
IS_WHOLE = "ink => Math.abs(inkOf() / ink - 1) < 0.02"
# Records the amounts of ink over time.
GROWTH = """
clearInterval(window.growing);
window.growth = new Set();
window.growing = setInterval(() => growth.add(inkOf()), 50);
"""
# A reading of all strokes; an earlier one may show the same number.
IS_READ = """() => {
  const { reading, drawing } = document.querySelector("#sketchpad");
  const read = reading.digits.flatMap(({ strokes }) => strokes);
  return reading.finished && read.length === drawing().strokes.length;
}"""
STROKES = "document.querySelector('#sketchpad').drawing().strokes"
RULES = {"resultTypes": ["violations"]}


def number(names, width=100):
    """Drawings side by side, as strokes in a box `width` wide and 100 high."""
    share = width / len(names)
    return [
        [(index * share + x * share / 100, y) for x, y in stroke]
        for index, name in enumerate(names)
        for stroke in DRAWINGS[name][1]
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_ready_made_drawing_is_read_as_its_name_says(recognizer, example):
    prediction = recognizer.recognize(Sketch(example.strokes).render())
    digit = re.search(r"\d", example.name)
    assert prediction.digit == (int(digit[0]) if digit else None)


def test_clicking_an_example_draws_it_stroke_by_stroke(visitor):
    for name, answer in HARD.items():
        visitor.page.evaluate(GROWTH)
        visitor.page.get_by_role("button", name=name).click()
        visitor.page.wait_for_function("growth.size > 4")
        visitor.sees(answer)
        visitor.page.click("#clear")
        visitor.sees("")
        visitor.page.wait_for_function("inkOf() === 0")


def test_the_answer_follows_a_replay(desktop):
    desktop.draw("3 round")
    desktop.sees("3")
    whole = desktop.ink()
    desktop.page.click("#replay")
    desktop.page.wait_for_timeout(300)
    assert desktop.ink() < whole
    desktop.page.wait_for_function("ink => inkOf() >= 0.98 * ink", arg=whole)
    desktop.sees("3")


def test_the_slider_shows_any_part_of_the_drawing_and_loses_nothing(desktop):
    page = desktop.page
    page.click("#inside summary")
    desktop.draw("7 crossed")
    desktop.sees("7")
    whole = desktop.ink()
    bar, pen = page.locator(".scrub input"), page.locator(".pen input")
    assert pen.is_visible() and not bar.is_visible()
    inside = "document.querySelectorAll('#inside .map canvas')[1].toDataURL()"
    page.wait_for_function("document.querySelectorAll('#inside .map canvas')[1].width < 300")
    seen = page.evaluate(inside)
    page.wait_for_function("document.querySelector('#sketchpad').reading.finished")
    page.click("#replay")
    bar.fill("10")  # while it plays
    desktop.sees("…")  # too little ink for a digit
    page.wait_for_function(f"(seen) => {inside} !== seen", arg=seen)
    assert 0 < desktop.ink() < whole / 2 and not pen.is_visible()
    bar.press("ArrowRight")
    assert bar.input_value() == "11"
    bar.fill("100")
    desktop.sees("7")
    page.wait_for_function(IS_WHOLE, arg=whole)
    page.click("#inside summary")  # closed, as after a reload; the size of the pad may change
    page.wait_for_timeout(200)
    whole = desktop.ink()
    bar.fill("10")
    page.wait_for_function("ink => inkOf() < ink / 2", arg=whole)
    page.reload()
    page.wait_for_selector("#sketchpad.ready")
    page.wait_for_function(IS_WHOLE, arg=whole)
    desktop.sees("7")
    # However the replay ends, the whole drawing is back.
    for end in (
        lambda: bar.press("Escape"),
        lambda: page.click("#scrub-done"),
        lambda: (page.click("#clear"), page.click("#undo")),
        lambda: (desktop.draw_strokes([[(90, 90), (91, 91)]]), page.click("#undo")),
    ):
        page.click("#replay")
        bar.fill("10")
        page.wait_for_function("ink => inkOf() < ink / 2", arg=whole)
        end()
        page.wait_for_function(IS_WHOLE, arg=whole)
        assert pen.is_visible() and not bar.is_visible()
    page.click("#present")
    page.keyboard.press("r")
    page.keyboard.press("ArrowLeft")
    strokes = "document.querySelector('#sketchpad').drawing().strokes.length"
    page.wait_for_function(f"{strokes} === 1")
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{strokes} === 2")


def test_nothing_is_replayed_with_reduced_motion(browser, page_url):
    still = {"reduced_motion": "reduce"}
    with visit(browser, page_url, **SCREENS["desktop"], media=still) as visitor:
        visitor.page.evaluate(
            """() => {
              window.inks = [];
              const note = () => requestAnimationFrame(note) && inks.push(inkOf());
              note();
            }"""
        )
        visitor.page.get_by_role("button", name="slashed 0").click()
        visitor.sees("0")
        whole = visitor.ink()
        assert set(visitor.page.evaluate("inks")) == {0, whole}  # no part of it was shown
        visitor.page.locator(".scrub input").fill("30")  # the slider still works
        visitor.page.wait_for_function("ink => inkOf() < ink", arg=whole)


def test_a_whole_number_is_read_on_the_wide_pad(visitor):
    before = visitor.page.locator("#sketchpad").bounding_box()
    visitor.page.click("#wide")
    wide = visitor.page.locator("#sketchpad").bounding_box()
    assert wide["width"] / wide["height"] > 2 * before["width"] / before["height"]
    visitor.draw_strokes(number(["2 plain", "0 slashed", "3 round", "7 crossed"]))
    visitor.sees("2037")
    tiles = visitor.page.locator("#digits .tile")
    assert tiles.count() == 4
    assert [tile.strip()[0] for tile in tiles.all_inner_texts()] == list("2037")
    assert all("%" in tile for tile in tiles.all_inner_texts())
    assert not visitor.page.locator("#bars .rows").is_visible()
    visitor.page.wait_for_function(IS_READ)
    visitor.rests()
    first = 'button[aria-pressed=true] >> text="2"'
    for press in (lambda: tiles.first.click(), lambda: visitor.page.keyboard.press("Enter")):
        press()
        visitor.page.wait_for_selector(f"#digits {first}")
        assert max(visitor.bars(), key=lambda bar: bar["percent"])["digit"] == "2"
        assert visitor.page.locator("#bars .rows").is_visible()
        visitor.page.keyboard.press("Space")  # again
        visitor.page.wait_for_selector("#bars .rows", state="hidden")
    tiles.nth(3).click()
    visitor.page.click("#undo")
    visitor.page.click("#redo")
    visitor.sees("2037")
    visitor.page.wait_for_selector(".tiles[data-tile]", state="detached")  # a new reading
    visitor.page.click("#clear")
    visitor.page.click("#wide")
    visitor.draw("5 one stroke")
    visitor.sees("5")
    assert visitor.page.locator("#bars").is_visible()


def test_a_number_shrinks_to_fit_the_square_pad(desktop):
    desktop.page.click("#wide")
    desktop.draw_strokes(number(["1 bar", "7 crossed"]))
    desktop.sees("17")
    written = desktop.page.evaluate(STROKES)
    desktop.page.click("#wide")
    desktop.page.wait_for_function("document.querySelector('.paper:not(.wide)')")
    shrunk = desktop.page.evaluate(STROKES)
    assert len(shrunk) == len(written)
    side = 280  # pad px
    assert all(0 <= x <= side and 0 <= y <= side for stroke in shrunk for x, y in stroke)
    assert desktop.ink() > 0
    desktop.page.click("#undo")  # restores the size
    assert desktop.page.evaluate(STROKES) == written


def test_the_keyboard_controls_the_stage(desktop, page_url):
    page = desktop.page
    page.goto(page_url + "?stage=1")
    page.wait_for_selector("#sketchpad.ready")
    for chrome in ("#undo", "#inside", "#picture", "footer"):
        assert not page.locator(chrome).first.is_visible(), chrome
    pad, answer = (page.locator(name).bounding_box() for name in ("#sketchpad", ".answer .digit"))
    assert pad["height"] > 0.6 * 800 and answer["x"] > pad["x"] + pad["width"]
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
    desktop.draw("7 crossed")
    desktop.sees("7")
    page.keyboard.press("1")
    page.wait_for_function("document.querySelectorAll('#bars .row.top').length === 1")
    page.keyboard.press("z")
    page.keyboard.press("z")
    desktop.sees("")
    desktop.draw("3 round")
    desktop.sees("3")
    page.keyboard.press("Space")
    desktop.sees("")
    page.keyboard.press("p")
    assert page.locator("#undo").is_visible() and "stage" not in page.url
    page.click("#present")
    assert not page.locator("#undo").is_visible() and "stage=1" in page.url


def test_the_stage_keeps_the_keyboard_focus_usable(in_app):
    page = in_app.page
    page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    page.click("#present")
    page.wait_for_function("document.activeElement.id === 'sketchpad'")
    in_app.draw("3 round")
    in_app.sees("3")
    # When browsers fill in a form, they send keydown events without a key.
    page.evaluate("document.body.dispatchEvent(new Event('keydown'))")
    page.keyboard.press("Tab")
    page.locator("#show-inside").focus()
    page.keyboard.press("Space")  # presses the button and does not clear
    page.wait_for_selector("#inside", state="visible")
    in_app.sees("3")
    page.keyboard.press("p")
    page.wait_for_function("document.activeElement.id === 'present'")


def test_each_tab_has_an_address_and_back_returns_to_the_pad(in_app, app_url):
    page = in_app.page
    in_app.draw("3 round")
    in_app.sees("3")
    page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    page.wait_for_url("**/#about")
    page.go_back()
    page.wait_for_selector("#sketchpad", state="visible")
    assert "#" not in page.url
    in_app.sees("3")
    page.go_forward()
    page.wait_for_selector("#about table", state="visible")
    page.get_by_role("tab", name=texts.READ_TAB).click()
    page.wait_for_selector("#sketchpad", state="visible")
    assert "#" not in page.url
    page.goto("about:blank")
    page.goto(f"{app_url}/#about")
    page.wait_for_selector("#about table", state="visible")


NO_TABS = "export function mountTabs() {}"
SCRIPT = {"content_type": "text/javascript"}
# Mounts the tabs' addresses before the tabs exist, as Gradio does in one visit of four.
MOUNT_EARLY = """async () => {
  const { href } = document.querySelector("link[href$='tabs.js']");
  const tabs = document.querySelector("#tabs");
  const { parentElement } = tabs;
  tabs.remove();
  (await import(href + "?early")).mountTabs();
  parentElement.append(tabs);
}"""


def test_tabs_that_appear_late_have_their_addresses(in_app):
    page = in_app.page
    page.route(re.compile(r"/tabs\.js$"), lambda route: route.fulfill(body=NO_TABS, **SCRIPT))
    page.reload()
    page.wait_for_selector("#sketchpad.ready")
    page.evaluate(MOUNT_EARLY)
    page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    page.wait_for_url("**/#about")
    page.reload()
    page.wait_for_selector("#sketchpad.ready", state="attached")
    page.evaluate(MOUNT_EARLY)
    page.wait_for_selector("#about table", state="visible")


def test_a_picture_is_read_and_its_digits_are_marked(in_app, tmp_path):
    strokes = [[(x * 6, y * 1.2) for x, y in s] for s in number(["4 open", "2 plain"], 60)]
    Image.fromarray(render_strokes(strokes, 10, 420, 130)).save(tmp_path / "42.png")
    in_app.page.set_input_files("#picture-choose input", tmp_path / "42.png")
    in_app.sees("42")
    assert in_app.page.locator("#digits .tile").count() == 2
    assert in_app.page.locator("#picture .marks li").count() == 2


def test_about_the_model_describes_the_checkpoint(in_app):
    in_app.page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    in_app.page.wait_for_selector("#about table")
    text = in_app.page.locator("#about").inner_text()
    assert "31,450" in text and "conv4" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_no_violation(browser, app_url, screen, theme):
    with visit(browser, app_url, **SCREENS[screen], media={"color_scheme": theme}) as visitor:
        page = visitor.page
        page.click("#inside summary")
        visitor.draw("7 crossed")
        page.wait_for_selector("#inside .evidence h2:not(:empty)")
        visitor.rests()
        barriers = [Axe().run(page, options=RULES)]
        page.click("#present")
        visitor.rests()
        barriers.append(Axe().run(page, options=RULES))
        page.keyboard.press("p")
        page.get_by_role("tab", name=texts.ABOUT_TAB).click()
        page.wait_for_selector("#about table")
        barriers.append(Axe().run(page, options=RULES))
        assert all(found.violations_count == 0 for found in barriers), "".join(
            found.generate_report() for found in barriers if found.violations_count
        )


@pytest.mark.parametrize("width", [320, 768, 3840])
def test_the_page_does_not_scroll_sideways_at_any_width(browser, page_url, width):
    with visit(browser, page_url, viewport={"width": width, "height": 900}) as visitor:
        visitor.draw("2 plain")
        visitor.sees("2")
        assert visitor.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
