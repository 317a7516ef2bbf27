"""Bounding boxes of strokes and of connected ink, and the distances between them."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """The bounding box of ink, in the coordinates of its picture or strokes, y pointing down."""

    left: float
    top: float
    width: float
    height: float

    @property
    def center(self) -> float:
        """The x coordinate of the centre."""
        return self.left + self.width / 2

    @property
    def middle(self) -> float:
        """The y coordinate of the centre."""
        return self.top + self.height / 2

    def scale(self, factor: float) -> "Box":
        return Box(*(factor * length for length in self))


def join(boxes: Sequence[Box]) -> Box:
    """The smallest box that contains all boxes."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right = max(box.left + box.width for box in boxes)
    bottom = max(box.top + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def gap(one: Box, other: Box) -> float:
    """The horizontal distance between two boxes; negative where they overlap."""
    return max(other.left - one.left - one.width, one.left - other.left - other.width)


def rise(one: Box, other: Box) -> float:
    """The vertical distance between two boxes; negative where they overlap."""
    return max(other.top - one.top - one.height, one.top - other.top - other.height)


def distance(one: Box, other: Box) -> float:
    """The distance between the nearest points of two boxes; 0 where they overlap."""
    return math.hypot(max(gap(one, other), 0.0), max(rise(one, other), 0.0))
