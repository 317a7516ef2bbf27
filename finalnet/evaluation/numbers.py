"""Measures how well numbers are read, as strokes and pictures; each is one writer's digits."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from finalnet.drawings import Drawing
from finalnet.recognizer import Recognizer
from finalnet.strokes import render_strokes

KINDS = {  # of numbers; each 0 is a digit
    **{f"{length} digits": ("0" * length,) for length in range(1, 7)},
    "separators": ("00:00", "0,00", "00-00-00", "00.0", "0/0", "0.000", "00/00"),
    "words and lines": ("00 00", "000\n00", "00\n000\n00", "0 000\n00 00"),
}
HEIGHTS = (0.85, 1.15)  # of digits / their mean height, within a number
BASELINE = 0.06  # standard deviation, in digit heights
GAPS = (-0.05, 0.4)  # between the ink of neighbours, in digit heights
WORD_GAPS = (1.1, 3)  # added to the gap between neighbours
LINE_PITCHES = (1.35, 2.2)
PEN_WIDTHS = (0.04, 0.14)  # in digit heights
PICTURE_HEIGHTS = (40, 110)  # px of a digit in a picture
FLATTEST = 0.6  # least height / width of a drawing when scaling, so that flat ones stay small


class DrawnNumber(NamedTuple):
    """A composed number; one unit is the height of a digit."""

    text: str
    strokes: list[np.ndarray]  # (n, 2) float64 each, y pointing down
    pen_width: float

    def render(self, height: float) -> np.ndarray:
        """A picture whose digits are about `height` px high: (H, W) uint8, paper 255, ink 0."""
        strokes = [stroke * height for stroke in self.strokes]
        pen_width = max(self.pen_width * height, 2)
        points = np.concatenate(strokes)
        margin = height / 4 + pen_width
        corner = points.min(axis=0) - margin
        width, down = (np.ptp(points, axis=0) + 2 * margin).astype(int).tolist()
        return render_strokes([stroke - corner for stroke in strokes], pen_width, width, down)


class NumberScores(NamedTuple):
    """Figures of one kind of numbers; shares in [0, 1]."""

    kind: str
    numbers: int
    strokes_right: float  # every digit certain and right, every separator in its place
    pictures_right: float
    strokes_split: float  # into the right number of digits
    pictures_split: float


def compose_text(drawings: list[Drawing], pattern: str, random: np.random.Generator) -> DrawnNumber:
    """Compose a text; each 0 of the pattern is a random digit. The strokes are in random order."""
    chosen = [drawings[i] for i in random.integers(len(drawings), size=pattern.count("0"))]
    pen_width = random.uniform(*PEN_WIDTHS)
    left, base, text, strokes = 0.0, 0.0, "", list[np.ndarray]()
    for character in pattern:
        if character == "\n":
            left, base = random.uniform(0, 1), base + random.uniform(*LINE_PITCHES)
        elif character == " ":
            left += random.uniform(*WORD_GAPS)
        elif character == "0":
            drawing = chosen[sum(map(str.isdigit, text))]
            points = np.concatenate(drawing.strokes)
            low, (width, height) = points.min(axis=0), np.ptp(points, axis=0)
            scale = random.uniform(*HEIGHTS) / max(height, FLATTEST * width, 1e-6)
            corner = np.array([left, base + random.normal(0, BASELINE) - height * scale])
            strokes += [(stroke - low) * scale + corner for stroke in drawing.strokes]
            left += width * scale + pen_width + random.uniform(*GAPS)
        else:
            mark = [stroke + (left, base) for stroke in draw_mark(character, random)]
            strokes += mark
            left = max(stroke[:, 0].max() for stroke in mark)
            left += pen_width + random.uniform(0.02, GAPS[1])
        text += drawing.label if character == "0" else character
    order = random.permutation(len(strokes))
    return DrawnNumber(text, [strokes[index] for index in order], pen_width)


def draw_mark(name: str, random: np.random.Generator) -> list[np.ndarray]:
    """A separator as strokes that start at x = 0; the baseline is y = 0, digits are 1 high."""

    def dot(y: float) -> np.ndarray:
        return np.array([0, y]) + np.abs(random.normal(0, 0.02, (random.integers(1, 5), 2)))

    y = random.uniform(-0.12, 0.02)
    if name == ".":
        return [dot(y)]
    if name == ":":
        return [dot(y - random.uniform(0.35, 0.6)), dot(y)]
    if name == ",":
        width, height = random.uniform(0.02, 0.1), random.uniform(0.16, 0.35)
        return [np.array([[width, y], [width, y + height / 2], [0, y + height]])]
    if name == "-":
        width, tilt = random.uniform(0.25, 0.55), random.normal(0, 0.03)
        return [np.array([[0, -0.5], [width, tilt - 0.5]]) + (0, random.uniform(-0.1, 0.1))]
    if name == "/":
        width, over, under = random.uniform([0.45, 0.03, 0.03], [0.75, 0.25, 0.25])
        return [np.array([[width, -1 - over], [0, under]])]
    raise ValueError(f"no separator looks like {name!r}; there are . : , - /")


def score_numbers(
    recognizer: Recognizer, drawings: Iterable[Drawing], count: int = 500, seed: int = 0
) -> list[NumberScores]:
    """Measure `count` numbers of each kind; all writers are equally frequent."""
    by_writer: dict[str, list[Drawing]] = defaultdict(list)
    for drawing in drawings:
        by_writer[drawing.writer].append(drawing)
    writers = [by_writer[writer] for writer in sorted(by_writer)]
    random = np.random.default_rng(seed)
    scores = []
    for kind, patterns in KINDS.items():
        marks = []
        for index in range(count):
            pattern = patterns[index % len(patterns)]
            number = compose_text(writers[random.integers(len(writers))], pattern, random)
            picture = number.render(random.uniform(*PICTURE_HEIGHTS))
            read = [recognizer.read_number(d) for d in (number.strokes, picture)]
            digits = pattern.count("0")
            marks.append(
                [r.text == number.text for r in read] + [len(r.digits) == digits for r in read]
            )
        scores.append(NumberScores(kind, count, *np.mean(marks, axis=0).tolist()))
    return scores
