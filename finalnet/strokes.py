"""Strokes to image: draws pen strokes in black on white."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import cv2
import numpy as np
from PIL import Image

PAD_SIZE = 280  # px, side of the square pad
PEN_WIDTH = 0.08  # of the drawing's longer side; 7 to 9 % comes closest to MNIST's pens
LARGEST_PEN = 0.2  # of the drawing's longer side; a thicker pen clogs a small digit
FINEST_PEN = 4  # px
MARGIN = 0.15  # of the pad, on every side of a fitted drawing
MAX_STROKES = 500
MAX_POINTS = 20_000
MAX_COORDINATE = 1e6  # px
SUPERSAMPLING = 4  # sub-pixels per pixel and side, averaged for antialiasing
Strokes = Sequence[Sequence[Sequence[float]] | np.ndarray]


def check_strokes(strokes: Strokes) -> list[np.ndarray]:
    """Validate strokes and convert them to arrays.

    Args:
        strokes: a list of strokes, each a list of (x, y) pairs, y pointing down.
    Returns:
        One (n, 2) float64 array per stroke, n >= 1.
    Raises:
        ValueError: the strokes are invalid; the message numbers strokes and points from 1.
    """
    if not isinstance(strokes, list | tuple):
        raise ValueError(f"strokes must be a list of strokes, got {_kind(strokes)}")
    if len(strokes) > MAX_STROKES:
        raise ValueError(f"too many strokes: {len(strokes):,}, at most {MAX_STROKES:,} are read")
    points = 0
    arrays = []
    for number, stroke in enumerate(strokes, 1):
        if isinstance(stroke, np.ndarray):
            stroke = stroke.tolist()
        if not isinstance(stroke, list | tuple):
            raise ValueError(
                f"stroke {number} must be a list of [x, y] points, got {_kind(stroke)}"
            )
        if not stroke:
            raise ValueError(f"stroke {number} has no points; leave it out or give it one")
        points += len(stroke)
        if points > MAX_POINTS:
            raise ValueError(f"too many points: at most {MAX_POINTS:,} are read in one drawing")
        array = _to_array(stroke)
        if array is None:
            for index, point in enumerate(stroke, 1):
                _check_point(point, f"stroke {number}, point {index}")
            array = np.asarray(stroke, dtype=np.float64)
        arrays.append(array)
    return arrays


def _to_array(stroke: Sequence[Any]) -> np.ndarray | None:
    """Fast path without a Python loop: valid pairs of int and float; None for anything else."""
    if not set(map(type, stroke)) <= {list, tuple} or set(map(len, stroke)) != {2}:
        return None
    if not set(map(type, chain.from_iterable(stroke))) <= {int, float}:
        return None
    try:
        array = np.asarray(stroke, dtype=np.float64)
    except OverflowError:
        return None
    return array if np.abs(array).max() <= MAX_COORDINATE else None  # also None for NaN


def _check_point(point: Any, where: str) -> None:
    if not isinstance(point, list | tuple | np.ndarray) or len(point) != 2:
        raise ValueError(f"{where}: a point is [x, y], got {_kind(point)}")
    for coordinate in point:
        if isinstance(coordinate, bool) or not isinstance(
            coordinate, int | float | np.integer | np.floating
        ):
            raise ValueError(f"{where}: x and y must be numbers, got {_kind(coordinate)}")
        # Negated so that NaN fails, too.
        if not abs(coordinate) <= MAX_COORDINATE:  # type: ignore[operator]
            raise ValueError(
                f"{where}: x and y must lie within ±{MAX_COORDINATE:,.0f}, got {coordinate!r:.20}"
            )


def _kind(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:40]}{'...' if len(text) > 40 else ''}"


def render_strokes(
    strokes: Strokes, pen_width: float, width: int = PAD_SIZE, height: int = PAD_SIZE
) -> np.ndarray:
    """Draw strokes at their coordinates, as the pad shows them; clips ink outside the pad.

    Args:
        strokes: lists of (x, y) in pad pixels, y pointing down; a single point draws a dot.
        pen_width: px, diameter of the round pen.
        width, height: px, of the pad.
    Returns:
        (height, width) uint8, paper 255, ink 0, antialiased.
    Raises:
        ValueError: the strokes are invalid.
    """
    return _rasterize(check_strokes(strokes), pen_width, width, height)


def fit_pen(strokes: Strokes, pen_width: float) -> float:
    """Limit the pen width (px) for a small drawing, which a thick pen would clog."""
    points = np.concatenate([*check_strokes(strokes), np.empty((0, 2))])
    extent = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
    return min(pen_width, max(LARGEST_PEN * extent, FINEST_PEN))


def draw_strokes(
    strokes: Strokes, pen_width: float = PEN_WIDTH, size: int = PAD_SIZE
) -> Image.Image:
    """Draw strokes, scaled and centred to fill a square pad.

    Args:
        strokes: lists of (x, y) in any unit, y pointing down; a single point draws a dot, an
            empty list leaves the pad blank.
        pen_width: diameter of the round pen, as a share of the drawing's longer side.
        size: px, side of the pad.
    Returns:
        A PIL image of size x size px, mode "L", paper 255, ink 0, antialiased.
    Raises:
        ValueError: the strokes are invalid; the message says which stroke and point.
    """
    arrays = check_strokes(strokes)
    room = size * (1 - 2 * MARGIN)
    if arrays:
        points = np.concatenate(arrays)
        low, high = points.min(axis=0), points.max(axis=0)
        extent = float((high - low).max())
        scale = room / extent if extent > 0 else 1.0
        arrays = [(stroke - (low + high) / 2) * scale + size / 2 for stroke in arrays]
    return Image.fromarray(_rasterize(arrays, pen_width * room, size, size))


def _rasterize(strokes: list[np.ndarray], pen_width: float, width: int, height: int) -> np.ndarray:
    canvas = np.full((height * SUPERSAMPLING, width * SUPERSAMPLING), 255, np.uint8)
    thickness = max(1, round(pen_width * SUPERSAMPLING))
    for stroke in strokes:
        # Pixel i covers [i, i + 1); OpenCV's coordinates refer to pixel centres.
        points = np.round(stroke * SUPERSAMPLING - 0.5).astype(np.int32)
        # OpenCV draws round ends and joints, but nothing for a single point.
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, 0, thickness)
        if len(points) == 1:
            cv2.circle(canvas, points[0].tolist(), thickness // 2, 0, cv2.FILLED)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
