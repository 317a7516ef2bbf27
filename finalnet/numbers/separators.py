"""Finds separators between digits, such as the colon in 12:30.

To add a separator, add a row to `MARKS`, and one to `DOTS` if it can be as small as a dot;
separators.js uses the same rows.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from finalnet.numbers.boxes import Box, gap

UNREAD = "?"  # the name of a sign that we find but cannot read, such as a plus
# In heights of the digits beside the mark.
DOT = 0.22  # longest side of a dot
FARTHEST = 1.0  # largest gap to the digits on both sides
FARTHEST_AT_END = 0.5  # the same for a dot before the first digit or after the last
DOT_OVERLAP = 0.1  # largest overlap of a dot's box with a digit's: dots are often under a digit


class Geometry(NamedTuple):
    """A mark, measured in mean heights of the digits beside it."""

    width: float
    height: float
    longer: float  # side
    slimness: float  # height / width
    lean: float  # correlation of x with y pointing up, -1 to 1: 1 is a straight slash
    slant: float  # width / height, plus twice the height by which the mark exceeds the digits
    top: float  # 0 at the top of the digits, 1 at their base
    middle: float
    digits_before: int  # 0 at the beginning of a line, else 1
    nearest: float  # gap to the nearest other piece of the line
    room: float  # `nearest` minus the least gap of a separator


class Separator(NamedTuple):
    """A separator's name, and the lower and upper limits of its geometry."""

    name: str
    least: dict[str, float]
    most: dict[str, float]


# The first match wins. A leaning 1 is less slanted than a slash, and lower.
MARKS = (
    Separator(
        "/",
        least={"digits_before": 1, "lean": 0.985, "height": 0.85, "slimness": 0.77, "slant": 0.85},
        most={},
    ),
    Separator(
        "-",
        least={"room": 0, "width": 0.12, "middle": 0.31},
        most={"width": 0.9, "middle": 0.75, "slimness": 0.5},
    ),
    Separator(
        ",",
        least={"digits_before": 1, "room": 0, "top": 0.75, "slimness": 1.3},
        most={"height": 0.5},
    ),
    Separator(
        UNREAD,
        least={"digits_before": 1, "room": 0, "nearest": 0.05, "middle": 0.31},
        most={"longer": 0.45, "middle": 0.75},
    ),
)
# A flat dot is the foot of a 1 unless it is tiny.
DOTS = (
    Separator(",", least={"middle": 0.75, "height": 0.12, "slimness": 1.3}, most={"middle": 1.3}),
    Separator(".", least={"middle": 0.75, "slimness": 0.625}, most={"middle": 1.3}),
    Separator(".", least={"middle": 0.75}, most={"middle": 1.3, "width": 0.11}),
)


class Mark(NamedTuple):
    """A mark that was recognised."""

    place: float  # x coordinate of its centre
    name: str


def name_mark(
    box: Box, lean: float, pieces: Sequence[Box], tall: Sequence[Box], room: float
) -> str:
    """Name the separator that a piece of a line is; "" if it is a digit.

    Args:
        lean: of its ink, see `Geometry`.
        pieces: of the whole line, including this one.
        tall: the pieces that are as tall as digits.
        room: least gap between separators and other pieces, in heights of the digits.
    """
    sides = find_neighbours(box, tall)
    height = _mean_height(sides)
    if sides[1] is None or height == 0:
        return ""
    gaps = [gap(box, side) / height for side in sides if side]
    if max(gaps) > FARTHEST or min(gaps) < room:
        return ""
    others = [gap(box, piece) / height for piece in pieces if piece is not box]
    return _find_name(MARKS, measure(box, sides, lean, min(others), room))


def name_dots(dots: Sequence[Box], digits: Sequence[Box]) -> list[Mark]:
    """Find the dots that are separators; two dots, one above the other, are a colon."""
    free: list[tuple[Box, tuple[Box | None, Box | None]]] = []
    for dot in sorted(dots, key=lambda dot: dot.center):
        sides = find_neighbours(dot, digits)
        height = _mean_height(sides)
        gaps = [gap(dot, side) / height for side in sides if side and height]
        farthest = FARTHEST if len(gaps) == 2 else FARTHEST_AT_END
        if gaps and min(gaps) >= -DOT_OVERLAP and max(gaps) <= farthest:
            free.append((dot, sides))
    marks = []
    while free:
        dot, sides = free.pop(0)
        pair = next((other for other in free if _are_colon(dot, other[0], sides)), None)
        if pair:
            free.remove(pair)
        name = ":" if pair else _find_name(DOTS, measure(dot, sides))
        if name:
            marks.append(Mark(dot.center, name))
    return marks


def measure(
    box: Box,
    sides: tuple[Box | None, Box | None],
    lean: float = 0.0,
    nearest: float = math.inf,
    room: float = 0.0,
) -> Geometry:
    """Measure a mark.

    Args:
        sides: the digits to its left and to its right.
        nearest: gap to the nearest other piece, in heights of the digits.
        room: see `name_mark`.
    """
    digits = [side for side in sides if side]
    unit = _mean_height(sides)
    top = (box.top - sum(side.top for side in digits) / len(digits)) / unit
    width, height = box.width / unit, box.height / unit
    return Geometry(
        width=width,
        height=height,
        longer=max(width, height),
        slimness=height / width if width else math.inf,
        lean=lean,
        slant=width / height + 2 * (height - 1) if height else math.inf,
        top=top,
        middle=top + height / 2,
        digits_before=0 if sides[0] is None else 1,
        nearest=nearest,
        room=nearest - room,
    )


def find_neighbours(box: Box, digits: Sequence[Box]) -> tuple[Box | None, Box | None]:
    """The nearest digits to the left and to the right."""
    others = [digit for digit in digits if digit is not box]
    left = [digit for digit in others if digit.center < box.center]
    right = [digit for digit in others if digit.center >= box.center]
    return (
        max(left, key=lambda digit: digit.center, default=None),
        min(right, key=lambda digit: digit.center, default=None),
    )


def _mean_height(sides: tuple[Box | None, Box | None]) -> float:
    heights = [side.height for side in sides if side]
    return sum(heights) / len(heights) if heights else 0.0


def _find_name(separators: Sequence[Separator], geometry: Geometry) -> str:
    for name, least, most in separators:
        is_large = all(getattr(geometry, key) >= value for key, value in least.items())
        if is_large and all(getattr(geometry, key) <= value for key, value in most.items()):
            return name
    return ""


def _are_colon(one: Box, other: Box, sides: tuple[Box | None, Box | None]) -> bool:
    height = _mean_height(sides)
    is_above = abs(one.center - other.center) <= DOT * height
    return is_above and abs(one.middle - other.middle) >= DOT * height
