"""Pictures turned by quarters, and where boxes in them are in the picture as it came."""

from collections.abc import Iterator

import numpy as np

from finalnet.numbers.boxes import Box

QUARTERS = (0, 1, 3, 2)  # turns to the left that are tried, the most usual first


def turn(ink: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The ink in each of the `QUARTERS`, and the (3, 3) matrix from its pixels to the ink's own."""
    height, width = ink.shape
    back = np.array([[0, -1, width], [1, 0, 0], [0, 0, 1]], np.float64)  # one turn to the left
    moves = [np.eye(3), back]
    moves.append(back @ [[0, -1, height], [1, 0, 0], [0, 0, 1]])
    moves.append(moves[2] @ back)
    for quarters in QUARTERS:
        yield np.ascontiguousarray(np.rot90(ink, quarters)), moves[quarters]


def move_box(box: Box, move: np.ndarray) -> Box:
    """The box around a box that was moved by a (3, 3) matrix."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    corners = [[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]]
    moved = move @ np.array(corners)
    x, y = (moved[:2] / moved[2]).tolist()
    return Box(min(x), min(y), max(x) - min(x), max(y) - min(y))
