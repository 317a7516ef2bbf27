"""How well numbers are read: composed of one writer's drawn digits, as strokes and as pictures."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from finalnet.evaluation.scores import Drawing
from finalnet.recognizer import Recognizer
from finalnet.strokes import render_strokes

LENGTHS = range(1, 7)  # digits
HEIGHTS = (0.85, 1.15)  # of the digits of one number, in their mean height
BASELINE = 0.06  # standard deviation, in digit heights
GAPS = (-0.05, 0.4)  # between the ink of neighbours, in digit heights
PENS = (0.04, 0.14)  # in digit heights
PICTURE_HEIGHTS = (40, 110)  # px of a digit in a picture
FLATTEST = 0.6  # a drawing's height, at the least, in widths: a flat one is not blown up


class DrawnNumber(NamedTuple):
    """Digits side by side; one unit is a digit's height."""

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
    """Shares, in [0, 1], of numbers of one length."""

    length: int  # digits
    numbers: int
    strokes_right: float  # wholly read, every digit sure
    pictures_right: float
    strokes_split: float  # into as many digits as there are
    pictures_split: float


def compose_number(
    drawings: list[Drawing], length: int, random: np.random.Generator
) -> DrawnNumber:
    """Put digits of one writer, drawn at random, on a line; the strokes come in any order."""
    chosen = [drawings[index] for index in random.integers(len(drawings), size=length)]
    pen_width = random.uniform(*PENS)
    left, strokes = 0.0, []
    for drawing in chosen:
        points = np.concatenate(drawing.strokes)
        low, (width, height) = points.min(axis=0), np.ptp(points, axis=0)
        scale = random.uniform(*HEIGHTS) / max(height, FLATTEST * width, 1e-6)
        corner = np.array([left, random.normal(0, BASELINE) - height * scale])
        strokes += [(stroke - low) * scale + corner for stroke in drawing.strokes]
        left += width * scale + pen_width + random.uniform(*GAPS)
    order = random.permutation(len(strokes))
    text = "".join(drawing.label for drawing in chosen)
    return DrawnNumber(text, [strokes[index] for index in order], pen_width)


def score_numbers(
    recognizer: Recognizer, drawings: Iterable[Drawing], count: int = 500, seed: int = 0
) -> list[NumberScores]:
    """Measure `count` numbers of each length from 1 to 6; every writer is as frequent."""
    by_writer: dict[str, list[Drawing]] = defaultdict(list)
    for drawing in drawings:
        by_writer[drawing.writer].append(drawing)
    writers = [by_writer[writer] for writer in sorted(by_writer)]
    random = np.random.default_rng(seed)
    scores = []
    for length in LENGTHS:
        marks = []
        for _ in range(count):
            number = compose_number(writers[random.integers(len(writers))], length, random)
            picture = number.render(random.uniform(*PICTURE_HEIGHTS))
            texts = [recognizer.read_number(d).text for d in (number.strokes, picture)]
            marks.append([t == number.text for t in texts] + [len(t) == length for t in texts])
        scores.append(NumberScores(length, count, *np.mean(marks, axis=0).tolist()))
    return scores
