from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr
import numpy as np
import pytest
from drawings import DRAWINGS
from playwright.sync_api import Page
from serving import free_port
from visitor import SCREENS

from finalnet.checkpoint import BUNDLED
from finalnet.server.page import launch_options
from finalnet.strokes import render_strokes
from finalnet.web.browser import DEFAULT_PEN_WIDTH
from finalnet.web.sketchpad import Sketch, Sketchpad

STROKES = [[[40, 40], [200, 230]]]


@pytest.fixture
def pad() -> Sketchpad:
    return Sketchpad()


def test_preprocess_returns_a_drawing(pad):
    drawing = pad.preprocess({"strokes": STROKES, "pen_width": 12, "finished": False, "more": 1})
    assert drawing == Sketch(STROKES, 12, False)
    assert np.array_equal(drawing.render(), render_strokes(STROKES, 12))


def test_postprocess_takes_a_drawing(pad):
    assert pad.postprocess(Sketch(STROKES)) == {
        "strokes": STROKES,
        "pen_width": DEFAULT_PEN_WIDTH,
        "finished": True,
        "width": 280,
        "reading": None,
    }
    assert pad.postprocess(None) is None


def test_an_untouched_pad_is_an_empty_drawing(pad):
    assert pad.preprocess(None).render().min() == 255


def test_the_example_payload_is_a_drawing(pad):
    assert pad.preprocess(pad.example_payload()).render().min() == 0


@pytest.mark.parametrize("payload", ["seven", 7, [], [[1, 2]], {"stroke": []}])
def test_a_payload_that_is_not_a_drawing_is_refused(pad, payload):
    with pytest.raises(gr.Error, match="The sketchpad takes"):
        pad.preprocess(payload)


@pytest.mark.parametrize("pen_width", [0, -3, 1e9, float("nan"), "9", None, True, [9]])
def test_an_invalid_pen_width_is_refused(pen_width):
    with pytest.raises(ValueError, match="pen_width must"):
        Sketch(STROKES, pen_width).render()


def test_the_pad_has_its_events_and_no_misspelt_ones(pad):
    assert callable(pad.change)
    assert callable(pad.release)
    with pytest.raises(AttributeError):
        pad.relaese  # noqa: B018


# Counts how often Gradio serialises a pad's value.
NOTE_VALUES = """
window.values = 0;
const { stringify } = JSON;
JSON.stringify = (...options) => {
  const text = stringify(...options);
  if (text?.includes('"finished":true')) values++;
  return text;
};
"""


@contextmanager
def strangers_page(demo: gr.Blocks, browser) -> Iterator[Page]:
    """Open a third party's Gradio page in a browser."""
    port = free_port()
    demo.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        theme=launch_options()["theme"],  # fetches no fonts from other hosts
    )
    try:
        with browser.new_context(**SCREENS["desktop"]) as context:
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.goto(f"http://127.0.0.1:{port}")
            yield page
    finally:
        demo.close()


def test_a_drawing_is_sent_only_if_something_listens(browser):
    with gr.Blocks(analytics_enabled=False) as demo:
        Sketchpad(elem_id="unheard")
        heard = Sketchpad(elem_id="heard")
        answer = gr.Textbox(elem_id="answer")
        heard.release(lambda drawing: f"{len(drawing.strokes)} strokes", heard, answer, queue=False)
    with strangers_page(demo, browser) as page:
        for pad in ("#unheard", "#heard"):
            page.wait_for_selector(f"{pad} .ready")
            page.locator(pad).scroll_into_view_if_needed()
        sent: list[str] = []
        page.on("request", lambda request: "/run/" in request.url and sent.append(request.url))
        page.evaluate(NOTE_VALUES)
        for pad, count in (("#unheard", 0), ("#heard", 1)):
            page.locator(f"{pad} canvas").click(position={"x": 90, "y": 90})
            page.wait_for_selector(f"{pad} .inked")
            page.wait_for_timeout(200)
            assert len(sent) == count and (page.evaluate("values") > 0) == bool(count)
        page.wait_for_function("document.querySelector('#answer textarea').value === '1 strokes'")


def test_two_pads_on_a_page_have_their_own_readings_teaching_and_history(browser):
    with gr.Blocks(analytics_enabled=False) as demo, gr.Row():
        Sketchpad(checkpoint=BUNDLED, elem_id="left")
        Sketchpad(checkpoint=BUNDLED)  # without an elem_id
    drawing = DRAWINGS["7 crossed"][1]
    readings = "[...document.querySelectorAll('.paper')].map((pad) => pad.reading?.text)"

    def draw(pad: int) -> None:
        canvas = page.locator(".paper canvas").nth(pad)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        for stroke in drawing:
            for i, (x, y) in enumerate(stroke):
                page.mouse.move(
                    box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100
                )
                if i == 0:
                    page.mouse.down()
            page.mouse.up()

    def wait_for(*texts: str | None) -> None:
        page.wait_for_function(
            f"(texts) => {readings}.every((text, i) => text === (texts[i] ?? undefined))",
            arg=list(texts),
        )

    def strokes() -> list[int]:
        pads = "[...document.querySelectorAll('.paper')]"
        return page.evaluate(f"{pads}.map((pad) => pad.drawing().strokes.length)")

    with strangers_page(demo, browser) as page:
        page.wait_for_function("document.querySelectorAll('.paper.reads').length === 2")
        page.evaluate(
            """() => {
              window.heard = [];
              document.addEventListener("reading", ({ target }) => heard.push(target));
            }"""
        )
        draw(0)
        wait_for("7", None)
        assert page.evaluate("heard.every((pad) => pad === document.querySelector('.paper'))")
        draw(1)
        wait_for("7", "7")
        page.wait_for_function("document.querySelector('.paper').example()")
        page.evaluate(
            """() => {
              const pad = document.querySelector(".paper");
              pad.taught.change({ add: [{ label: 1, ...pad.example() }] });
            }"""
        )
        wait_for("1", "7")
        page.keyboard.press("Control+z")  # acts on the last used pad
        page.wait_for_function("document.querySelectorAll('.paper')[1].reading.finished")
        assert strokes() == [2, 1]
        page.reload()
        page.wait_for_function("document.querySelectorAll('.paper.reads').length === 2")
        assert strokes() == [2, 1]
        page.wait_for_function(f"{readings}[0] === '1'")
        assert page.evaluate("document.querySelectorAll('.paper')[1].taught.drawings") == []
