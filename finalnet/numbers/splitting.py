"""Numbers to digits: what stands side by side is taken apart, left to right.

    strokes -> lines of pieces -> spans of pieces that may be digits -> the likeliest row of digits

Geometry settles most of it: strokes above one another are one digit, a wide gap parts two. Where it
does not, every span that may be a digit is drawn, the network reads all of them in one batch, and
the row that it takes for digits is chosen. cutting.py does the same for the ink of pictures.
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
MOST_SPANS = 250  # that the network reads, at a millisecond or two each; of more, the likeliest
# Priors, in log-odds, from what handwriting is like; the network's answers are weighed with them.
TRUST = 10.0  # weight of the network's log-probabilities beside these log-odds
SMALL = 0.6  # of the highest piece; what is lower is rarely a digit of the same number ...
SMALL_COST = 30.0  # ... and loses this much, in log-odds, for each height that it lacks


class Span(NamedTuple):
    """Neighbouring pieces, from start up to stop, that may be one digit."""

    start: int
    stop: int
    prior: float  # log-probability, by their geometry, that they are one digit
    box: Box


class Split(NamedTuple):
    """The ways in which a drawing may be taken apart."""

    spans: list[Span]
    inputs: np.ndarray  # (N, 28, 28) uint8, what the network would see of each span
    breaks: list[str]  # what stands before each piece, and after the last: "", " ", "\n", ":" ...
    unread: int  # dots and signs that are not read


def split_strokes(strokes: Sequence[np.ndarray]) -> Split:
    """Take strokes apart, whatever the order in which they were drawn.

    Args:
        strokes: (n, 2) float64 each, in any unit, y pointing down, as `check_strokes` returns them.
    Raises:
        ValueError: more lines or digits than are read.
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
    """Correlation of x with y pointing up, -1 to 1, of points (n, 2); 0 where there is none."""
    (x, y) = (points - points.mean(axis=0)).T
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return -float(x @ y) / scale if scale else 0.0


def join_breaks(lines: Sequence[list[str]]) -> list[str]:
    """What stands between the pieces of lines, one under the other."""
    breaks = list(lines[0]) if lines else [""]
    for line in lines[1:]:
        breaks[-1:] = [f"{breaks[-1]}\n{line[0]}", *line[1:]]
    return breaks


def find_spans(boxes: Sequence[Box], odds: Sequence[float], breaks: Sequence[str]) -> list[Span]:
    """All rows of neighbouring pieces that may be digits.

    Args:
        boxes: of n pieces, left to right.
        odds: n - 1 log-odds that a digit ends between two pieces.
        breaks: what stands before each piece, and after the last.
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
            # An end is shared by two digits, so each counts half of it.
            prior = (apart[start] + apart[stop]) / 2 + together[start + 1 : stop].sum()
            prior -= SMALL_COST * max(0.0, SMALL - box.height / max(highest[start], 1e-6))
            spans.append(Span(start, stop, float(prior), box))
    return drop_unlikely(spans)


def drop_unlikely(spans: list[Span]) -> list[Span]:
    """At most `MOST_SPANS`, and all single pieces, so that there is always a row of digits."""
    several = sorted((span for span in spans if span.stop > span.start + 1), key=_minus_prior)
    kept = max(0, MOST_SPANS - len(spans) + len(several))
    dropped = {(span.start, span.stop) for span in several[kept:]}
    return [span for span in spans if (span.start, span.stop) not in dropped]


def _minus_prior(span: Span) -> float:
    return -span.prior


def find_highest(boxes: Sequence[Box], breaks: Sequence[str]) -> list[float]:
    """The height of the highest piece on the line of each piece."""
    ends = [i for i in range(1, len(boxes)) if "\n" in breaks[i]]
    highest: list[float] = []
    for start, stop in pairwise([0, *ends, len(boxes)]):
        highest += [max((box.height for box in boxes[start:stop]), default=0)] * (stop - start)
    return highest


def choose_spans(spans: Sequence[Span], probabilities: Sequence[float]) -> list[int]:
    """The likeliest row of digits that uses every piece once.

    Args:
        spans: as `find_spans` returns them.
        probabilities: how surely each span is a digit, in [0, 1].
    Returns:
        Indices of spans, left to right.
    """
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # by the piece that comes next
    for index, (span, probability) in enumerate(zip(spans, probabilities, strict=True)):
        value, row = best[span.start]
        # For each of its pieces, or few doubtful digits would win over more that are sure. Zero
        # where ink is so thin that nothing of it is left in 28x28.
        pieces = span.stop - span.start
        value += span.prior + TRUST * pieces * math.log(max(probability, 1e-3))
        if span.stop not in best or value > best[span.stop][0]:
            best[span.stop] = value, [*row, index]
    return best[max(best)][1]


def write(characters: Sequence[str], spans: Sequence[Span], breaks: Sequence[str]) -> str:
    """The text of digits, with what stands between them."""
    text = breaks[0]
    for character, span in zip(characters, spans, strict=True):
        text += character + breaks[span.stop]
    return text


def find_words(spans: Sequence[Span], breaks: Sequence[str]) -> list[range]:
    """The spans of each word, which ends at a space and at a line's end."""
    ends = [i + 1 for i, span in enumerate(spans) if set(breaks[span.stop]) & {" ", "\n"}]
    return [range(*pair) for pair in pairwise([0, *ends, len(spans)])]


def stack(inputs: list[np.ndarray]) -> np.ndarray:
    """(N, 28, 28) uint8, none of them included."""
    return np.stack(inputs) if inputs else np.zeros((0, INPUT_SIZE, INPUT_SIZE), np.uint8)
