from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawings import DRAWINGS, NOT_DIGITS

from finalnet import draw_strokes
from finalnet.numbers.boxes import Box
from finalnet.numbers.lines import MAX_DIGITS
from finalnet.numbers.splitting import Span, choose_spans
from finalnet.recognizer import Number, Prediction, judge_row, sureness
from finalnet.strokes import render_strokes

YEAR = ["2 plain", "0 oval", "2 plain", "6 curved"]


def side_by_side(*digits, gap: float = 15):
    """Strokes of digits on one line, `gap` between them; a digit is a name or strokes."""
    left, strokes = 0.0, []
    for digit in digits:
        drawn = DRAWINGS[digit][1] if isinstance(digit, str) else digit
        x = [x for stroke in drawn for x, _ in stroke]
        strokes += [[(left + x_ - min(x), y) for x_, y in stroke] for stroke in drawn]
        left += max(x) - min(x) + gap
    return strokes


def picture(strokes, pen_width: float = 8):
    """Strokes with room around them: uint8, paper 255, ink 0."""
    right = max(x for stroke in strokes for x, _ in stroke)
    moved = [[(x + 30, y + 20) for x, y in stroke] for stroke in strokes]
    return render_strokes(moved, pen_width, int(right) + 60, 140)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_2026_is_read_from_left_to_right_in_any_drawing_order(recognizer, order):
    strokes = side_by_side(*YEAR)
    number = recognizer.read_number([strokes[index] for index in order])
    assert number.text == "2026"
    assert [digit.digit for digit in number.digits] == [2, 0, 2, 6]
    assert [box.left for box in number.boxes] == sorted(box.left for box in number.boxes)
    assert all(digit.network_input.shape == (28, 28) for digit in number.digits)


def test_2026_is_read_from_a_picture_and_its_boxes_hold_the_ink(recognizer):
    image = picture(side_by_side(*YEAR))
    number = recognizer.read_number(image)
    assert number.text == recognizer.read_number(255 - image).text == "2026"
    for box in number.boxes:
        left, top, width, height = (int(value) for value in box)
        assert (image[top : top + height, left : left + width] < 255).any()
        image[top : top + height, left : left + width] = 255
    assert (image == 255).all()


def test_boxes_of_a_large_picture_are_in_its_original_pixels(recognizer):
    small = picture(side_by_side(*YEAR))
    large = np.kron(small, np.ones((6, 6), np.uint8))
    boxes = recognizer.read_number(small).boxes, recognizer.read_number(large).boxes
    np.testing.assert_allclose(6 * np.array(boxes[0]), boxes[1], atol=12)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_single_digit_is_read_as_recognize_reads_it(recognizer, name):
    strokes = DRAWINGS[name][1]
    image = draw_strokes(strokes)
    alone = recognizer.recognize(image)
    for drawing in (strokes, image):
        (digit,) = recognizer.read_number(drawing).digits
        assert digit.digit == alone.digit
        assert np.array_equal(digit.network_input, alone.network_input)


@pytest.mark.parametrize(
    "name", ["7 crossed", "5 two strokes", "4 open", "4 open, square", "0 slashed"]
)
def test_a_digit_of_several_strokes_stays_whole_between_others(recognizer, name):
    strokes = side_by_side("2 plain", name, "3 round")
    text = f"2{DRAWINGS[name][0]}3"
    assert recognizer.read_number(strokes).text == text
    assert recognizer.read_number(strokes[::-1]).text == text


def test_a_one_with_a_base_is_one_piece_of_ink(recognizer):
    number = recognizer.read_number(side_by_side("2 plain", "1 flag and base", "3 round"))
    assert len(number.digits) == 3


@pytest.mark.parametrize("gap", [-4, 0, 4])
def test_digits_that_touch_or_overlap_a_little_are_told_apart(recognizer, gap):
    strokes = side_by_side("3 round", "6 curved", "0 oval", gap=gap)
    assert recognizer.read_number(strokes).text == "360"


def test_digits_whose_ink_touches_are_cut_apart(recognizer):
    image = picture(side_by_side(*YEAR, gap=5))
    pieces = cv2.connectedComponents((image < 128).astype(np.uint8))[0] - 1
    assert pieces < len(YEAR)
    assert recognizer.read_number(image).text == "2026"


def test_a_stray_dot_is_not_a_digit(recognizer):
    strokes = [*side_by_side(*YEAR), [(-40, 60)]]
    assert recognizer.read_number(strokes).text == "2026"
    image = picture(side_by_side(*YEAR))
    image[5:8, 5:8] = 0
    assert recognizer.read_number(image).text == "2026"


@pytest.mark.parametrize("blank", [[], draw_strokes([]), np.full((60, 200), 255, np.uint8)])
def test_without_ink_there_is_no_number(recognizer, blank):
    number = recognizer.read_number(blank)
    assert (number.text, number.digits, number.boxes) == ("", [], [])


def test_an_unsure_digit_is_a_question_mark_in_its_place(recognizer):
    number = recognizer.read_number(side_by_side("2 plain", NOT_DIGITS["W"], "3 round"))
    assert number.text == "2?3"
    assert [digit.verdict for digit in number.digits] == ["digit", "unsure", "digit"]


def test_beside_a_certain_digit_only_neighbours_above_50_percent_are_accepted():
    def predict(verdict, share):
        probabilities = np.full(10, (1 - share) / 9, np.float32)
        probabilities[7] = share
        digit = 7 if verdict == "digit" else None
        return Prediction(verdict, digit, probabilities, np.ones((28, 28), np.uint8))

    sure, likely, open_ = predict("digit", 0.9), predict("unsure", 0.6), predict("unsure", 0.4)
    assert [p.digit for p in judge_row([likely, sure, open_])] == [7, 7, None]
    assert [p.digit for p in judge_row([likely, open_, likely])] == [None, None, None]
    assert judge_row([likely])[0].verdict == "unsure"


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        ([[(0, 0), (1, float("nan"))]], "stroke 1, point 2"),
        ([[]], "stroke 1 has no points"),
        (np.full((4, 4), 2.0), "must lie in 0..1"),
    ],
)
def test_invalid_drawings_are_refused_with_a_reason(recognizer, drawing, message):
    with pytest.raises(ValueError, match=message):
        recognizer.read_number(drawing)
    with pytest.raises(TypeError, match="expected a PIL image"):
        recognizer.read_number("2026")


def test_the_longest_number_is_read_and_a_longer_one_is_refused(recognizer):
    assert len(recognizer.read_number(side_by_side(*["1 bar"] * MAX_DIGITS, gap=40)).digits) == 20
    longer = side_by_side(*["1 bar"] * (MAX_DIGITS + 1), gap=40)
    for drawing in (longer, picture(longer)):
        with pytest.raises(ValueError, match="21 pieces, at most 20 digits are read"):
            recognizer.read_number(drawing)


def test_a_few_doubtful_digits_do_not_beat_more_certain_ones():
    box = Box(0, 0, 1, 1)
    spans = [Span(0, 1, 0.0, box), Span(0, 2, 0.0, box), Span(1, 2, 0.0, box)]
    assert choose_spans(spans, [1.0, 0.3, 0.18]) == [0, 2]
    assert choose_spans(spans, [1.0, 0.5, 0.18]) == [1]


def test_a_digit_as_tall_as_a_pile_counts_as_uncertain_unless_it_is_a_1():
    five = Prediction("digit", 5, np.eye(10, dtype=np.float32)[5], np.zeros((28, 28), np.uint8))
    one = replace(five, digit=1)
    for height, digit, expected in ((2.9, five, 1), (3.1, five, 0), (3.1, one, 1)):
        number = Number("", [], [digit], [Box(0, 0, 1, height)])
        assert sureness(number) == expected
