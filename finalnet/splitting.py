"""Numbers to digits: what stands side by side is taken apart, left to right.

    strokes or ink -> pieces -> spans of pieces that may be digits -> the likeliest row of digits

Geometry settles most of it: strokes above one another are one digit, a wide gap parts two. Where it
does not, every span that may be a digit is drawn, the network reads all of them in one batch, and
the row that it takes for digits is chosen.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from finalnet.preprocessing import INPUT_SIZE, center_ink, preprocess
from finalnet.strokes import MAX_STROKES, draw_strokes

MAX_DIGITS = 20  # in a number
MAX_PIECES = 5  # in a digit
# Priors, in log-odds, from what handwriting is like; the network's answers are weighed with them.
EVEN_GAP = -0.07  # of the digits' height: as often inside a digit as between two
GAP_SCALE = 0.05  # of the digits' height: a gap wider by this is e times as often between two
SURE = 8.0  # log-odds from which on the network is not asked
TRUST = 10.0  # weight of the network's log-probabilities beside these log-odds
SMALL = 0.6  # of the highest piece; what is lower is rarely a digit of the same number ...
SMALL_COST = 30.0  # ... and loses this much, in log-odds, for each height that it lacks
DIRT = 0.1  # of the largest piece's longer side; what is smaller and stands alone is no digit
# Ink of several digits that touch is cut where there is least of it above and below.
SOLID = 64  # ink from which on neighbouring pixels hang together
CUT_FROM = 0.8  # width, in heights, of ink that may be several digits
EVEN_WIDTH = 1.15  # in heights: ink from here on is as often several digits as one
WIDTH_SCALE = 0.15  # in heights: ink narrower by this is e times as often one
CUT_INK = 0.35  # of the height; a column with more ink is no place to cut
CUT_SPACING = 0.2  # of the height, at least between cuts, and between a cut and the ink's end
CUTS = 2.0  # for each height of the ink's width, at most
ALONE = 4.0  # log-odds: ink that hangs together and is all there is, is mostly one digit


class Box(NamedTuple):
    """The extent of ink, in the coordinates of its picture or its strokes."""

    left: float
    top: float
    width: float
    height: float

    def scale(self, factor: float) -> "Box":
        return Box(*(factor * length for length in self))


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


def split_strokes(strokes: Sequence[np.ndarray]) -> Split:
    """Take strokes apart, whatever the order in which they were drawn.

    Args:
        strokes: (n, 2) float64 each, in any unit, y pointing down, as `check_strokes` returns them.
    Raises:
        ValueError: more than `MAX_DIGITS` pieces.
    """
    boxes = [
        Box(*stroke.min(axis=0).tolist(), *np.ptp(stroke, axis=0).tolist()) for stroke in strokes
    ]
    pieces = arrange(boxes)
    piece_boxes = [join([boxes[index] for index in piece]) for piece in pieces]
    spans = find_spans(piece_boxes, [log_odds(*pair) for pair in _neighbours(piece_boxes)])
    inputs = []
    for span in spans:
        parts = sorted(index for piece in pieces[span.start : span.stop] for index in piece)
        inputs.append(preprocess(draw_strokes([strokes[index] for index in parts])))
    return Split(spans, _stack(inputs))


def split_ink(ink: np.ndarray) -> Split:
    """Take the ink of a picture apart.

    Args:
        ink: (H, W) uint8, paper 0, ink up to 255.
    Raises:
        ValueError: more than `MAX_DIGITS` pieces.
    """
    zones, boxes = _find_zones(ink)
    slices: list[np.ndarray] = []
    slice_boxes: list[Box] = []
    odds: list[float] = []
    pieces = arrange(boxes)
    piece_boxes = [join([boxes[index] for index in piece]) for piece in pieces]
    for number, (piece, box) in enumerate(zip(pieces, piece_boxes, strict=True)):
        piece_ink = np.where(np.isin(zones, piece), ink, 0).astype(np.uint8)
        columns = [0, *find_cuts(piece_ink, box), ink.shape[1]]
        if number:
            odds.append(log_odds(piece_boxes[number - 1], box))
        # At most even: of several places to cut, most are wrong.
        cut_odds = min((box.width / max(box.height, 1) - EVEN_WIDTH) / WIDTH_SCALE, 0.0)
        cut_odds -= ALONE * (len(pieces) == 1)
        odds += [cut_odds] * (len(columns) - 2)
        for low, high in _neighbours(columns):
            cut = np.zeros_like(ink)
            cut[:, low:high] = piece_ink[:, low:high]
            slices.append(cut)
            slice_boxes.append(Box(*cv2.boundingRect(cut)))
    spans = find_spans(slice_boxes, odds)
    return Split(
        spans, _stack([center_ink(np.maximum.reduce(slices[s.start : s.stop])) for s in spans])
    )


def _find_zones(ink: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """The connected pieces of ink: their boxes, and whose each pixel is, (H, W) int32."""
    solid = (ink >= SOLID).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    # Every pixel belongs to the piece that is nearest, so that no faint edge is lost.
    _, nearest = cv2.distanceTransformWithLabels(1 - solid, cv2.DIST_L2, 5)
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[solid > 0]] = labels[solid > 0]
    return label_of[nearest] - 1, [Box(*row[:4].tolist()) for row in stats[1:]]


def find_cuts(ink: np.ndarray, box: Box) -> list[int]:
    """Columns in which ink that may be several digits has least, left to right.

    Args:
        ink: (H, W) uint8, paper 0.
        box: of the ink.
    """
    spacing = max(1, round(CUT_SPACING * box.height))
    columns = np.arange(int(box.left) + spacing, int(box.left + box.width) - spacing + 1)
    if box.width < CUT_FROM * box.height or not len(columns):
        return []
    most = min(round(CUTS * box.width / box.height), 2 * MAX_DIGITS)
    thickness = np.count_nonzero(ink >= SOLID, axis=0)
    cuts: list[int] = []
    for column in columns[np.argsort(thickness[columns], kind="stable")].tolist():
        if thickness[column] > CUT_INK * box.height or len(cuts) == most:
            break
        if all(abs(column - cut) >= spacing for cut in cuts):
            cuts.append(column)
    return sorted(cuts)


def arrange(boxes: Sequence[Box]) -> list[list[int]]:
    """Put what is surely one digit together, drop dirt, and order the rest from left to right.

    Returns:
        Indices of the boxes, one list a piece.
    Raises:
        ValueError: more than `MAX_DIGITS` pieces.
    """
    pieces: list[tuple[Box, list[int]]] = []
    # A noisy picture has specks in thousands.
    order = sorted(range(len(boxes)), key=lambda index: -max(boxes[index][2:]))[:MAX_STROKES]
    for index in sorted(order, key=lambda index: boxes[index].left):
        box, members = boxes[index], [index]
        for piece in list(pieces):
            if log_odds(piece[0], box) < -SURE:
                pieces.remove(piece)
                box, members = join([piece[0], box]), piece[1] + members
        pieces.append((box, members))
    largest = max((max(box.width, box.height) for box, _ in pieces), default=0)
    pieces = [piece for piece in pieces if max(piece[0].width, piece[0].height) >= DIRT * largest]
    if len(pieces) > MAX_DIGITS:
        raise ValueError(
            f"the ink is in {len(pieces)} pieces, at most {MAX_DIGITS} digits are read"
        )
    pieces.sort(key=lambda piece: 2 * piece[0].left + piece[0].width)
    return [members for _, members in pieces]


def log_odds(one: Box, other: Box) -> float:
    """How surely two boxes are two digits, by the gap between them."""
    gap = max(other.left - one.left - one.width, one.left - other.left - other.width)
    height = max(one.height, other.height, 1e-6)
    return (gap / height - EVEN_GAP) / GAP_SCALE


def join(boxes: Sequence[Box]) -> Box:
    """The box around boxes."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right = max(box.left + box.width for box in boxes)
    bottom = max(box.top + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def find_spans(boxes: Sequence[Box], odds: Sequence[float]) -> list[Span]:
    """All rows of neighbouring pieces that may be digits.

    Args:
        boxes: of n pieces, left to right.
        odds: n - 1 log-odds that a digit ends between two pieces.
    """
    ends = np.array([np.inf, *odds, np.inf])
    apart, together = -np.logaddexp(0, -ends), -np.logaddexp(0, ends)  # log-probabilities
    highest = max((box.height for box in boxes), default=0)
    spans = []
    for start in range(len(boxes)):
        for stop in range(start + 1, min(start + MAX_PIECES, len(boxes)) + 1):
            if stop > start + 1 and ends[stop - 1] > SURE:
                break
            box = join(boxes[start:stop])
            # An end is shared by two digits, so each counts half of it.
            prior = (apart[start] + apart[stop]) / 2 + together[start + 1 : stop].sum()
            prior -= SMALL_COST * max(0.0, SMALL - box.height / max(highest, 1e-6))
            spans.append(Span(start, stop, float(prior), box))
    return spans


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
        # Zero where ink is so thin that nothing of it is left in 28x28.
        value += span.prior + TRUST * math.log(max(probability, 1e-3))
        if span.stop not in best or value > best[span.stop][0]:
            best[span.stop] = value, [*row, index]
    return best[max(best)][1]


def _neighbours(items: list) -> list[tuple]:
    return list(zip(items, items[1:], strict=False))


def _stack(inputs: list[np.ndarray]) -> np.ndarray:
    return np.stack(inputs) if inputs else np.zeros((0, INPUT_SIZE, INPUT_SIZE), np.uint8)
