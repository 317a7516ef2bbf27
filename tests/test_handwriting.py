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
from finalnet.training.handwriting.pen import (
    arc,
    curve,
    digitise,
    finish,
    join_strokes,
    lift_pen,
    line,
    misplace,
    resample,
    smooth,
    vary,
)


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


def test_unseen_generated_digits_are_read_correctly(recognizer):
    pictures = generate_digits(2_000, 99)
    probabilities = np.stack([p.probabilities for p in recognizer.recognize_inputs(pictures)])
    right = probabilities.argmax(axis=1) == np.arange(2_000) % 10
    by_digit = right.reshape(-1, 10).mean(axis=0)
    assert by_digit.min() > 0.95, by_digit
    assert right.mean() > 0.97


def test_training_uses_no_drawings_kept_for_measuring():
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


def test_resampling_keeps_the_ends_and_the_length_of_a_stroke():
    stroke = resample(curve((0, 0), (1, 2), (3, 1)), 0.02)
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    assert steps.max() <= 0.02 and steps.min() > 0.015
    np.testing.assert_allclose(stroke[[0, -1]], [(0, 0), (3, 1)])
    assert resample(np.array([(1.0, 2.0)]), 0.02).tolist() == [[1, 2], [1, 2]]


def test_a_careless_hand_misplaces_strokes_and_a_careful_one_does_not():
    random = np.random.default_rng(0)
    bar = line((0, 0.5), (0.4, 0.5))
    np.testing.assert_allclose(misplace(bar, 0.0, random), bar)
    lengths, angles = [], []
    for _ in range(500):
        moved = misplace(bar, 1.0, random)
        (x, y) = moved[-1] - moved[0]
        lengths.append(np.hypot(x, y) / 0.4)
        angles.append(np.degrees(np.arctan2(y, x)))
    assert 0.2 < np.std(np.log(lengths)) < 0.3
    assert 12 < np.std(angles) < 16


def test_strokes_end_too_long_too_short_and_in_curls():
    random = np.random.default_rng(0)
    bar = resample(line((0, 0), (1, 0)), 0.02)
    ends = [finish(bar, 1.0, random) for _ in range(500)]
    left = np.array([stroke[:, 0].min() for stroke in ends])
    assert (left < -0.05).any() and (left > 0.05).any()
    curled = np.mean([np.abs(stroke[:, 1]).max() > 0.01 for stroke in ends])
    assert 0.07 < curled < 0.17  # either end in 6 of 100


def test_the_pen_stays_down_only_where_the_next_stroke_is_near():
    near = [line((0, 0), (1, 0)), line((1.1, 0.1), (1, 1))]
    assert len(join_strokes(near)) == 1
    np.testing.assert_allclose(join_strokes(near)[0], np.concatenate(near))
    assert len(join_strokes([line((0, 0), (1, 0)), line((0, 0), (0, 1))])) == 2


def test_a_lifted_pen_makes_two_strokes_of_the_longest_one():
    random = np.random.default_rng(0)
    long, short = resample(line((0, 0), (0, 1)), 0.02), resample(line((0, 0), (0.1, 0)), 0.02)
    for _ in range(50):
        strokes = lift_pen([short, long], random)
        assert len(strokes) == 3 and strokes[0] is short
        assert 0 <= len(long) - len(strokes[1]) - len(strokes[2]) < 4
    assert lift_pen([short], random) == [short]


def test_a_digitiser_keeps_the_ends_and_at_least_four_points():
    random = np.random.default_rng(0)
    bar = resample(line((0, 0), (1, 0)), 0.02)
    kept = [digitise([bar], random)[0] for _ in range(300)]
    counts = {len(stroke) for stroke in kept}
    assert min(counts) >= 4 and max(counts) == len(bar) and len(counts) > 10
    assert all(np.linalg.norm(stroke[-1] - (1, 0)) < 0.2 for stroke in kept)


def test_smoothing_keeps_a_straight_line_straight():
    bar = line((0, 0), (1, 1))
    smoothed = smooth(bar, 5)
    assert smoothed.shape == bar.shape
    np.testing.assert_allclose(smoothed[:, 0], smoothed[:, 1])
    np.testing.assert_allclose(smoothed[3:-3], bar[3:-3])
