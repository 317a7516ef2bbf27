import numpy as np
import pytest
from PIL import Image

from finalnet import draw_strokes
from finalnet.strokes import MAX_POINTS, MAX_STROKES, PAD_SIZE, render_strokes


def ink_box(image) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(np.asarray(image) < 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_line_keeps_its_place_has_the_width_of_the_pen_and_round_ends():
    image = render_strokes([[(100, 50), (100, 200)]], pen_width=20)
    assert image.shape == (PAD_SIZE, PAD_SIZE) and image.dtype == np.uint8
    np.testing.assert_allclose(ink_box(image), (90, 40, 110, 210), atol=1)
    assert image[41, 92] == 255 and image[45, 100] == 0


def test_a_single_point_draws_a_round_dot():
    image = render_strokes([[(60, 80)]], pen_width=20)
    np.testing.assert_allclose(ink_box(image), (50, 70, 70, 90), atol=1)
    assert (image < 128).sum() == pytest.approx(np.pi * 10**2, rel=0.05)


def test_edges_are_antialiased():
    image = render_strokes([[(20, 20), (250, 130)]], pen_width=9)
    assert len(np.unique(image)) > 8


def test_joints_are_round_without_a_gap():
    image = render_strokes([[(60, 200), (140, 60), (220, 200)]], pen_width=30)
    assert image[46:60, 140].max() == 0


def test_ink_outside_the_pad_is_clipped():
    image = render_strokes([[(-500, 140), (900, 140)]], pen_width=10)
    assert ink_box(image)[0] == 0 and ink_box(image)[2] == PAD_SIZE


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (0.001, 5), (4000, -90_000)])
def test_strokes_in_any_unit_are_fitted_into_the_pad(scale, shift):
    stroke = [(0, 0), (40, 100), (50, 0)]
    image = draw_strokes([[(x * scale + shift, y * scale + shift) for x, y in stroke]])
    assert isinstance(image, Image.Image) and image.size == (PAD_SIZE, PAD_SIZE)
    # Coordinates are rounded to quarter pixels, in either direction.
    assert np.abs(np.asarray(image, float) - draw_strokes([stroke])).mean() < 0.5
    left, top, right, bottom = ink_box(image)
    assert bottom - top == pytest.approx(0.7 * PAD_SIZE * 1.08, abs=2)
    assert left + right == pytest.approx(PAD_SIZE, abs=2)


def test_no_strokes_give_a_blank_pad():
    assert np.asarray(draw_strokes([])).min() == 255


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ("scribble", "must be a list of strokes, got str 'scribble'"),
        (None, "must be a list of strokes, got NoneType"),
        ([[(0, 0)], 7], "stroke 2 must be a list of"),
        ([[(0, 0)], []], "stroke 2 has no points"),
        ([[(0, 0), (1, 2, 3)]], "stroke 1, point 2: a point is"),
        ([[(0, "1")]], "stroke 1, point 1: x and y must be numbers, got str '1'"),
        ([[(0, True)]], "must be numbers, got bool"),
        ([[(0, None)]], "must be numbers, got NoneType"),
        ([[(0, float("nan"))]], "must lie within ±1,000,000, got nan"),
        ([[(float("inf"), 0)]], "must lie within ±1,000,000, got inf"),
        ([[(2e6, 0)]], "must lie within"),
        ([[(10**400, 0)]], "must lie within"),
        ([[(0, 0)]] * (MAX_STROKES + 1), "too many strokes: 501"),
        ([[(0, 0)] * (MAX_POINTS + 1)], "too many points"),
    ],
)
def test_the_error_for_invalid_strokes_says_what_is_wrong(strokes, message):
    with pytest.raises(ValueError, match=message):
        draw_strokes(strokes)
