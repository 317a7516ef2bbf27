"""Splits numbers into digits, left to right.

    strokes -> lines of pieces -> spans of pieces that may be digits -> the likeliest row of digits

Geometry decides most cases: strokes above one another form one digit, and a wide gap separates two.
For the others we draw every span that may be a digit, have the network read all of them in one
batch, and choose the row that it most takes for digits. cutting.py does the same for pictures.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from finalnet.numbers.boxes import Box, join
from finalnet.numbers.lines import STROKES_ROOM, SURE, find_lines, log_odds
from finalnet.preprocessing import INPUT_SIZE, preprocess
from finalnet.strokes import draw_strokes

MAX_PIECES = 5  # in a digit
MOST_SPANS = 250  # the likeliest are read, at a millisecond or two each
# Priors, in log-odds, are added to the network's log-probabilities.
TRUST = 10.0  # weight of the network's log-probabilities relative to the priors
SMALL = 0.6  # of the tallest piece's height; smaller spans are rarely digits of the same number ...
SMALL_COST = 30.0  # ... and lose this much, in log-odds, times the height that they lack


class Span(NamedTuple):
    """Neighbouring pieces that may be one digit: start to stop - 1."""

    start: int
    stop: int
    prior: float  # log-probability that they are one digit, from their geometry alone
    box: Box


class Split(NamedTuple):
    """The possible ways to split a drawing into digits."""

    spans: list[Span]
    inputs: np.ndarray  # (N, 28, 28) uint8, the network input of each span
    breaks: list[str]  # before each piece, and after the last: "", " ", "\n", ":" ...
    unread: int  # number of dots and signs that are not read


def split_strokes(strokes: Sequence[np.ndarray]) -> Split:
    """Group strokes into pieces, in any drawing order, and list the spans that may be digits.

    Args:
        strokes: (n, 2) float64 each, in any unit, y pointing down, from `check_strokes`.
    Raises:
        ValueError: there are more lines or digits than are read.
    """
    boxes = [
        Box(*stroke.min(axis=0).tolist(), *np.ptp(stroke, axis=0).tolist()) for stroke in strokes
    ]
    lines = find_lines(boxes, [lean(stroke) for stroke in strokes], STROKES_ROOM)
    breaks = join_breaks([line.breaks for line in lines])
    pieces = [piece for line in lines for piece in line.pieces]
    piece_boxes = [join([boxes[index] for index in piece]) for piece in pieces]
    odds = [
        math.inf if between else log_odds(*pair)
        for pair, between in zip(pairwise(piece_boxes), breaks[1:-1], strict=True)
    ]
    spans = find_spans(piece_boxes, odds, breaks)
    inputs = []
    for span in spans:
        parts = sorted(index for piece in pieces[span.start : span.stop] for index in piece)
        inputs.append(preprocess(draw_strokes([strokes[index] for index in parts])))
    return Split(spans, stack(inputs), breaks, sum(line.unread for line in lines))


def lean(points: np.ndarray) -> float:
    """Correlation of x with y pointing up, -1 to 1, of points (n, 2); 0 if x or y is constant."""
    (x, y) = (points - points.mean(axis=0)).T
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return -float(x @ y) / scale if scale else 0.0


def join_breaks(lines: Sequence[list[str]]) -> list[str]:
    """Concatenate the breaks of several lines, with "\\n" between lines."""
    breaks = list(lines[0]) if lines else [""]
    for line in lines[1:]:
        breaks[-1:] = [f"{breaks[-1]}\n{line[0]}", *line[1:]]
    return breaks


def find_spans(boxes: Sequence[Box], odds: Sequence[float], breaks: Sequence[str]) -> list[Span]:
    """Find all runs of neighbouring pieces that may be digits.

    Args:
        boxes: of n pieces, left to right.
        odds: n - 1 log-odds that a digit ends between two pieces.
        breaks: n + 1, as in `Split`.
    """
    ends = np.array([np.inf, *odds, np.inf])
    apart, together = -np.logaddexp(0, -ends), -np.logaddexp(0, ends)  # log-probabilities
    highest = find_highest(boxes, breaks)
    spans = []
    for start in range(len(boxes)):
        for stop in range(start + 1, min(start + MAX_PIECES, len(boxes)) + 1):
            if stop > start + 1 and ends[stop - 1] > SURE:
                break
            box = join(boxes[start:stop])
            # Two digits share an end, so each counts half of it.
            prior = (apart[start] + apart[stop]) / 2 + together[start + 1 : stop].sum()
            prior -= SMALL_COST * max(0.0, SMALL - box.height / max(highest[start], 1e-6))
            spans.append(Span(start, stop, float(prior), box))
    return drop_unlikely(spans)


def drop_unlikely(spans: list[Span]) -> list[Span]:
    """Keep `MOST_SPANS`; single pieces always stay, so that at least one row of digits exists."""
    several = sorted((span for span in spans if span.stop > span.start + 1), key=_minus_prior)
    kept = max(0, MOST_SPANS - len(spans) + len(several))
    dropped = {(span.start, span.stop) for span in several[kept:]}
    return [span for span in spans if (span.start, span.stop) not in dropped]


def _minus_prior(span: Span) -> float:
    return -span.prior


def find_highest(boxes: Sequence[Box], breaks: Sequence[str]) -> list[float]:
    """For each piece, the height of the tallest piece on its line."""
    ends = [i for i in range(1, len(boxes)) if "\n" in breaks[i]]
    highest: list[float] = []
    for start, stop in pairwise([0, *ends, len(boxes)]):
        highest += [max((box.height for box in boxes[start:stop]), default=0)] * (stop - start)
    return highest


def choose_spans(spans: Sequence[Span], probabilities: Sequence[float]) -> list[int]:
    """Find the likeliest row of digits that uses every piece once.

    Args:
        spans: from `find_spans`.
        probabilities: probability that each span is a digit, in [0, 1].
    Returns:
        Indices of spans, left to right.
    """
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # best row before each piece
    for index, (span, probability) in enumerate(zip(spans, probabilities, strict=True)):
        value, row = best[span.start]
        # Weigh by pieces, or a few doubtful digits would beat more certain ones. The probability
        # is 0 if the ink is too thin to leave anything in 28x28.
        pieces = span.stop - span.start
        value += span.prior + TRUST * pieces * math.log(max(probability, 1e-3))
        if span.stop not in best or value > best[span.stop][0]:
            best[span.stop] = value, [*row, index]
    return best[max(best)][1]


def write(characters: Sequence[str], spans: Sequence[Span], breaks: Sequence[str]) -> str:
    """Join digits and the breaks between them into a text."""
    text = breaks[0]
    for character, span in zip(characters, spans, strict=True):
        text += character + breaks[span.stop]
    return text


def find_words(spans: Sequence[Span], breaks: Sequence[str]) -> list[range]:
    """Group spans into words, which end at spaces and line ends."""
    ends = [i + 1 for i, span in enumerate(spans) if set(breaks[span.stop]) & {" ", "\n"}]
    return [range(*pair) for pair in pairwise([0, *ends, len(spans)])]


def stack(inputs: list[np.ndarray]) -> np.ndarray:
    """Stack network inputs: (N, 28, 28) uint8, also if N is 0."""
    return np.stack(inputs) if inputs else np.zeros((0, INPUT_SIZE, INPUT_SIZE), np.uint8)
