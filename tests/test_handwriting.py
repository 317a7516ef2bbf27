import numpy as np
import pytest

from finalnet.training.handwriting import (
    CHUNK,
    generate,
    generate_digits,
    generate_others,
    generate_unseen,
)
from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.others import OTHERS, UNSEEN
from finalnet.training.handwriting.pen import arc, curve, vary


@pytest.mark.parametrize("drawer", [generate_digits, generate_others, generate_unseen])
def test_generated_pictures_are_network_inputs_that_repeat_with_the_seed(drawer):
    pictures = drawer(60, 1)
    assert pictures.shape == (60, 28, 28)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, drawer(60, 1))
    assert len(np.unique(pictures.reshape(60, -1), axis=0)) == 60
    assert not np.array_equal(pictures, drawer(60, 2))


def test_generating_on_all_cores_gives_the_pictures_of_one():
    together = generate(generate_digits, CHUNK + 30, 7)
    seeds = np.random.SeedSequence(7).generate_state(2).tolist()
    one_by_one = [generate_digits(CHUNK, seeds[0]), generate_digits(30, seeds[1])]
    assert np.array_equal(together, np.concatenate(one_by_one))


def test_generated_digits_that_no_training_drew_are_read_as_meant(recognizer):
    pictures = generate_digits(2_000, 99)
    probabilities = np.stack([p.probabilities for p in recognizer.recognize_inputs(pictures)])
    right = probabilities.argmax(axis=1) == np.arange(2_000) % 10
    by_digit = right.reshape(-1, 10).mean(axis=0)
    assert by_digit.min() > 0.95, by_digit
    assert right.mean() > 0.97


def test_what_is_measured_with_is_never_trained_on():
    assert not set(OTHERS) & set(UNSEEN)


@pytest.mark.parametrize("draw", [*DIGITS, *OTHERS, *UNSEEN])
def test_every_drawing_has_ink_and_stays_near_its_frame(draw):
    random = np.random.default_rng(0)
    for _ in range(200):
        points = np.concatenate(vary(draw(random), random))
        assert points.ndim == 2
        assert np.isfinite(points).all()
        assert 0.2 < np.ptp(points, axis=0).max() < 8


def test_a_curve_passes_through_its_points_and_turns_at_corners():
    points = np.array([(0, 0), (1, 2), (3, 1)], float)
    path = curve(*points)
    assert all(np.isclose(path, point).all(axis=1).any() for point in points)
    corner = curve((0, 0), (1, 0), (1, 0), (1, 1))
    assert (np.isclose(corner[:, 1], 0) | np.isclose(corner[:, 0], 1)).all()


def test_an_arc_lies_on_its_ellipse():
    path = arc((1, 2), (3, 4), 0, 200)
    np.testing.assert_allclose((((path - (1, 2)) / (3, 4)) ** 2).sum(axis=1), 1)
