import numpy as np
from drawings import DRAWINGS

from finalnet import draw_strokes
from finalnet.preprocessing import normalize, preprocess
from finalnet.recognizer import view_logits
from finalnet.views import PENS, change_pen, make_views

EIGHT = preprocess(draw_strokes(DRAWINGS["8 two circles"][1]))


def test_the_first_view_is_the_input_itself():
    views = make_views(EIGHT[None])
    assert views.shape == (1, len(PENS), 28, 28) and views.dtype == np.uint8
    assert np.array_equal(views[0, 0], EIGHT)


def test_a_finer_pen_has_less_ink_and_a_bolder_one_more():
    ink = [int(change_pen(EIGHT, amount).sum()) for amount in (-1, -0.5, 0, 0.5, 1)]
    assert ink == sorted(set(ink))


def test_paper_stays_paper():
    assert not make_views(np.zeros((2, 28, 28), np.uint8)).any()


def test_the_answer_is_the_mean_over_the_views(recognizer):
    each = recognizer.network.logits(normalize(make_views(EIGHT[None])[0])).mean(axis=0)
    np.testing.assert_allclose(view_logits(recognizer.network, EIGHT[None])[0], each, atol=1e-4)
    assert view_logits(recognizer.network, np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)
