"""Levels a picture by the printed lines in it."""

import cv2
import numpy as np

from finalnet.pictures.straight import Line

LEVEL_ENOUGH = 0.01  # of the longer side: corner shift below which a sheet counts as level


def find_level(shape: tuple[int, ...], lines: list[Line]) -> np.ndarray | None:
    """Find the (3, 3) matrix from a levelled picture to the original one.

    In the levelled picture the lines are horizontal and vertical.

    Args:
        shape: (H, W) of the picture.
    Returns:
        None if the picture is level already, or without lines.
    """
    height, width = shape
    rise = fit_way([line for line in lines if line.is_level], 1)
    lean = fit_way([line for line in lines if not line.is_level], 0)
    if rise is None and lean is None:
        return None
    if rise is None:
        assert lean is not None
        rise = (-lean[0], 0.0)
    if lean is None:
        lean = (-rise[0], 0.0)
    corners = []
    for y in (0.0, height):
        for x in (0.0, width):
            level, upright = rise[0] + rise[1] * y, lean[0] + lean[1] * x
            # Where y + level * (u - width / 2) meets x + upright * (v - height / 2).
            v = (y + level * (x - width / 2 - upright * height / 2)) / (1 - level * upright)
            corners.append((x + upright * (v - height / 2), v))
    flat = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float32)
    tilted = np.array(corners, np.float32)
    if np.abs(tilted - flat).max() < LEVEL_ENOUGH * max(shape):
        return None
    return np.asarray(cv2.getPerspectiveTransform(flat, tilted))


def fit_way(lines: list[Line], axis: int) -> tuple[float, float] | None:
    """Fit the slope of lines: its value at 0 and its change per px along an axis; None if no lines.

    The change is what perspective causes.
    """
    if not lines:
        return None
    ways = np.array([line.way[axis] / line.way[1 - axis] for line in lines])
    lengths = np.array([line.length for line in lines])
    places = np.array([line.points[[0, -1], axis].mean() for line in lines])
    mean = float(np.average(places, weights=lengths))
    steep = float(np.average(ways, weights=lengths))
    spread = float(np.average((places - mean) ** 2, weights=lengths))
    change = float(np.average((places - mean) * (ways - steep), weights=lengths))
    # Damped, because a few short lines say little about the change.
    change /= spread + (lengths.max() / 4) ** 2
    return steep - change * mean, change


def move_cells(cells: list[np.ndarray], move: np.ndarray) -> list[np.ndarray]:
    """Map cells by a (3, 3) matrix."""
    return [cv2.perspectiveTransform(cell[None], move)[0] for cell in cells]
