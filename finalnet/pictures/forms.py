"""Tells printed lines from the straight strokes of digits.

A line counts as printed if it runs on beyond the digits, if it encloses them, or if it stands
between such lines. A 1, the bar of a 7 and a minus do none of these.
"""

from typing import NamedTuple

import cv2
import numpy as np

from finalnet.pictures.connected import label_ink
from finalnet.pictures.frames import (
    EVEN_WIDTHS,
    SMALLEST_FRAME,
    SQUARE,
    ends_on,
    find_corners,
    find_frames,
)
from finalnet.pictures.straight import ALIKE, SOLID_COVER, Line, draw, find_straight, sample

LOOSE = 8  # px of extra tolerance where printed lines meet
BEYOND = 1.6  # in digit heights: length from which a single line is printed
FAR_BEYOND = 2.5  # the same if the digits touch lines, so that only their remains have a height
SLENDER = 10  # in line widths: least height of a digit that touches a line
THICKEST = 0.3  # of the digits' height: largest width of a line
COVERED = 0.85  # least share of a component on long lines that shows it is not a digit
LOWEST = 0.25  # of the tallest component; lower ones do not count for the digits' height
OVERHANG = 0.15  # of a frame's sides: how far its digit may stick out
FILLING = 0.35  # of a frame's height: least height of its digit
BEND = 0.005  # of a long line's length: largest deviation from straight
TRIALS = 6  # line lengths to try if all ink is connected


class Form(NamedTuple):
    """The printed lines around digits, or a display."""

    lines: list[Line]
    cells: list[np.ndarray]  # (4, 2) float64 each: top left, top right, bottom left, bottom right
    is_display: bool = False  # a seven-segment display instead of lines


NO_FORM, DISPLAY = Form([], []), Form([], [], True)


def find_form(mask: np.ndarray) -> Form:
    """Find the printed lines and the cells between them.

    Args:
        mask: (H, W) uint8, 0 or 1.
    """
    lines = find_straight(mask)
    if not lines:
        return NO_FORM
    frames = find_frames(mask, lines)
    found = set(find_long(mask, lines)).union(*(frame.sides for frame in frames))
    if not found:
        return NO_FORM
    # The longest line gives the direction of the form; the others are parallel or at right angles.
    way = lines[min(found)].way
    lies = [is_square(float(line.way @ way)) for line in lines]
    widths = np.array([line.width for line in lines])
    mean = np.average(widths[sorted(found)], weights=[lines[i].length for i in sorted(found)])
    # The bars of two sevens may continue one another, but a pen rarely has the width of a line.
    short = FAR_BEYOND * max([frame.height for frame in frames], default=0)
    odd = np.abs(widths - mean) > (EVEN_WIDTHS - 1) * mean + 0.7
    printed = {i for i in found if lies[i] and not (odd[i] and lines[i].length < short)}
    ticks = find_ticks(lines, printed)
    printed |= ticks
    printed |= find_remains(lines, printed)
    lines = [lines[index] for index in sorted(printed)]
    return Form(lines, find_cells(lines))


def is_square(cosine: float) -> bool:
    """Whether two directions are roughly parallel or at right angles."""
    return abs(cosine) >= SQUARE or abs(cosine) <= (1 - SQUARE**2) ** 0.5


def find_long(mask: np.ndarray, lines: list[Line]) -> list[int]:
    """The indices of lines that run on beyond the digits."""
    labels, stats = label_ink(mask)
    ways = [labels[sample(line, mask.shape)] for line in lines]
    large = stats[:, 3] >= LOWEST * stats[1:, 3].max(initial=0)
    large[0] = False
    found = []
    left_of: dict[tuple[int, ...], float] = {}  # height of the ink without lines, by trial
    for index, line in enumerate(lines):
        if line.cover < SOLID_COVER or line.bend > 1 + BEND * line.length:
            continue
        rest = [i for i, other in enumerate(lines) if other.length >= 0.6 * line.length]
        covered = sum(np.bincount(ways[i], minlength=len(stats)) * lines[i].width for i in rest)
        own = np.unique(ways[index])
        others = large & (covered < COVERED * stats[:, 4])
        others[own] = False
        height = typical(stats[others, 3])
        if height:
            if line.length < BEYOND * height:
                break  # the others are shorter
        else:
            # Connected lines of one length leave the same ink, so try them only once.
            own = own[own > 0]
            trial = (len(rest), *own.tolist())
            if trial not in left_of and len(left_of) < TRIALS:
                is_own = np.zeros(len(stats), np.uint8)
                is_own[own] = 1
                left = is_own[labels] * (1 - draw(mask.shape, [lines[i] for i in rest]))
                # Closely spaced lines cut digits into pieces; join them.
                kernel = np.ones((round(line.width) + 4,) * 2, np.uint8)
                left = cv2.morphologyEx(left, cv2.MORPH_CLOSE, kernel)
                left_of[trial] = typical(label_ink(left)[1][1:, 3])
            height = left_of.get(trial, 0.0)
            if height < SLENDER * line.width or line.length < FAR_BEYOND * height:
                continue
        if line.width <= THICKEST * height:
            found.append(index)
    return found


def typical(heights: np.ndarray) -> float:
    """The median height, ignoring anything below half the tallest; 0 if there is nothing."""
    tall = heights[heights >= 0.5 * heights.max(initial=0)]
    return float(np.median(tall)) if len(tall) else 0.0


def find_cells(lines: list[Line]) -> list[np.ndarray]:
    """The cells between printed lines, row by row: (4, 2) corners each, as in `Form`."""
    level = [line for line in lines if line.is_level]
    upright = [line for line in lines if not line.is_level]
    level.sort(key=lambda line: float(line.points[:, 1].mean()))
    upright.sort(key=lambda line: float(line.points[:, 0].mean()))
    if len(level) < 2 or len(upright) < 2:
        return []
    corners, meet = find_corners(level, upright, LOOSE)
    cells = []
    for one in range(len(level) - 1):
        sides = np.flatnonzero(meet[one])
        for left, right in zip(sides, sides[1:], strict=False):
            below = np.flatnonzero((meet[:, left] & meet[:, right])[one + 1 :])
            if len(below):
                other = one + 1 + below[0]
                cell = corners[[one, one, other, other], [left, right, left, right]]
                if np.ptp(cell, axis=0).min() >= SMALLEST_FRAME:
                    cells.append(cell)
    return cells


def find_ticks(lines: list[Line], printed: set[int]) -> set[int]:
    """Tick marks on printed lines: as long and wide as the marks at the lines' very ends."""
    ticks: set[int] = set()
    for base in (lines[index] for index in printed):
        feet: list[tuple[int, bool]] = []  # the tick, and whether it is at an end of the line
        for index, line in enumerate(lines):
            if index in printed or not 1 / ALIKE <= line.width / base.width <= ALIKE:
                continue
            for end in line.points[[0, -1]]:
                if ends_on(end, line, base):
                    away = np.linalg.norm(base.points[[0, -1]] - end, axis=1).min()
                    feet.append((index, bool(away <= base.width + 4)))
        lengths = [lines[index].length for index, is_last in feet if is_last]
        ticks.update(
            index
            for index, _ in feet
            if any(abs(lines[index].length / length - 1) <= 0.15 for length in lengths)
        )
    return ticks


def find_remains(lines: list[Line], printed: set[int]) -> set[int]:
    """Continuations of printed lines beyond an interruption."""
    remains = set()
    for index, line in enumerate(lines):
        for known in (lines[i] for i in printed if index not in printed):
            apart = line.points[[0, -1]] - known.points[0]
            aside = np.abs(apart @ (-known.way[1], known.way[0]))
            if (
                known.is_level == line.is_level
                and aside.max() <= 2.5
                and 1 / EVEN_WIDTHS <= line.width / known.width <= EVEN_WIDTHS
            ):
                remains.add(index)
    return remains


def is_framed(ink: np.ndarray, cells: list[np.ndarray]) -> bool:
    """Whether all ink lies in one cell and is as tall as a digit in it.

    Args:
        ink: (H, W) uint8, without the printed lines.
    """
    left, top, width, height = cv2.boundingRect(ink)
    for cell in cells:
        low, size = cell.min(axis=0), np.ptp(cell, axis=0)
        room = OVERHANG * size
        is_inside = (low - room <= (left, top)).all()
        is_inside &= ((left + width, top + height) <= low + size + room).all()
        if is_inside and height >= FILLING * size[1]:
            return True
    return False
