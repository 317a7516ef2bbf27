import gradio as gr
import numpy as np
import pytest

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
