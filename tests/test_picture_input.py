"""The picture input, alone on a page, in a real browser."""

import base64
import time
from io import BytesIO

import gradio as gr
import numpy as np
import pytest
from drawings import DRAWINGS
from PIL import Image
from serving import free_port
from visitor import Guest, Visitor, visit

from finalnet import draw_strokes
from finalnet.preprocessing import WORKING_SIZE
from finalnet.web.picture_input import Mark, PictureInput, make_marks
from finalnet.web.texts import PICTURE

SLOW = 600  # px; the app takes its time over pictures of this width
ROTATED = 6  # EXIF orientation: to be turned a quarter to the right
ANSWER_TIMEOUT = 10_000  # ms
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
    """A picture of a number: digits side by side on one sheet."""
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


@pytest.fixture(scope="module")
def url(recognizer):
    """A page with a picture input and what was read, on a free port."""

    def read(picture: Image.Image | None) -> tuple[str, list[Mark]]:
        if picture is None:
            return "nothing", []
        if picture.width == SLOW:
            time.sleep(1)
        number = recognizer.read_number(picture)
        return f"{number.text} in {picture.width}x{picture.height}", make_marks(number, picture)

    with gr.Blocks(analytics_enabled=False) as demo:
        picture = PictureInput()
        answer = gr.Textbox(label="Answer", elem_id="answer")
        gr.on(
            [picture.upload, picture.clear],
            read,
            picture,
            [answer, picture],
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
        )
    port = free_port()
    demo.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
    )
    yield f"http://127.0.0.1:{port}"
    demo.close()


class PictureVisitor(Guest):
    """A person with pictures."""

    READY = "body:has(.zone.ready) #answer textarea"  # the two come in either order

    def choose(self, *file, button: str = "picture-choose") -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click(f"#{button}")
        chooser.value.set_files(as_file(*file))

    def dispatch(self, event: str, content: bytes, selector: str = ".zone") -> bool:
        file = {"name": "number.png", "type": "image/png"}
        file["base64"] = base64.b64encode(content).decode()
        return self.page.evaluate(DISPATCH, [selector, event, file])

    def reads(self, text: str) -> None:
        """Waits until the answer begins with this."""
        self.page.wait_for_function(
            "text => document.querySelector('#answer textarea').value.startsWith(text)",
            arg=text,
            timeout=ANSWER_TIMEOUT,
        )

    def reads_size(self, size: str) -> None:
        """Waits until a picture of this size was read."""
        self.page.wait_for_function(
            "size => document.querySelector('#answer textarea').value.endsWith(size)",
            arg=size,
            timeout=ANSWER_TIMEOUT,
        )

    def is_empty(self) -> bool:
        page = self.page
        return page.locator(".invitation").is_visible() and not any(
            page.locator(id).is_visible() for id in ("#picture-image", "#picture-remove")
        )

    def marks(self) -> list[str]:
        return self.page.locator(".marks li").all_inner_texts()


class PagePictureVisitor(Visitor, PictureVisitor):
    """A person with pictures on the whole page."""

    READY = "body:has(.zone.ready) #sketchpad.ready"

    def complains(self, words: str) -> None:
        self.page.locator(".problem", has_text=words).wait_for()


SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture
def on_page(browser, app_url):
    """A phone on the whole page."""
    with visit(browser, app_url, PagePictureVisitor, **SCREENS["phone"]) as visitor:
        yield visitor


@pytest.fixture(params=SCREENS)
def visitor(request, url, browser):
    with visit(browser, url, PictureVisitor, **SCREENS[request.param]) as visitor:
        yield visitor


@pytest.fixture
def desktop(url, browser):
    with visit(browser, url, PictureVisitor, **SCREENS["desktop"]) as visitor:
        yield visitor


@pytest.fixture
def phone(url, browser):
    with visit(browser, url, PictureVisitor, **SCREENS["phone"]) as visitor:
        yield visitor


def test_a_chosen_picture_is_shown_and_read(visitor):
    assert visitor.is_empty()
    visitor.choose(encode(year()))
    visitor.reads("2026 in 1120x280")
    assert visitor.page.locator("#picture-image").is_visible()
    assert not visitor.page.locator(".invitation").is_visible()


def test_a_photograph_can_be_taken_on_a_phone_but_not_on_a_desktop(phone, desktop):
    camera = phone.page.locator("#picture-camera input")
    assert camera.get_attribute("capture") == "environment"
    phone.choose(encode(year(["7 crossed"])), button="picture-camera")
    phone.reads("7")
    assert not desktop.page.locator("#picture-camera").is_visible()


@pytest.mark.parametrize("selector", [".zone", "#answer"])
def test_a_dropped_picture_is_read_wherever_it_falls(desktop, selector):
    content = encode(year(["4 open", "2 plain"]))
    assert desktop.dispatch("dragover", content, selector)
    assert desktop.page.locator(".zone.dragging").is_visible()
    assert desktop.dispatch("drop", content, selector)
    desktop.reads("42 ")
    assert desktop.page.locator(".zone.dragging").count() == 0


def test_a_pasted_picture_is_read_but_not_out_of_a_text_field(desktop):
    assert not desktop.dispatch("paste", encode(year(["5 one stroke"])), "#answer textarea")
    assert desktop.dispatch("paste", encode(year(["3 round"])), "body")
    desktop.reads("3 ")
    assert desktop.dispatch("paste", encode(year(["8 one stroke"])), "#picture-choose input")
    desktop.reads("8 ")
    assert len(desktop.sent) == 2


def test_a_jpeg_that_exif_says_is_turned_is_read_upright(desktop):
    exif = Image.Exif()
    exif[274] = ROTATED
    turned = year(["1 flag and base", "4 open"]).transpose(Image.Transpose.ROTATE_90)
    desktop.choose(encode(turned, "JPEG", exif=exif), "photo.jpg", "image/jpeg")
    desktop.reads("14 in 560x280")


def test_a_large_picture_is_sent_small_and_once(desktop):
    desktop.choose(encode(year(size=1000)))
    desktop.reads(f"2026 in {WORKING_SIZE}x{WORKING_SIZE // 4}")
    assert len(desktop.sent) == 1
    assert "data:image/png;base64," in desktop.sent[0]
    assert len(desktop.sent[0]) < 100_000


def test_a_picture_is_shrunk_to_the_exact_means_of_areas(desktop):
    pixels = np.random.default_rng(0).integers(0, 256, (160, 1500, 3), np.uint8)
    desktop.choose(encode(Image.fromarray(pixels)))
    desktop.reads_size(f"{WORKING_SIZE}x119")
    source = desktop.page.locator("#picture-image").get_attribute("src")
    sent = np.asarray(Image.open(BytesIO(base64.b64decode(source.partition(",")[2]))))
    down, across = shares(160, 119), shares(1500, WORKING_SIZE)
    sums = np.tensordot(np.tensordot(down, pixels, 1), across, (1, 1)).swapaxes(1, 2)
    means = sums / (160 * 1500)
    assert np.array_equal(sent[..., :3], np.floor(means + 0.5))


def shares(length: int, shrunk: int) -> np.ndarray:
    """(shrunk, length): how much of each pixel lies in each shrunk one, in 1 / shrunk pixels."""
    whole, part = np.arange(shrunk)[:, None], np.arange(length)[None]
    end = np.minimum((whole + 1) * length, (part + 1) * shrunk)
    return np.maximum(end - np.maximum(whole * length, part * shrunk), 0)


@pytest.mark.parametrize("ink", [0, 255])
def test_a_transparent_picture_is_read(desktop, ink):
    drawing = draw_strokes(DRAWINGS["7 crossed"][1])
    transparent = Image.new("RGBA", drawing.size, (ink, ink, ink, 0))
    transparent.putalpha(Image.eval(drawing, lambda level: 255 - level))
    desktop.choose(encode(transparent))
    desktop.reads("7 ")


def test_a_tiny_picture_is_read(desktop):
    desktop.choose(encode(draw_strokes(DRAWINGS["2 plain"][1], size=28)))
    desktop.reads("2 in 28x28")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"seven", "notes.txt", "text/plain"),
        (b"seven", "number.png", "image/png"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_1.HEIC", "image/heic"),
        (encode(year())[:60], "damaged.png", "image/png"),
    ],
)
def test_what_is_no_picture_gets_a_message_and_the_picture_stays(visitor, content, name, kind):
    problem = visitor.page.get_by_role("alert")
    visitor.choose(content, name, kind)
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert name in problem.inner_text() and "PNG, JPEG" in problem.inner_text()
    assert visitor.is_empty()
    visitor.choose(encode(year(["6 curved"])))
    visitor.reads("6 ")
    assert not problem.is_visible()
    visitor.choose(content, name, kind)
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert visitor.page.locator("#picture-image").is_visible()
    assert visitor.marks() == ["6"]
    assert len(visitor.sent) == 1


def test_marks_lie_over_their_digits(visitor):
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


def test_every_mark_says_its_digit_above_it_and_within_the_place(visitor):
    tight = year(["3 round"]).crop((60, 42, 220, 238))
    for picture in (tight, year(["3 round"])):
        visitor.choose(encode(picture))
        visitor.reads(f"3 in {picture.width}x")
        visitor.page.wait_for_selector(".marks li")
        zone, mark, label = (
            visitor.page.locator(selector).bounding_box()
            for selector in (".zone", ".marks li", ".marks span")
        )
        assert zone["y"] < label["y"] < mark["y"]
        assert label["y"] + label["height"] == pytest.approx(mark["y"], abs=3)


def test_remove_brings_back_the_empty_place(visitor):
    before = visitor.page.locator(".zone").bounding_box()
    for _ in range(2):  # the same picture can be chosen again
        visitor.choose(encode(year(["9 straight"])))
        visitor.reads("9 ")
        visitor.page.wait_for_selector(".marks li")
        visitor.page.click("#picture-remove")
        visitor.reads("nothing")
        assert visitor.is_empty()
        assert visitor.marks() == []
    assert visitor.page.locator(".zone").bounding_box() == before
    focused = "document.activeElement.parentElement.id"
    assert visitor.page.evaluate(focused) == "picture-choose"


def test_a_picture_chosen_while_another_is_being_read_is_read(desktop):
    slow = year(["1 bar", "4 open"]).resize((SLOW, 300))
    desktop.choose(encode(slow))
    desktop.page.wait_for_selector("#picture-image")
    desktop.choose(encode(year(["2 plain"])))
    desktop.reads("2 in 280x280")
    desktop.page.wait_for_function("document.querySelectorAll('.marks li').length === 1")
    assert desktop.marks() == ["2"]


def test_it_works_with_the_keyboard(desktop):
    desktop.page.on("filechooser", lambda _: None)  # or a chooser may open before it is expected
    desktop.page.keyboard.press("Tab")
    assert desktop.page.evaluate("document.activeElement.parentElement.id") == "picture-choose"
    outline = "document.querySelector('#picture-choose').computedStyleMap().get('outline-width')"
    assert desktop.page.evaluate(f"{outline}.value") >= 2
    with desktop.page.expect_file_chooser() as chooser:
        desktop.page.keyboard.press("Enter")
    chooser.value.set_files(as_file(encode(year(["0 oval"]))))
    desktop.reads("0 ")
    desktop.page.focus("#picture-remove")
    desktop.page.keyboard.press("Enter")
    desktop.reads("nothing")


def test_everything_has_a_name_and_fits(visitor):
    page = visitor.page
    page.get_by_role("group", name="Picture of digits").wait_for()
    page.get_by_label("Choose picture").wait_for(state="attached")
    visitor.choose(encode(year()))
    visitor.reads("2026")
    page.get_by_role("img", name="Your picture").wait_for()
    page.get_by_role("list", name="Digits found in your picture").wait_for()
    for button in page.locator(".tools > *").all():
        assert not button.is_visible() or button.bounding_box()["height"] >= 44
    assert page.get_by_role("button", name="Remove picture").is_visible()
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_rotate_turns_the_picture_by_quarters_and_reads_it_anew(visitor):
    visitor.choose(encode(year(["4 open"]).resize((280, 240))))
    visitor.reads("4 in 280x240")
    visitor.page.click("#picture-rotate")
    visitor.reads_size("240x280")
    for _ in range(2):
        visitor.page.click("#picture-rotate")
    visitor.reads_size("240x280")
    visitor.page.focus("#picture-rotate")
    visitor.page.keyboard.press("Enter")
    visitor.reads("4 in 280x240")


def test_a_part_is_kept_with_the_mouse(desktop):
    desktop.choose(encode(year()))
    desktop.reads("2026")
    desktop.page.click("#picture-crop")
    box = desktop.page.locator("#picture-image").bounding_box()
    desktop.page.mouse.move(box["x"] + 0.52 * box["width"], box["y"] + 2)
    desktop.page.mouse.down()
    desktop.page.mouse.move(box["x"] + box["width"] + 20, box["y"] + box["height"] + 9, steps=4)
    desktop.page.mouse.up()
    desktop.page.click("#picture-keep")
    desktop.reads("26 in ")
    assert desktop.marks() == ["2", "6"]
    desktop.page.click("#picture-rotate")  # what was cropped turns as it is
    desktop.page.click("#picture-rotate")
    desktop.page.click("#picture-rotate")
    desktop.page.click("#picture-rotate")
    desktop.reads("26 in ")
    desktop.page.click("#picture-whole")
    desktop.reads("2026 in 1120x280")
    assert not desktop.page.locator("#picture-whole").is_visible()


def test_a_part_is_kept_with_a_finger(phone):
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
    phone.page.tap("#picture-keep")  # at once: the drag must not be taken for a glide
    phone.reads("20 in ")


def test_a_part_is_kept_with_the_keyboard(desktop):
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
    desktop.page.keyboard.press("Enter")  # the focus is back on the button
    for _ in range(5):
        desktop.page.keyboard.press("ArrowLeft")
    for _ in range(16):
        desktop.page.keyboard.press("Shift+ArrowLeft")
    desktop.page.keyboard.press("Enter")
    desktop.reads("20 in ")
    assert len(desktop.sent) == 2


def test_where_nothing_is_found_it_says_what_to_do(visitor):
    visitor.choose(encode(Image.new("L", (300, 200), 255)))
    visitor.page.wait_for_selector(".problem:not(:empty)")
    assert "crop closer" in visitor.page.get_by_role("alert").inner_text()
    visitor.choose(encode(year(["6 curved"])))
    visitor.reads("6 ")
    visitor.page.wait_for_selector(".marks li")
    assert not visitor.page.get_by_role("alert").is_visible()


def test_a_picture_and_a_drawing_each_have_their_own_answer(on_page):
    page = on_page.page
    on_page.choose(encode(year(["4 open", "2 plain"])))
    on_page.sees("42")
    page.wait_for_function("document.querySelectorAll('.marks li').length === 2")
    # However far down the picture is, its answer is in sight.
    page.wait_for_function(
        "document.querySelector('#answer').getBoundingClientRect().top >= -1"
        " && document.querySelector('#answer').getBoundingClientRect().bottom <= innerHeight + 1"
    )
    on_page.draw("7 crossed")
    on_page.sees("7")
    page.evaluate("document.querySelector('#picture-crop').click()")
    page.keyboard.press("Escape")  # ends the cropping and clears nothing
    assert not page.locator(".crop").is_visible() and on_page.ink() > 0
    page.evaluate("document.querySelector('#clear').click()")
    on_page.sees("")
    assert not page.locator(".marks").is_visible()
    on_page.choose(encode(Image.new("L", (300, 200), 255)))
    page.locator(".caption", has_text=PICTURE["no_digits"]).wait_for()
    page.wait_for_function(
        "words => document.querySelector('#answer [role=status]').textContent === words",
        arg=PICTURE["no_digits"],
    )


def test_a_picture_that_cannot_be_read_now_leaves_the_drawing_its_answer(on_page):
    page = on_page.page
    on_page.draw("7 crossed")
    on_page.sees("7")
    page.context.set_offline(True)
    on_page.choose(encode(year(["3 round"])))
    on_page.complains(PICTURE["offline"])
    page.context.set_offline(False)
    assert not page.locator("figure:has(#picture-image)").is_visible()
    on_page.sees("7")
    refusal = {"status": 503, "json": {"error": "busy"}, "headers": {"Retry-After": "5"}}
    page.route("**/gradio_api/run/**", lambda route: route.fulfill(**refusal))
    on_page.choose(encode(year(["3 round"])))
    on_page.complains(PICTURE["refused"]["503"])
    on_page.sees("7")
    page.unroute("**/gradio_api/run/**")
    on_page.complaints.clear()  # the browser notes every refusal
