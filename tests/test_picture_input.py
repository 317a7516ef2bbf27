"""The picture input in a real browser."""

import base64
from io import BytesIO

import numpy as np
import pytest
from drawings import DRAWINGS
from PIL import Image
from visitor import Visitor, visit

from finalnet import draw_strokes
from finalnet.pictures.pixels import WORKING_SIZE
from finalnet.web.texts import ABOUT_TAB, ANSWER, PICTURE

ROTATED = 6  # EXIF orientation: rotate by 90 degrees clockwise to view
ANSWER_TIMEOUT = 10_000  # ms
ADDRESS = "**/api/read_number"
# Makes a DataTransfer of {name, type, base64} and dispatches an event with it.
DISPATCH = """([selector, event, file]) => {
    const bytes = Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], file.name, { type: file.type }));
    const options = { bubbles: true, cancelable: true };
    const made = event === "paste"
        ? new ClipboardEvent(event, { ...options, clipboardData: transfer })
        : new DragEvent(event, { ...options, dataTransfer: transfer });
    return !document.querySelector(selector).dispatchEvent(made);
}"""


def year(names=("2 plain", "0 oval", "2 plain", "6 curved"), size: int = 280) -> Image.Image:
    """A picture of a number: digits side by side."""
    sheet = Image.new("L", (size * len(names), size), 255)
    for index, name in enumerate(names):
        sheet.paste(draw_strokes(DRAWINGS[name][1], size=size), (index * size, 0))
    return sheet


def encode(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def as_file(content: bytes, name: str = "number.png", kind: str = "image/png") -> dict:
    return {"name": name, "mimeType": kind, "buffer": content}


class PictureVisitor(Visitor):
    """A visitor of the app who chooses pictures."""

    READY = "body:has(.zone.ready) #sketchpad.ready"  # they load in either order

    def choose(self, *file, button: str = "picture-choose") -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click(f"#{button}")
        chooser.value.set_files(as_file(*file))

    def dispatch(self, event: str, content: bytes, selector: str = ".zone") -> bool:
        file = {"name": "number.png", "type": "image/png"}
        file["base64"] = base64.b64encode(content).decode()
        return self.page.evaluate(DISPATCH, [selector, event, file])

    def reads(self, text: str, size: str = "") -> None:
        """Wait until a picture of this size (width x height in px) is read as this text."""
        self.page.wait_for_function(
            """([text, size]) => {
              const { naturalWidth, naturalHeight } = document.querySelector("#picture-image");
              return document.querySelector(".zone").ariaBusy === "false"
                && (!text || document.querySelector("#answer .digit").textContent === text)
                && (!size || `${naturalWidth}x${naturalHeight}` === size);
            }""",
            arg=[text, size],
            timeout=ANSWER_TIMEOUT,
        )

    def complains(self, words: str) -> None:
        self.page.locator(".problem", has_text=words).wait_for()

    def is_empty(self) -> bool:
        page = self.page
        return page.locator(".invitation").is_visible() and not any(
            page.locator(id).is_visible() for id in ("#picture-image", "#picture-remove")
        )

    def marks(self) -> list[str]:
        return self.page.locator(".marks li").all_inner_texts()


SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(params=SCREENS)
def visitor(request, app_url, browser):
    with visit(browser, app_url, PictureVisitor, **SCREENS[request.param]) as visitor:
        yield visitor


@pytest.fixture
def desktop(app_url, browser):
    with visit(browser, app_url, PictureVisitor, **SCREENS["desktop"]) as visitor:
        yield visitor


@pytest.fixture
def phone(app_url, browser):
    with visit(browser, app_url, PictureVisitor, **SCREENS["phone"]) as visitor:
        yield visitor


def test_a_chosen_picture_is_shown_and_read(visitor):
    assert visitor.is_empty()
    visitor.choose(encode(year()))
    visitor.reads("2026", "1120x280")
    assert visitor.page.locator("#picture-image").is_visible()
    assert not visitor.page.locator(".invitation").is_visible()


def test_a_phone_can_take_a_photograph_and_a_desktop_cannot(phone, desktop):
    camera = phone.page.locator("#picture-camera input")
    assert camera.get_attribute("capture") == "environment"
    phone.choose(encode(year(["7 crossed"])), button="picture-camera")
    phone.reads("7")
    assert not desktop.page.locator("#picture-camera").is_visible()


@pytest.mark.parametrize("selector", [".zone", "#answer"])
def test_a_picture_dropped_anywhere_is_read(desktop, selector):
    content = encode(year(["4 open", "2 plain"]))
    assert desktop.dispatch("dragover", content, selector)
    assert desktop.page.locator(".zone.dragging").is_visible()
    assert desktop.dispatch("drop", content, selector)
    desktop.reads("42")
    assert desktop.page.locator(".zone.dragging").count() == 0


def test_a_pasted_picture_is_read_except_in_a_text_field(desktop):
    desktop.page.evaluate("document.body.append(document.createElement('textarea'))")
    assert not desktop.dispatch("paste", encode(year(["5 one stroke"])), "textarea")
    assert desktop.dispatch("paste", encode(year(["3 round"])), "body")
    desktop.reads("3")
    assert desktop.dispatch("paste", encode(year(["8 one stroke"])), "#picture-choose input")
    desktop.reads("8")
    assert len(desktop.sent) == 2


def test_a_jpeg_rotated_by_exif_is_read_upright(desktop):
    exif = Image.Exif()
    exif[274] = ROTATED
    turned = year(["1 flag and base", "4 open"]).transpose(Image.Transpose.ROTATE_90)
    desktop.choose(encode(turned, "JPEG", exif=exif), "photo.jpg", "image/jpeg")
    desktop.reads("14", "560x280")


def test_a_large_picture_is_shrunk_and_sent_once(desktop):
    desktop.choose(encode(year(size=1000)))
    desktop.reads("2026", f"{WORKING_SIZE}x{WORKING_SIZE // 4}")
    assert len(desktop.sent) == 1
    source = desktop.page.locator("#picture-image").get_attribute("src")
    assert source.startswith("data:image/png;base64,") and len(source) < 100_000


def test_a_picture_is_shrunk_by_exact_area_averaging(desktop):
    pixels = np.random.default_rng(0).integers(0, 256, (160, 1500, 3), np.uint8)
    desktop.choose(encode(Image.fromarray(pixels)))
    desktop.reads("", f"{WORKING_SIZE}x119")
    source = desktop.page.locator("#picture-image").get_attribute("src")
    sent = np.asarray(Image.open(BytesIO(base64.b64decode(source.partition(",")[2]))))
    down, across = shares(160, 119), shares(1500, WORKING_SIZE)
    sums = np.tensordot(np.tensordot(down, pixels, 1), across, (1, 1)).swapaxes(1, 2)
    means = sums / (160 * 1500)
    assert np.array_equal(sent[..., :3], np.floor(means + 0.5))


def shares(length: int, shrunk: int) -> np.ndarray:
    """(shrunk, length): overlap of each pixel with each shrunk pixel, in units of 1 / shrunk."""
    whole, part = np.arange(shrunk)[:, None], np.arange(length)[None]
    end = np.minimum((whole + 1) * length, (part + 1) * shrunk)
    return np.maximum(end - np.maximum(whole * length, part * shrunk), 0)


@pytest.mark.parametrize("ink", [0, 255])
def test_a_transparent_picture_is_read(desktop, ink):
    drawing = draw_strokes(DRAWINGS["7 crossed"][1])
    transparent = Image.new("RGBA", drawing.size, (ink, ink, ink, 0))
    transparent.putalpha(Image.eval(drawing, lambda level: 255 - level))
    desktop.choose(encode(transparent))
    desktop.reads("7")


def test_a_tiny_picture_is_read(desktop):
    desktop.choose(encode(draw_strokes(DRAWINGS["2 plain"][1], size=28)))
    desktop.reads("2", "28x28")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"seven", "notes.txt", "text/plain"),
        (b"seven", "number.png", "image/png"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_1.HEIC", "image/heic"),
        (encode(year())[:60], "damaged.png", "image/png"),
    ],
)
def test_a_bad_file_gets_a_message_and_the_previous_picture_stays(visitor, content, name, kind):
    problem = visitor.page.locator(".problem")
    visitor.choose(content, name, kind)
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert name in problem.inner_text() and "PNG, JPEG" in problem.inner_text()
    assert visitor.is_empty()
    visitor.choose(encode(year(["6 curved"])))
    visitor.reads("6")
    assert not problem.is_visible()
    visitor.choose(content, name, kind)
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert visitor.page.locator("#picture-image").is_visible()
    assert visitor.marks() == ["6"]
    assert len(visitor.sent) == 1


def test_marks_surround_their_digits(visitor):
    names = ["2 plain", "1 bar", "4 open"]
    picture = year(names)
    visitor.choose(encode(picture))
    visitor.reads("214")
    visitor.page.wait_for_selector(".marks li")
    assert visitor.marks() == ["2", "1", "4"]
    assert visitor.page.locator("#picture-image").is_visible()
    shown = visitor.page.locator("#picture-image").bounding_box()
    scale = shown["width"] / picture.width
    assert shown["height"] == pytest.approx(scale * picture.height, abs=1)
    for index, name in enumerate(names):
        ink = Image.eval(draw_strokes(DRAWINGS[name][1]), lambda level: 255 - level).getbbox()
        left, top, right, bottom = (length * scale for length in ink)
        mark = visitor.page.locator(".marks li").nth(index).bounding_box()
        x = mark["x"] - shown["x"] - index * 280 * scale
        y = mark["y"] - shown["y"]
        # 6 px of padding and outline around the ink
        assert [x + 6, y + 6] == pytest.approx([left, top], abs=3)
        assert [x + mark["width"] - 6, y + mark["height"] - 6] == pytest.approx(
            [right, bottom], abs=3
        )


def test_every_mark_has_its_digit_above_it_on_the_page(visitor):
    tight = year(["3 round"]).crop((60, 42, 220, 238))
    for picture in (tight, year(["3 round"])):
        visitor.choose(encode(picture))
        visitor.reads("3", f"{picture.width}x{picture.height}")
        visitor.page.wait_for_selector(".marks li")
        zone, mark, label = visitor.page.evaluate(
            """["#stage", ".marks li", ".marks span"].map((selector) => {
              const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
              return [top, bottom];
            })"""
        )
        assert zone[0] < label[0] < mark[0]
        assert label[1] == pytest.approx(mark[0], abs=3)


def test_remove_restores_the_empty_picture_input(visitor):
    place = """() => {
      const { x, y, width, height } = document.querySelector(".place").getBoundingClientRect();
      return [x, y + scrollY, width, height];
    }"""
    before = visitor.page.evaluate(place)
    for _ in range(2):  # the same picture can be chosen again
        visitor.choose(encode(year(["9 straight"])))
        visitor.reads("9")
        visitor.page.wait_for_selector(".marks li")
        visitor.page.click("#picture-remove")
        visitor.sees("")
        assert visitor.is_empty()
        assert visitor.marks() == []
    assert visitor.page.evaluate(place) == before
    focused = "document.activeElement.parentElement.id"
    assert visitor.page.evaluate(focused) == "picture-choose"


def test_a_picture_chosen_while_another_is_being_read_replaces_it(desktop):
    held: list = []
    desktop.page.route(ADDRESS, lambda route: held.append(route), times=1)
    desktop.choose(encode(year(["1 bar", "4 open"])))
    desktop.page.wait_for_selector("#picture-image")
    desktop.choose(encode(year(["2 plain"])))
    desktop.reads("2", "280x280")
    desktop.page.wait_for_function("document.querySelectorAll('.marks li').length === 1")
    assert desktop.marks() == ["2"]


def test_a_picture_can_be_chosen_and_removed_with_the_keyboard(desktop):
    desktop.page.on("filechooser", lambda _: None)  # or a chooser may open too early
    desktop.page.focus("#inside summary")
    desktop.page.keyboard.press("Tab")
    assert desktop.page.evaluate("document.activeElement.parentElement.id") == "picture-choose"
    outline = "document.querySelector('#picture-choose').computedStyleMap().get('outline-width')"
    assert desktop.page.evaluate(f"{outline}.value") >= 2
    with desktop.page.expect_file_chooser() as chooser:
        desktop.page.keyboard.press("Enter")
    chooser.value.set_files(as_file(encode(year(["0 oval"]))))
    desktop.reads("0")
    desktop.page.focus("#picture-remove")
    desktop.page.keyboard.press("Enter")
    desktop.sees("")


def test_everything_has_an_accessible_name_and_fits(visitor):
    page = visitor.page
    page.get_by_role("group", name="Picture of digits").wait_for()
    page.get_by_label("Choose picture").wait_for(state="attached")
    visitor.choose(encode(year()))
    visitor.reads("2026")
    page.get_by_role("img", name="Your picture").wait_for()
    page.get_by_role("list", name="Digits found in your picture").wait_for()
    for button in page.locator("#picture .tools > *").all():
        assert not button.is_visible() or button.bounding_box()["height"] >= 44
    assert page.get_by_role("button", name="Remove picture").is_visible()
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_rotate_turns_the_picture_by_90_degrees_and_reads_it_again(visitor):
    visitor.choose(encode(year(["4 open"]).resize((280, 240))))
    visitor.reads("4", "280x240")
    visitor.page.click("#picture-rotate")
    visitor.reads("", "240x280")
    for _ in range(2):
        visitor.page.click("#picture-rotate")
    visitor.reads("", "240x280")
    visitor.page.focus("#picture-rotate")
    visitor.page.keyboard.press("Enter")
    visitor.reads("4", "280x240")


def test_a_picture_is_cropped_with_the_mouse(desktop):
    desktop.choose(encode(year()))
    desktop.reads("2026")
    desktop.page.click("#picture-crop")
    box = desktop.page.locator("#picture-image").bounding_box()
    desktop.page.mouse.move(box["x"] + 0.52 * box["width"], box["y"] + 2)
    desktop.page.mouse.down()
    desktop.page.mouse.move(box["x"] + box["width"] + 20, box["y"] + box["height"] + 9, steps=4)
    desktop.page.mouse.up()
    desktop.page.click("#picture-keep")
    desktop.reads("26")
    assert desktop.marks() == ["2", "6"]
    desktop.page.click("#picture-rotate")  # rotates the cropped picture
    desktop.page.click("#picture-rotate")
    desktop.page.click("#picture-rotate")
    desktop.page.click("#picture-rotate")
    desktop.reads("26")
    desktop.page.click("#picture-whole")
    desktop.reads("2026", "1120x280")
    assert not desktop.page.locator("#picture-whole").is_visible()


def test_a_picture_is_cropped_with_a_finger(phone):
    phone.choose(encode(year()))
    phone.reads("2026")
    phone.page.tap("#picture-crop")
    phone.page.get_by_role("group", name="Part to keep").wait_for()
    phone.page.locator("#picture-image").scroll_into_view_if_needed()
    box = phone.page.locator("#picture-image").bounding_box()
    touch = phone.page.context.new_cdp_session(phone.page)
    places = [(0.01, 0.02), (0.2, 0.5), (0.48, 0.98)]
    kinds = ["touchStart", "touchMove", "touchMove"]
    for kind, (x, y) in zip(kinds, places, strict=True):
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.page.tap("#picture-keep")  # at once: the browser must not take the drag for a fling
    phone.reads("20")


def test_a_picture_is_cropped_with_the_keyboard(desktop):
    desktop.choose(encode(year()))
    desktop.reads("2026")
    desktop.page.focus("#picture-crop")
    desktop.page.keyboard.press("Enter")
    part = desktop.page.get_by_role("group", name="Part to keep")
    for _ in range(10):
        desktop.page.keyboard.press("ArrowLeft")
        desktop.page.keyboard.press("ArrowUp")
    for _ in range(16):
        desktop.page.keyboard.press("Shift+ArrowLeft")
        desktop.page.keyboard.press("Shift+ArrowDown")
    shown = desktop.page.locator("#picture-image").bounding_box()
    box = part.bounding_box()
    assert box["x"] == pytest.approx(shown["x"], abs=1)
    assert box["width"] == pytest.approx(0.48 * shown["width"], abs=1)
    assert box["height"] == pytest.approx(shown["height"], abs=1)
    desktop.page.keyboard.press("Escape")
    assert not part.is_visible() and desktop.marks() == list("2026")
    desktop.page.keyboard.press("Enter")  # the focus has returned to the button
    for _ in range(5):
        desktop.page.keyboard.press("ArrowLeft")
    for _ in range(16):
        desktop.page.keyboard.press("Shift+ArrowLeft")
    desktop.page.keyboard.press("Enter")
    desktop.reads("20")
    assert len(desktop.sent) == 2


def test_without_digits_in_the_picture_the_page_says_what_to_do(visitor):
    visitor.choose(encode(Image.new("L", (300, 200), 255)))
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert "crop closer" in visitor.page.locator(".problem").inner_text()
    visitor.choose(encode(year(["6 curved"])))
    visitor.reads("6")
    visitor.page.wait_for_selector(".marks li")
    assert not visitor.page.locator(".problem").is_visible()


def test_picture_and_drawing_each_have_their_own_answer(phone):
    page = phone.page
    phone.draw("7 crossed")
    phone.reads("7")
    phone.choose(encode(year(["4 open", "2 plain"])))
    phone.reads("42")
    assert phone.marks() == ["4", "2"] and page.locator("#digits .tile").count() == 2
    # The answer scrolls into view, however far down the picture is.
    page.wait_for_function(
        """() => {
          const { top, bottom } = document.querySelector("#answer .digit").getBoundingClientRect();
          return top >= -1 && bottom <= innerHeight + 1;
        }"""
    )
    page.evaluate("document.querySelector('#undo').click()")  # back to the drawing
    phone.sees("7")
    assert phone.marks() == []
    page.click("#picture-again")
    phone.sees("42")
    assert phone.marks() == ["4", "2"] and len(phone.sent) == 1
    page.evaluate("document.querySelector('#picture-crop').click()")
    page.keyboard.press("Escape")  # ends cropping and does not clear the pad
    assert not page.locator(".crop").is_visible() and phone.ink() > 0
    page.evaluate("document.querySelector('#clear').click()")
    page.evaluate("document.querySelector('#wide').click()")
    page.wait_for_function("!document.querySelector('#sketchpad').reading.digits.length")
    phone.sees("42")  # an empty pad of either width does not replace it
    page.evaluate("document.querySelector('#wide').click()")
    page.evaluate("document.querySelector('#undo').click()")
    phone.sees("7")
    page.evaluate("document.querySelector('#clear').click()")
    phone.sees("")
    assert not page.locator(".marks").is_visible()
    phone.choose(encode(Image.new("L", (300, 200), 255)))
    page.locator("#answer .caption", has_text=ANSWER["none_in_picture"]).wait_for()
    page.wait_for_function(
        "words => document.querySelector('#answer [role=status]').textContent === words",
        arg=ANSWER["none_in_picture"],
    )


def test_pictures_and_drawings_fire_the_same_event_in_the_same_format(desktop):
    desktop.page.evaluate(
        "document.addEventListener('reading', ({ detail }) => (window.reading = detail))"
    )
    readings = []
    desktop.draw("3 round")
    desktop.page.wait_for_function("window.reading?.finished")
    readings.append(desktop.page.evaluate("reading"))
    desktop.choose(encode(year(["3 round"])))
    desktop.page.wait_for_function("reading.source === 'picture'")
    readings.append(desktop.page.evaluate("reading"))
    drawn, pictured = readings
    assert drawn["text"] == pictured["text"] == "3"
    assert {"text", "digits", "unread", "is_number", "finished"} <= set(drawn) & set(pictured)
    # A single digit on the pad needs no box.
    assert {*drawn["digits"][0], "box"} == set(pictured["digits"][0])


def test_pictures_are_accepted_only_where_the_picture_input_is_visible(desktop):
    page = desktop.page
    desktop.draw("5 one stroke")
    desktop.sees("5")
    page.get_by_role("tab", name=ABOUT_TAB).click()
    page.wait_for_selector("#about table")
    asked = len(desktop.sent)
    for leave in (lambda: page.click("#present"), lambda: page.keyboard.press("p")):
        assert not desktop.dispatch("paste", encode(year(["4 open"])), "body")
        assert desktop.dispatch("drop", encode(year(["4 open"])), "body")  # the page stays
        leave()
    desktop.sees("5")
    assert len(desktop.sent) == asked
    desktop.choose(encode(year(["4 open", "2 plain"])))
    desktop.reads("42")
    page.click("#present")  # hides the picture
    desktop.sees("5")


def test_a_failed_picture_leaves_the_answer_of_the_drawing(phone):
    page = phone.page
    phone.draw("7 crossed")
    phone.sees("7")
    page.context.set_offline(True)
    phone.choose(encode(year(["3 round"])))
    phone.complains(PICTURE["offline"])
    phone.sees("7")
    page.context.set_offline(False)
    phone.reads("3")  # once back online
    assert not page.locator("#picture .problem").is_visible()

    def refuse(status: int, picture: str) -> None:
        refusal = {"status": status, "json": {"error": "24 pieces are too many"}}
        page.route(ADDRESS, lambda route: route.fulfill(**refusal), times=1)
        phone.choose(encode(year([picture])))
        words = PICTURE["refused"].get(str(status), PICTURE["refused"]["other"])
        phone.complains(words.format(error="24 pieces are too many"))
        phone.sees("7")

    for status in (413, 415, 422):
        refuse(status, "2 plain")
        assert not page.locator("#picture-again").is_visible()  # it would not help
    for status in (429, 503, 500):
        refuse(status, "2 plain")
    page.click("#picture-again")
    phone.reads("2")
    phone.complaints.clear()  # the browser logs every refusal


def test_too_many_digits_give_one_message(desktop):
    desktop.choose(encode(year(["1 bar"] * 24, size=100)))
    desktop.page.wait_for_selector("#picture .problem:not(:empty)")
    assert "at most 20 digits" in desktop.page.locator("#picture .problem").inner_text()
    assert desktop.page.locator("#answer .caption").inner_text() == ANSWER["waiting"]
    desktop.complaints.clear()  # the browser logs every refusal
