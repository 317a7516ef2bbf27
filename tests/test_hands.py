"""The page on every screen, with mouse, touch and keyboard; no drawing is lost."""

import re
from collections.abc import Callable

import pytest
from drawings import DRAWINGS, NOT_DIGITS
from PIL import Image
from visitor import SCREENS, Visitor, visit

from finalnet import draw_strokes
from finalnet.web import texts

ADDRESS = """async ([page, host]) => {
  const { href } = document.querySelector("link[href$='stage.js']");
  return (await import(href)).addressFor(new URL(page), host);
}"""
SIZES = [(390, 664), (1280, 720)]  # px; test_layout.py checks others
TOUCH = {(390, 664), (820, 1180), (360, 640)}

STROKES = "document.querySelector('#sketchpad').drawing().strokes.length"


def screen(size) -> dict:
    width, height = size
    device = SCREENS["phone"] if size in TOUCH else {}
    return {**device, "viewport": {"width": width, "height": height}}


def beside(name: str, index: int, count: int) -> list:
    """A drawing as number `index` of `count` side by side, in a 100x100 box."""
    strokes = DRAWINGS[name][1]
    return [[(100 * (index + x / 100) / count, y) for x, y in stroke] for stroke in strokes]


def write_2026(visitor: Visitor) -> None:
    for index, name in enumerate(["2 plain", "0 oval", "2 plain", "6 curved"]):
        visitor.draw_strokes(beside(name, index, 4))
    visitor.sees("2026")
    visitor.page.wait_for_timeout(300)  # until the tiles have appeared


def is_in_view(page, selector: str) -> bool:
    return page.locator(selector).first.evaluate(
        """(element) => {
          const { left, top, right, bottom, width } = element.getBoundingClientRect();
          const isBelow = bottom > innerHeight + 1;
          return width > 0 && left >= 0 && top >= 0 && right <= innerWidth + 1 && !isBelow;
        }"""
    )


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_everything_is_visible_without_scrolling_on_the_page_and_on_stage(browser, page_url, size):
    with visit(browser, page_url, **screen(size)) as visitor:
        page = visitor.page
        page.evaluate("scrollTo(0, 0)")
        draw_in_sight(visitor, "#clear", page.click)
        assert page.evaluate("scrollY") == 0
        page.click("#wide")
        page.click("#clear")
        page.click("#present")
        # The stage hides these buttons, so click them by script.
        draw_in_sight(visitor, "#leave", lambda id: page.locator(id).evaluate("b => b.click()"))
        assert page.locator("#answer .digit").evaluate(
            "(element) => element.scrollWidth <= element.clientWidth"
        )


def draw_in_sight(visitor: Visitor, button: str, click: Callable[[str], None]) -> None:
    """Draw a digit, then a number; check that the pad and the answer stay visible."""
    page = visitor.page
    visitor.draw("7 crossed")
    visitor.sees("7")
    for part in ("#sketchpad", "#answer .digit", "#answer .caption", "#bars .rows", button):
        assert is_in_view(page, part), part
    click("#clear")
    click("#wide")
    pad = page.locator("#sketchpad").bounding_box()
    write_2026(visitor)
    for part in ("#sketchpad", "#answer .digit", "#answer .caption", "#digits .tile >> nth=3"):
        assert is_in_view(page, part), part
    assert page.locator("#sketchpad").bounding_box() == pytest.approx(
        pad, abs=0.1
    )  # nothing jumped


def test_the_stage_can_be_used_and_left_with_a_finger(browser, app_url):
    with visit(browser, app_url, **screen((820, 1180))) as visitor:
        visitor.page.tap("#present")
        visitor.touch("9 curved tail")
        visitor.sees("9")
        visitor.page.tap("#undo")
        visitor.sees("")
        visitor.page.tap("#leave")
        assert visitor.page.locator("#picture").is_visible()
        assert "stage" not in visitor.page.url


def test_the_stage_fills_the_screen_and_escape_leaves_it(in_app):
    in_app.draw("3 round")
    in_app.page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    in_app.page.click("#present")  # from any tab, shows the pad
    in_app.page.wait_for_selector("#sketchpad", state="visible")
    in_app.page.wait_for_function("document.fullscreenElement !== null")
    in_app.page.keyboard.press("Escape")
    in_app.page.wait_for_function("document.fullscreenElement === null")
    assert not in_app.page.evaluate("document.documentElement.classList.contains('on-stage')")
    in_app.sees("3")  # Escape did not clear the pad


def test_the_stage_has_keys_for_number_replay_and_pen(desktop):
    desktop.page.click("#present")
    desktop.draw("3 round")
    desktop.sees("3")
    whole = desktop.ink()
    desktop.page.keyboard.press("+")
    desktop.page.wait_for_function("ink => inkOf() > 1.1 * ink", arg=whole)
    desktop.page.keyboard.press("r")
    desktop.page.wait_for_function("ink => inkOf() < 0.9 * ink", arg=whole)
    desktop.page.wait_for_timeout(1_800)
    desktop.page.keyboard.press("w")
    assert desktop.page.locator(".paper.wide").count() == 1


def test_the_address_is_shown_as_a_qr_code_unless_only_this_machine_can_open_it(browser, app_url):
    name = "digits.test"
    at_a_name = (f"--host-resolver-rules=MAP {name} 127.0.0.1",)
    with visit(browser, app_url, **screen((1280, 800))) as visitor:
        page = visitor.page
        page.click("#present")
        page.keyboard.press("q")
        page.wait_for_selector("#address", state="visible")
        assert page.locator("#address").inner_text() == texts.STAGE["only_here"]
        assert not page.locator("#address canvas").is_visible()
        page.evaluate("document.exitFullscreen()")  # as when the visitor presses Escape
        page.wait_for_selector("#address", state="hidden")  # must not stay open over the page
        page.wait_for_selector("#picture", state="visible")
        for host, address in (("192.0.2.7", "http://192.0.2.7:1/a/"), (None, None)):
            assert page.evaluate(ADDRESS, ["http://localhost:1/a/?b", host]) == address
    url = re.sub(r"//[^:]+", f"//{name}", app_url)
    with visit(browser, url, args=at_a_name, **screen((1280, 800))) as visitor:
        page = visitor.page
        page.click("#present")
        page.keyboard.press("q")
        page.wait_for_selector("#address canvas", state="visible")
        assert page.locator("#address p").inner_text() == f"{url}/"
        assert page.evaluate("document.querySelector('#address canvas').width") >= 21
        for key in ("q", "Escape"):
            page.keyboard.press(key)
            page.wait_for_selector("#address", state="hidden")
            page.keyboard.press("q")
            page.wait_for_selector("#address", state="visible")
        page.keyboard.press("p")
        page.wait_for_selector("#address", state="hidden")
        # Browsers deny the clipboard API to pages served over plain HTTP.
        visitor.draw("5 one stroke")
        visitor.sees("5")
        page.click("#copy")
        page.get_by_text(texts.ANSWER["copied"]).wait_for()
        assert paste(page) == "5"


def paste(page) -> str:
    """The text on the clipboard, pasted as a person would; needs no permission."""
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("body > textarea").press("Control+v")
    return page.locator("body > textarea").input_value()


def test_a_reload_keeps_drawing_pad_width_and_pen(visitor):
    visitor.page.click("#wide")
    visitor.page.locator(".pen input").fill("24")
    visitor.draw_strokes(beside("1 bar", 0, 2) + beside("7 crossed", 1, 2))
    visitor.sees("17")
    visitor.page.reload()
    visitor.page.wait_for_selector("#sketchpad.ready")
    visitor.sees("17")
    assert visitor.page.locator(".paper.wide").count() == 1
    assert visitor.page.locator(".pen input").input_value() == "24"


def test_a_reload_keeps_the_undo_history(desktop):
    page = desktop.page

    def reload() -> None:
        page.reload()
        page.wait_for_selector("#sketchpad.ready")

    desktop.draw("7 crossed")
    desktop.sees("7")
    page.click("#undo")
    reload()
    page.click("#redo")
    desktop.sees("7")
    page.get_by_role("button", name="slashed 0").click()
    page.wait_for_function("inkOf() > 0")
    reload()  # while it is being drawn
    desktop.sees("0")
    page.click("#undo")
    desktop.sees("7")
    for count in (1, 0):
        page.click("#undo")
        page.wait_for_function(f"{STROKES} === {count}")
    # If the history does not fit into the storage, the drawing is still kept.
    page.evaluate(
        """() => {
          const { setItem } = Storage.prototype;
          Storage.prototype.setItem = function (key, text) {
            if (text.includes("history")) throw new DOMException("full", "QuotaExceededError");
            setItem.call(this, key, text);
          };
        }"""
    )
    desktop.draw("3 round")
    desktop.sees("3")
    reload()
    desktop.sees("3")


def test_an_unfinished_stroke_survives_a_reload(desktop):
    (stroke,) = desktop.on_pad(DRAWINGS["3 round"][1])
    desktop.page.mouse.move(*stroke[0])
    desktop.page.mouse.down()
    for point in stroke[1:]:
        desktop.page.mouse.move(*point, steps=3)
    desktop.page.evaluate("window.isOld = true; location.reload()")
    desktop.page.wait_for_function("!window.isOld && document.querySelector('.ready') !== null")
    desktop.sees("3")


def test_an_outdated_answer_is_dimmed(desktop):
    desktop.draw("3 round")
    desktop.sees("3")
    # Stops the recogniser from answering.
    desktop.page.evaluate("Worker.prototype.postMessage = () => {}")
    desktop.draw("7 crossed")
    desktop.page.wait_for_function(
        "getComputedStyle(document.querySelector('#answer .digit')).opacity < 0.5"
    )


def test_undone_strokes_can_be_redone(visitor):
    visitor.draw("7 crossed")
    visitor.sees("7")
    ink = visitor.ink()
    for undo, redo in (
        (lambda: visitor.page.click("#undo"), lambda: visitor.page.click("#redo")),
        (
            lambda: visitor.page.keyboard.press("Control+z"),
            lambda: visitor.page.keyboard.press("Control+y"),
        ),
        (
            lambda: visitor.page.keyboard.press("Control+z"),
            lambda: visitor.page.keyboard.press("Control+Shift+Z"),
        ),
    ):
        undo()
        visitor.page.wait_for_function("ink => inkOf() < ink", arg=ink)
        redo()
        visitor.page.wait_for_function("ink => inkOf() === ink", arg=ink)
    visitor.page.click("#undo")
    visitor.draw("1 bar")
    assert visitor.page.locator("#redo").get_attribute("aria-disabled") == "true"


def test_the_eraser_removes_whole_strokes(desktop):
    desktop.draw("7 crossed")
    desktop.sees("7")
    ink = desktop.ink()
    desktop.page.click("#eraser")
    (bar,) = desktop.on_pad([DRAWINGS["7 crossed"][1][1]])
    desktop.page.mouse.click(*bar[0])
    desktop.page.wait_for_function("ink => inkOf() < ink && inkOf() > ink / 2", arg=ink)
    desktop.page.click("#undo")
    desktop.page.wait_for_function("ink => inkOf() === ink", arg=ink)
    desktop.page.click("#eraser")
    desktop.draw("1 bar")
    assert desktop.ink() > ink


def test_the_pen_is_previewed_while_its_width_changes(desktop):
    desktop.page.locator(".pen input").fill("40")
    assert desktop.page.locator(".pen-preview").is_visible()
    pad = desktop.page.locator("#sketchpad").bounding_box()
    pen = desktop.page.locator(".pen-preview").bounding_box()
    assert pen["width"] == pytest.approx(pad["height"] * 40 / 280, abs=1)
    desktop.page.wait_for_selector(".pen-preview", state="hidden")


def test_a_stroke_that_starts_beside_the_pad_begins_at_its_edge(desktop):
    pad = desktop.page.locator("#sketchpad").bounding_box()
    y = pad["y"] + pad["height"] / 2
    desktop.page.mouse.move(pad["x"] - 8, y)
    desktop.page.mouse.down()
    desktop.page.mouse.move(pad["x"] + 100, y, steps=10)
    desktop.page.mouse.up()
    strokes = desktop.page.evaluate("document.querySelector('#sketchpad').drawing().strokes")
    assert len(strokes) == 1 and strokes[0][0][0] == 0


def test_escape_on_the_other_tab_does_not_clear_the_pad(in_app):
    in_app.draw("3 round")
    in_app.sees("3")
    in_app.page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    in_app.page.keyboard.press("Escape")
    in_app.page.get_by_role("tab", name=texts.READ_TAB).click()
    in_app.sees("3")


def test_a_drawing_is_rejected_only_once_the_pen_rests(desktop):
    desktop.page.evaluate(
        """() => {
          window.said = [];
          const caption = document.querySelector("#answer .caption");
          new MutationObserver(() => said.push([performance.now(), caption.textContent]))
            .observe(caption, { childList: true, characterData: true, subtree: true });
          addEventListener("pointerup", () => (window.up = performance.now()), true);
        }"""
    )
    desktop.draw_strokes(NOT_DIGITS["scribble"])
    desktop.sees("?")
    said, up = desktop.page.evaluate("[said, up]")
    assert all(time - up > 500 for time, text in said if re.search("[Nn]ot ", text))


def test_the_square_pad_offers_to_read_two_digits_as_a_number(visitor):
    visitor.draw_strokes(beside("4 open", 0, 2) + beside("2 plain", 1, 2))
    visitor.page.click("#widen")
    visitor.sees("42")


def test_a_tiny_digit_is_read(desktop):
    tiny = [[(40 + x * 0.13, 40 + y * 0.13) for x, y in s] for s in DRAWINGS["8 two circles"][1]]
    desktop.draw_strokes(tiny)
    desktop.sees("8")


def test_a_removed_picture_takes_its_answer_with_it(in_app, tmp_path):
    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    in_app.draw("3 round")
    in_app.sees("3")
    in_app.page.set_input_files("#picture-choose input", tmp_path / "4.png")
    in_app.sees("4")
    in_app.page.click("#inside summary")
    in_app.page.wait_for_selector("#inside .parts", state="visible")
    in_app.sees("4")  # opening it keeps the answer
    in_app.page.click("#picture-remove")
    in_app.sees("3")  # the answer of the drawing


def test_the_same_picture_can_be_read_twice(in_app, tmp_path):
    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    in_app.draw("3 round")
    in_app.page.wait_for_function("document.querySelector('#sketchpad').reading?.finished")
    for _ in range(2):
        in_app.sees("3")
        in_app.page.set_input_files("#picture-choose input", tmp_path / "4.png")
        in_app.sees("4")
        in_app.page.click("#picture-remove")


def test_a_late_answer_to_a_picture_does_not_replace_the_answer_of_a_drawing(in_app, tmp_path):
    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    page, late = in_app.page, []
    page.route("**/api/read_number", lambda route: late.append(route), times=1)
    in_app.draw("7 crossed")
    in_app.sees("7")
    with page.expect_request("**/api/read_number"):
        page.set_input_files("#picture-choose input", tmp_path / "4.png")
    page.click("#clear")
    page.evaluate("document.querySelector('#undo').click()")  # acts like a new drawing
    page.wait_for_function("document.querySelector('#sketchpad').reading.digits.length === 1")
    late[0].continue_()
    page.wait_for_selector("#picture-again:visible")
    in_app.sees("7")


def test_the_answer_can_be_copied_and_the_drawing_saved(desktop):
    desktop.draw("5 one stroke")
    desktop.sees("5")
    desktop.page.click("#copy")
    desktop.page.get_by_text(texts.ANSWER["copied"]).wait_for()
    assert paste(desktop.page) == "5"
    with desktop.page.expect_download() as download:
        desktop.page.click("#save")
    picture = Image.open(download.value.path()).convert("L")
    assert picture.getpixel((0, 0)) == 255 and picture.getextrema()[0] < 40


def test_language_rounding_highlights_and_examples_on_a_small_phone(browser, page_url):
    with visit(browser, page_url, **screen((360, 640)), locale="de-DE") as visitor:
        page = visitor.page
        assert page.evaluate("document.documentElement.lang") == "en"
        visitor.draw("7 crossed")
        visitor.sees("7")
        page.wait_for_selector("#answer .caption >> text=99.9 %")
        assert page.locator("#bars .row.top.none").count() == 0  # 0 % is never highlighted
        last = page.locator(".examples button").last.bounding_box()
        assert last["x"] + last["width"] <= 360


def test_controls_are_distinguishable_in_forced_colors(browser, page_url):
    with visit(browser, page_url, media={"forced_colors": "active"}) as visitor:
        page = visitor.page
        slider = "getComputedStyle(document.querySelector('.pen input')).appearance"
        assert page.evaluate(slider) == "auto"
        background = "(element) => getComputedStyle(element).backgroundColor"
        button = page.locator(".examples button").first
        assert button.evaluate(background) == "rgb(255, 255, 255)"
        before = page.locator("#wide").evaluate(background)
        page.click("#wide")
        assert page.locator("#wide").evaluate(background) != before
