"""A recogniser taught with a person's drawings reads them, and similar ones, correctly."""

import os
from pathlib import Path

import numpy as np
import pytest
from drawings import DRAWINGS, NOT_DIGITS

from benchmarks.hands import calibration_error, count_errors, look, measure, pool
from finalnet import Recognizer, draw_strokes
from finalnet.drawings import read_drawings
from finalnet.evaluation.scores import draw_samples
from finalnet.training.handwriting import generate_digits, generate_unseen

STROKES = Path(os.environ.get("STROKES_DIR", "no strokes")) / "digits-dev.jsonl.gz"
SEVEN, THREE = DRAWINGS["7 plain"][1], DRAWINGS["3 round"][1]


def flat_one(random: np.random.Generator) -> list[list[tuple[float, float]]]:
    """A 1 with a flat flag, as some people write it; most would read it as a 7."""
    return [[(random.uniform(18, 26), random.uniform(12, 20)), (62, 10), (58, 90)]]


def cornered_nine(random: np.random.Generator) -> list[list[tuple[float, float]]]:
    """A 9 with a triangular loop, which looks like a 4."""
    return [
        [(68, 12), (28, random.uniform(26, 34)), (68, random.uniform(46, 52)), (68, 12), (64, 90)]
    ]


def write(style, count: int, seed: int) -> list[list]:
    """Drawings in one style by one person, each slanted, stretched and shaken a little."""
    random = np.random.default_rng(seed)
    drawings = []
    for _ in range(count):
        turn = [[random.uniform(0.85, 1.1), random.uniform(-0.1, 0.1)], [0, 1]]
        strokes = [np.array(stroke) @ np.transpose(turn) for stroke in style(random)]
        drawings.append([(s + random.normal(0, 1, s.shape)).tolist() for s in strokes])
    return drawings


@pytest.mark.parametrize(("style", "digit"), [(flat_one, 1), (cornered_nine, 9)])
def test_ten_drawings_teach_a_style_that_the_network_gets_wrong(recognizer, style, digit):
    taught = recognizer.taught([(drawing, digit) for drawing in write(style, 10, 1)])
    pictures = [draw_strokes(drawing) for drawing in write(style, 100, 2)]

    def share_right(recognizer: Recognizer) -> float:
        return np.mean([p.digit == digit for p in recognizer.recognize_batch(pictures)])

    assert share_right(recognizer) < 0.5
    assert share_right(taught) > 0.95


def test_learning_a_style_does_not_lower_the_accuracy_on_mnist(recognizer, mnist_test):
    """Uses 9s, because flat 1s look like MNIST's 7s: ten of them turn 56 of the 7s into 1s."""
    seen = look(recognizer.network, mnist_test.images.numpy(), mnist_test.labels.numpy())
    taught = recognizer.taught([(drawing, 9) for drawing in write(cornered_nine, 10, 1)])
    both = seen.logits, taught.hand.sway(seen.traits, seen.logits)
    before, after = [(logits.argmax(axis=1) == seen.labels).mean() for logits in both]
    assert before > 0.99 and after >= before - 0.001


def test_without_examples_every_answer_is_identical_to_the_untaught_one(recognizer):
    inputs = np.concatenate([generate_digits(100, 4), generate_unseen(20, 4)])
    pairs = zip(
        recognizer.recognize_inputs(inputs),
        recognizer.taught([]).recognize_inputs(inputs),
        strict=True,
    )
    for untaught, taught in pairs:
        assert untaught.verdict == taught.verdict and untaught.digit == taught.digit
        assert np.array_equal(untaught.probabilities, taught.probabilities)


def test_teaching_does_not_change_the_original_recogniser(recognizer):
    before = recognizer.recognize(draw_strokes(SEVEN)).probabilities
    taught = recognizer.taught([(SEVEN, 1)])
    assert taught.recognize(draw_strokes(SEVEN)).digit == 1
    assert taught.taught([(THREE, 8)]).recognize(draw_strokes(SEVEN)).digit == 1
    assert taught.recognize(draw_strokes(THREE)).digit == 3
    assert np.array_equal(recognizer.recognize(draw_strokes(SEVEN)).probabilities, before)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_taught_drawing_gets_its_label_as_picture_as_strokes_and_in_a_number(recognizer, name):
    digit, strokes = DRAWINGS[name]
    label = (digit + 1) % 10
    taught = recognizer.taught([(strokes, label)])
    picture = draw_strokes(strokes)
    assert taught.recognize(picture).digit == label
    assert recognizer.taught([(picture, label)]).recognize(picture).digit == label
    assert taught.read_number(strokes).text == str(label)
    beside = [[(x + 130, y) for x, y in stroke] for stroke in THREE]
    if name != "3 round":
        assert taught.read_number([*strokes, *beside]).text == f"{label}3"


def test_the_newest_label_of_a_drawing_counts(recognizer):
    taught = recognizer.taught([(SEVEN, 1), (SEVEN, None), (SEVEN, 4)])
    assert taught.recognize(draw_strokes(SEVEN)).digit == 4
    leaning = [[(x + 0.05 * y, y) for x, y in stroke] for stroke in SEVEN]
    both = recognizer.taught([(SEVEN, 1), (leaning, 2)])
    assert both.recognize(draw_strokes(leaning)).digit == 2


def test_no_digit_can_be_taught_and_taken_back(recognizer):
    taught = recognizer.taught([(SEVEN, None)])
    unsure = taught.recognize(draw_strokes(SEVEN))
    assert (unsure.verdict, unsure.digit) == ("unsure", None)
    assert unsure.probabilities.max() == pytest.approx(0.1, abs=1e-3)
    assert taught.recognize(draw_strokes(THREE)).digit == 3
    assert taught.taught([(SEVEN, 7)]).recognize(draw_strokes(SEVEN)).digit == 7
    star = NOT_DIGITS["star"]
    assert recognizer.taught([(star, 5)]).recognize(draw_strokes(star)).digit == 5


def test_teaching_does_not_turn_scribbles_into_digits(recognizer):
    shown = [(strokes, digit) for digit, strokes in DRAWINGS.values()]
    misread = [(drawing, 1) for drawing in write(flat_one, 5, 3)]
    scribbles = generate_unseen(500, 5)

    def share_accepted(recognizer: Recognizer) -> float:
        answers = recognizer.recognize_inputs(scribbles)
        return np.mean([answer.verdict == "digit" for answer in answers])

    assert share_accepted(recognizer.taught(misread)) <= share_accepted(recognizer) + 0.01
    assert (
        share_accepted(recognizer.taught([*shown, *misread])) <= share_accepted(recognizer) + 0.03
    )


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ((SEVEN, 10), "example 2: a label must be 0 to 9, or None for no digit, got 10"),
        ((SEVEN, True), "example 2: a label must be 0 to 9"),
        ((SEVEN, "7"), "example 2: a label must be 0 to 9"),
        (([], 7), "example 2: nothing is drawn"),
        (([[]], 7), "example 2: stroke 1 has no points"),
        ((np.full((5, 5), 7.0), 7), r"example 2: .*0\.\.1"),
    ],
)
def test_the_error_for_an_invalid_example_gives_its_number(recognizer, example, message):
    with pytest.raises(ValueError, match=message):
        recognizer.taught([(THREE, 3), example])


@pytest.mark.skipif(not STROKES.exists(), reason="no drawings; name their folder in STROKES_DIR")
def test_corrections_reduce_errors_and_probabilities_stay_calibrated(recognizer):
    drawings = [d for d in read_drawings(STROKES) if d.source in ("unipen-apb", "unipen-syn")][::2]
    samples = draw_samples(drawings, "random placement")
    seen = look(recognizer.network, samples.inputs, samples.labels)
    writers = np.array([drawing.writer for drawing in drawings])
    courses = [
        measure(seen.take(np.flatnonzero(writers == writer)), seen, {}, recognizer.network)
        for writer in np.unique(writers)
    ]
    before, after = count_errors(courses)
    assert after < before
    assert np.mean([course.cost for course in courses]) <= 0.0005
    labels, _, probabilities = pool(courses)
    assert calibration_error(probabilities, labels) <= 0.015
