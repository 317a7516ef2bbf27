"""Separators, words and lines, as strokes and in pictures."""

import numpy as np
import pytest
from drawings import DRAWINGS, Point, arc
from test_splitting import picture

from finalnet.numbers.lines import MAX_LINES

STYLES = {
    "0": "0 oval",
    "1": "1 bar",
    "2": "2 plain",
    "3": "3 round",
    "4": "4 open",
    "5": "5 two strokes",
    "6": "6 curved",
    "7": "7 crossed",
    "8": "8 one stroke",
    "9": "9 straight",
}
MARKS: dict[str, list[list[Point]]] = {
    ".": [[(0, 88), (2, 90), (1, 88)]],
    ",": [[(6, 84), (7, 92), (0, 106)]],
    ":": [[(0, 42), (1, 43)], [(1, 84)]],
    "-": [[(0, 52), (28, 50)]],
    "/": [[(50, 2), (26, 50), (0, 100)]],
    "+": [[(0, 52), (28, 50)], [(14, 38), (14, 66)]],
    "=": [[(0, 42), (28, 42)], [(0, 58), (28, 58)]],
    "_": [[(0, 52), (9, 51)]],
}


def write(text: str, gap: float = 14, wide: float = 110, pitch: float = 130):
    """Write a text as strokes: digits 80 high and `gap` apart, spaces `wide`."""
    left, top, strokes = 0.0, 0.0, []
    for character in text:
        if character == "\n":
            left, top = 0.0, top + pitch
        elif character == " ":
            left += wide
        else:
            is_digit = character.isdigit()
            drawn = DRAWINGS[STYLES[character]][1] if is_digit else MARKS[character]
            x = [x for stroke in drawn for x, _ in stroke]
            strokes += [[(left + x_ - min(x), top + y) for x_, y in stroke] for stroke in drawn]
            left += max(x) - min(x) + gap
    return strokes


def paint(strokes):
    """Draw strokes, on one or more lines, as a picture."""
    bottom = max(y for stroke in strokes for _, y in stroke)
    image = picture(strokes)
    if bottom > 110:
        image = np.full((int(bottom) + 60, image.shape[1]), 255, np.uint8)
        for stroke in strokes:
            shifted = [(x, y % 130) for x, y in stroke]
            line = int(stroke[0][1] // 130)
            part = image[130 * line : 130 * line + 140]
            ink = picture([shifted])
            part[: len(ink), : ink.shape[1]] &= ink[: len(part)]
    return image


TEXTS = [
    "12:30",
    "3,14",
    "24-12-26",
    "3.5",
    "1/2",
    "31/12/26",
    "1.024,50",
    "-7",
    "7-1",
    "4.4",
    "5:5",
]
LAID_OUT = ["12 30", "31\n204\n99", "20 13\n46 50", "7:30\n8:45", "3\n1", "12.5 7\n-3"]


@pytest.mark.parametrize("text", [*TEXTS, *LAID_OUT])
def test_separators_spaces_and_lines_are_read_where_they_were_written(recognizer, text):
    number = recognizer.read_number(write(text))
    assert number.text == text
    assert number.characters == [character for character in text if character.isdigit()]
    assert len(number.digits) == len(number.boxes) == len(number.characters)
    assert recognizer.read_number(write(text)[::-1]).text == text


@pytest.mark.parametrize("text", [*TEXTS, *LAID_OUT])
def test_separators_and_lines_are_read_in_pictures_too(recognizer, text):
    image = paint(write(text, gap=18))
    assert recognizer.read_number(image).text == recognizer.read_number(255 - image).text == text


@pytest.mark.parametrize(
    ("text", "read", "unread"),
    [
        ("2+3", "2 3", 1),
        ("2=3", "2 3", 1),
        (".5", ".5", 0),
        ("5.", "5.", 0),
        (".25", ".25", 0),
        ("12.\n34", "12.\n34", 0),
        ("2_3", "23", 1),
        ("1..2+3", "1.2 3", 2),
        ("12:30", "12:30", 0),
        ("3,14", "3,14", 0),
        ("-5", "-5", 0),
        ("2026", "2026", 0),
    ],
)
def test_unread_signs_are_counted(recognizer, text, read, unread):
    for drawing in (write(text), paint(write(text, gap=18))):
        number = recognizer.read_number(drawing)
        assert (number.text, number.unread) == (read, unread)


def test_scattered_numbers_are_separate(recognizer):
    strokes = write("12") + [[(x + 400, y + 200) for x, y in s] for s in write("67")]
    assert recognizer.read_number(strokes).text == "12\n67"


def test_strokes_of_a_digit_are_not_taken_for_separators(recognizer):
    circles = [arc(50, 29, 19, 19, -90, 270), arc(50, 70, 24, 20, -90, 270)]
    for strokes in (circles, circles + [[(x + 80, y) for x, y in s] for s in circles]):
        assert set(recognizer.read_number(strokes).text) == {"8"}
    for name in ("7 crossed", "5 two strokes", "4 open", "4 open, square", "0 slashed"):
        assert recognizer.read_number(DRAWINGS[name][1]).text == str(DRAWINGS[name][0])


def test_a_slanted_1_is_not_a_slash(recognizer):
    slanted = [[(x + 0.3 * (90 - y), y) for x, y in stroke] for stroke in write("3151")]
    assert recognizer.read_number(slanted).text == "3151"


def test_a_dot_between_flat_strokes_is_not_a_separator(recognizer):
    flat = [[(100, 50), (140, 50)], [(160, 50), (161, 50)], [(180, 50), (220, 50)]]
    number = recognizer.read_number([[(0, 0), (0, 100)], *flat])
    assert set(number.text) <= {"1", "?"} and number.unread == 1


def test_too_many_lines_are_refused(recognizer):
    strokes = [[(0, 100 * line), (0, 100 * line + 60)] for line in range(MAX_LINES + 1)]
    assert recognizer.read_number(strokes[1:]).text.count("\n") == MAX_LINES - 1
    with pytest.raises(ValueError, match="11 lines, at most 10 are read"):
        recognizer.read_number(strokes)
