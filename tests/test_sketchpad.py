import gradio as gr
import numpy as np
import pytest
from serving import free_port
from visitor import SCREENS

from finalnet.server.page import launch_options
from finalnet.strokes import render_strokes
from finalnet.web.sketchpad import DEFAULT_PEN_WIDTH, Drawing, Sketchpad

STROKES = [[[40, 40], [200, 230]]]


@pytest.fixture
def pad() -> Sketchpad:
    return Sketchpad()


def test_the_pad_gives_a_drawing(pad):
    drawing = pad.preprocess({"strokes": STROKES, "pen_width": 12, "finished": False, "more": 1})
    assert drawing == Drawing(STROKES, 12, False)
    assert np.array_equal(drawing.render(), render_strokes(STROKES, 12))


def test_the_pad_takes_a_drawing(pad):
    assert pad.postprocess(Drawing(STROKES)) == {
        "strokes": STROKES,
        "pen_width": DEFAULT_PEN_WIDTH,
        "finished": True,
        "width": 280,
        "reading": None,
    }
    assert pad.postprocess(None) is None


def test_an_untouched_pad_is_an_empty_drawing(pad):
    assert pad.preprocess(None).render().min() == 255


def test_its_example_is_a_drawing(pad):
    assert pad.preprocess(pad.example_payload()).render().min() == 0


@pytest.mark.parametrize("payload", ["seven", 7, [], [[1, 2]], {"stroke": []}])
def test_what_is_no_drawing_is_refused(pad, payload):
    with pytest.raises(gr.Error, match="The sketchpad sends"):
        pad.preprocess(payload)


@pytest.mark.parametrize("pen_width", [0, -3, 1e9, float("nan"), "9", None, True, [9]])
def test_an_impossible_pen_is_refused(pen_width):
    with pytest.raises(ValueError, match="pen_width must"):
        Drawing(STROKES, pen_width).render()


def test_a_misspelt_event_is_refused_and_its_events_can_be_listened_to(pad):
    assert callable(pad.change)
    assert callable(pad.release)
    with pytest.raises(AttributeError):
        pad.relaese  # noqa: B018


# Counts how often Gradio goes through a drawing that is the value of a pad.
NOTE_VALUES = """
window.values = 0;
const { stringify } = JSON;
JSON.stringify = (...options) => {
  const text = stringify(...options);
  if (text?.includes('"finished":true')) values++;
  return text;
};
"""


def test_what_is_drawn_is_sent_only_where_somebody_listens(browser):
    with gr.Blocks(analytics_enabled=False) as demo:
        Sketchpad(elem_id="unheard")
        heard = Sketchpad(elem_id="heard")
        answer = gr.Textbox(elem_id="answer")
        heard.release(lambda drawing: f"{len(drawing.strokes)} strokes", heard, answer, queue=False)
    port = free_port()
    demo.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        theme=launch_options()["theme"],  # whose fonts no other host has
    )
    try:
        with browser.new_context(**SCREENS["desktop"]) as context:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}")
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
            page.wait_for_function(
                "document.querySelector('#answer textarea').value === '1 strokes'"
            )
    finally:
        demo.close()
