"""Splits the ink of a picture into digits, as splitting.py splits strokes; cuts touching digits."""

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from finalnet.numbers.boxes import Box, join
from finalnet.numbers.lines import INK_ROOM, MAX_DIGITS, are_apart, find_lines, log_odds
from finalnet.numbers.splitting import MOST_SPANS, Split, find_spans, join_breaks, lean, stack
from finalnet.pictures.connected import label_ink
from finalnet.preprocessing import center_ink

# Touching digits are cut at the columns with the least ink. Heights are those of the ink.
SOLID = 64  # least ink value of a pixel that connects to its neighbours
CUT_FROM = 0.8  # heights; ink at least this wide may be several digits
EVEN_WIDTH = 1.15  # heights; ink this wide is as often several digits as one
WIDTH_SCALE = 0.15  # heights; ink narrower by this is e times as often one digit
CUT_INK = 0.35  # heights; columns with more ink are not cut
CUT_SPACING = 0.2  # heights; least distance between cuts, and from a cut to the end of the ink
CUTS = 2.0  # most cuts per height of the ink's width
ALONE = 4.0  # log-odds; a piece that is alone in a picture or in a narrow cell is mostly one digit
HIGHEST = 1.3  # cell heights; if the median ink is taller, the boxes found are not cells
NARROW = 1.25  # cell heights; a cell at most this wide probably holds one digit
DUST = 0.036  # of the largest connected ink's longer side; anything smaller is dropped
MOST = 220  # the largest pieces of connected ink that are kept; noise has thousands
HOLLOW = 0.5  # largest share of a stroke's rows that have ink in two places
EDGE = 8  # px; the faint edge of connected ink reaches this far


def split_ink(ink: np.ndarray, cells: Sequence[np.ndarray] = ()) -> Split:
    """Split the ink of a picture into pieces, and list the spans of pieces that may be digits.

    Args:
        ink: (H, W) uint8, paper 0, ink up to 255.
        cells: (4, 2) per printed cell, its corners: top left, top right, bottom left, bottom right.
            No digit extends over two cells.
    Raises:
        ValueError: there are more lines or digits than are read.
    """
    zones, boxes = find_zones(ink)
    leans = [find_lean(zones, ink, index, box) for index, box in enumerate(boxes)]
    homes = find_homes(zones, ink, boxes, cells)
    lines = find_lines(boxes, leans, INK_ROOM, homes)
    slices: list[tuple[Box, np.ndarray]] = []  # ink inside a box
    odds: list[float] = []
    breaks: list[list[str]] = []
    count = sum(len(line.pieces) for line in lines)
    alone = count == 1
    for line in lines:
        line_breaks = line.breaks[:1]
        before: Box | None = None
        home: Box | None = None
        for piece, after in zip(line.pieces, line.breaks[1:], strict=True):
            box = join([boxes[index] for index in piece])
            if slices:
                is_open = before and not line_breaks[-1] and not are_apart(home, homes[piece[0]])
                one = ALONE * holds_one(homes[piece[0]])
                odds.append(log_odds(before, box) - one if before and is_open else math.inf)
            home = homes[piece[0]]
            cuts = cut_piece(ink, zones, piece, box, MOST_SPANS - count)
            count += len(cuts) - 1
            # At most even, because most of several possible cuts are wrong.
            cut_odds = min((box.width / max(box.height, 1) - EVEN_WIDTH) / WIDTH_SCALE, 0.0)
            is_one = alone or holds_one(home)
            odds += [cut_odds - ALONE * is_one] * (len(cuts) - 1)
            line_breaks += [*[""] * (len(cuts) - 1), after]
            slices += cuts
            before = box
        breaks.append(line_breaks)
    joined = join_breaks(breaks)
    spans = find_spans([box for box, _ in slices], odds, joined)
    inputs = [center_ink(_lay_together(slices[s.start : s.stop])) for s in spans]
    return Split(spans, stack(inputs), joined, sum(line.unread for line in lines))


def find_zones(ink: np.ndarray) -> tuple[np.ndarray, list[Box]]:
    """Find connected ink.

    Returns:
        zones: (H, W) int32, the index of the connected ink nearest to each pixel; -1 for dust.
        boxes: of each connected ink.
    """
    solid = (ink >= SOLID).astype(np.uint8)
    labels, stats = label_ink(solid)
    sizes = stats[:, 2:4].max(axis=1)
    sizes[0] = 0  # the paper
    kept = np.flatnonzero((sizes > 0) & (sizes >= DUST * sizes.max()))
    kept = np.sort(kept[np.argsort(-sizes[kept], kind="stable")][:MOST])
    # Pixels below SOLID belong to the nearest ink, so that it keeps its faint edge.
    _, nearest = cv2.distanceTransformWithLabels(1 - solid, cv2.DIST_L2, 5)
    index_of = np.full(len(stats), -1, np.int32)
    index_of[kept] = np.arange(len(kept))
    index_of_nearest = np.full(int(nearest.max()) + 1, -1, np.int32)
    index_of_nearest[nearest[solid > 0]] = index_of[labels[solid > 0]]
    return index_of_nearest[nearest], [Box(*stats[i, :4].tolist()) for i in kept]


def find_homes(
    zones: np.ndarray, ink: np.ndarray, boxes: Sequence[Box], cells: Sequence[np.ndarray]
) -> list[Box | None]:
    """The cell that contains most of each zone's ink; None if it is outside all cells."""
    if not cells:
        return [None] * len(boxes)
    places = np.zeros(ink.shape, np.int32)
    for number, cell in enumerate(cells, 1):
        cv2.fillConvexPoly(places, np.rint(cell[[0, 1, 3, 2]]).astype(np.int32), number)
    solid = (ink >= SOLID) & (zones >= 0)
    shares = np.zeros((len(boxes), len(cells) + 1), np.int64)
    np.add.at(shares, (zones[solid], places[solid]), 1)
    homes = [Box(*cell.min(axis=0).tolist(), *np.ptp(cell, axis=0).tolist()) for cell in cells]
    found = [[None, *homes][home] for home in shares.argmax(axis=1).tolist()]
    heights = [box.height / home.height for box, home in zip(boxes, found, strict=True) if home]
    return found if heights and np.median(heights) <= HIGHEST else [None] * len(boxes)


def holds_one(cell: Box | None) -> bool:
    """Whether the ink is in a cell that is narrow enough to be meant for one digit."""
    return cell is not None and cell.width <= NARROW * cell.height


def find_lean(zones: np.ndarray, ink: np.ndarray, index: int, box: Box) -> float:
    """`lean` of connected ink, measured on the middles of its rows; 0 if it is no single line."""
    left, top, width, height = (int(length) for length in box)
    region = np.s_[top : top + height, left : left + width]
    mask = (zones[region] == index) & (ink[region] >= SOLID)
    count = mask.sum(axis=1)
    rows = np.flatnonzero(count)
    # The row middles of a slanted 0 lie on a straight line, too, but there is no ink at them.
    if (np.diff(mask, axis=1, prepend=False).sum(axis=1)[rows] > 2).mean() > HOLLOW:
        return 0.0
    middles = (mask @ np.arange(mask.shape[1]))[rows] / count[rows]
    return lean(np.stack([middles, rows], axis=1))


def cut_piece(
    ink: np.ndarray, zones: np.ndarray, piece: list[int], box: Box, most: int
) -> list[tuple[Box, np.ndarray]]:
    """Cut a piece at most `most` times where a digit may end: box and pixels of each part."""
    left, top = max(int(box.left) - EDGE, 0), max(int(box.top) - EDGE, 0)
    region = np.s_[top : int(box.top + box.height) + EDGE, left : int(box.left + box.width) + EDGE]
    piece_ink = np.where(np.isin(zones[region], piece), ink[region], 0).astype(np.uint8)
    cuts = find_cuts(piece_ink, box._replace(left=box.left - left), most)
    columns = [0, *cuts, piece_ink.shape[1]]
    parts = []
    for low, high in pairwise(columns):
        x, y, width, height = cv2.boundingRect(piece_ink[:, low:high])
        part = piece_ink[y : y + height, low + x : low + x + width]
        parts.append((Box(left + low + x, top + y, width, height), part))
    return parts


def find_cuts(ink: np.ndarray, box: Box, most: int) -> list[int]:
    """Find the columns with the least ink, if the ink may be several digits.

    Args:
        ink: (H, W) uint8, paper 0.
        box: of the ink.
        most: limit on the number of columns.
    Returns:
        Columns, left to right.
    """
    spacing = max(1, round(CUT_SPACING * box.height))
    columns = np.arange(int(box.left) + spacing, int(box.left + box.width) - spacing + 1)
    if box.width < CUT_FROM * box.height or not len(columns):
        return []
    most = min(round(CUTS * box.width / box.height), 2 * MAX_DIGITS, max(most, 0))
    thickness = np.count_nonzero(ink >= SOLID, axis=0)
    cuts: list[int] = []
    for column in columns[np.argsort(thickness[columns], kind="stable")].tolist():
        if thickness[column] > CUT_INK * box.height or len(cuts) == most:
            break
        if all(abs(column - cut) >= spacing for cut in cuts):
            cuts.append(column)
    return sorted(cuts)


def _lay_together(parts: list[tuple[Box, np.ndarray]]) -> np.ndarray:
    """Merge parts into one picture, cropped to their joint box."""
    both = join([box for box, _ in parts])
    picture = np.zeros((int(both.height), int(both.width)), np.uint8)
    for box, pixels in parts:
        top, left = int(box.top - both.top), int(box.left - both.left)
        place = picture[top : top + pixels.shape[0], left : left + pixels.shape[1]]
        np.maximum(place, pixels, out=place)
    return picture
