import numpy as np
from drawings import DRAWINGS

from finalnet import draw_strokes
from finalnet.preprocessing import normalize, preprocess
from finalnet.recognizer import view_logits
from finalnet.training.learner import PENS
from finalnet.views import change_pen, make_views

EIGHT = preprocess(draw_strokes(DRAWINGS["8 two circles"][1]))


def test_each_pen_gives_a_view_and_a_pen_of_0_the_input_itself():
    views = make_views(EIGHT[None], (*PENS, 0.0))
    assert views.shape == (1, len(PENS) + 1, 28, 28) and views.dtype == np.uint8
    assert np.array_equal(views[0, -1], EIGHT)
    assert np.array_equal(views[0, 0], change_pen(EIGHT, PENS[0]))


def test_a_finer_pen_has_less_ink_and_a_bolder_one_more():
    ink = [int(change_pen(EIGHT, amount).sum()) for amount in (-1, -0.5, 0, 0.5, 1)]
    assert ink == sorted(set(ink))


def test_paper_stays_paper():
    assert not make_views(np.zeros((2, 28, 28), np.uint8), PENS).any()


def test_the_logits_are_the_mean_over_the_views_of_the_checkpoint(recognizer):
    views = make_views(EIGHT[None], recognizer.network.pens)[0]
    each = recognizer.network.logits(normalize(views)).mean(axis=0)
    np.testing.assert_allclose(view_logits(recognizer.network, EIGHT[None])[0], each, atol=1e-4)
    assert view_logits(recognizer.network, np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)
