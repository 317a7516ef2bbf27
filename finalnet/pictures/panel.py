"""Finds the panel of a plot: a digit saved by a plotting program, with margin, axes and labels."""

import cv2
import numpy as np

from finalnet.pictures.pixels import Part, border_of, subtract

SAME = 10  # grey levels within which two colours are the same
MARGIN = 0.95  # least share of the picture's border in one colour
SMALLEST = 0.03  # least area of the panel, of the picture
LONGEST = 2.5  # largest ratio of its sides
STRAIGHT = 0.97  # least share of its bounding box that is filled; no hand draws so straight
TICKS = 64  # tick marks are narrower than its shorter side divided by this ...
NARROWEST = 5  # px, ... or than this, if it is more
RIVAL = 0.5  # of its area; if another component is this large, there are several panels
LABEL = 0.15  # of its height: largest height or width of a label next to it
INSETS = (0.04, 0.02, 0.01)  # of its shorter side: cut off with the frame, tried in order
CLEAN = 0.998  # least share of one colour on a clean side of the cut-out


def find_panel(picture: np.ndarray) -> Part | None:
    """Cut out the only panel of a picture; None if there is none, or more than one.

    Args:
        picture: (H, W) or (H, W, 3) uint8.
    """
    color, share = find_edge(picture)
    if share < MARGIN:
        return None
    mask = (subtract(picture, color) > SAME).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    stats = stats[1:, :4]
    areas = stats[:, 2:].prod(axis=1)
    if areas.max(initial=0) < SMALLEST * mask.size or (areas > RIVAL * areas.max()).sum() > 1:
        return None
    largest = int(areas.argmax())
    outline, _ = cv2.findContours(
        (labels == largest + 1).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    filled = cv2.drawContours(np.zeros_like(mask), outline, -1, 1, cv2.FILLED)
    side = max(NARROWEST, round(stats[largest, 2:].min() / TICKS))
    filled = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    left, top, width, height = cv2.boundingRect(filled)
    if not width or filled.sum() < STRAIGHT * width * height:
        return None
    if max(width, height) > LONGEST * min(width, height):
        return None
    # Next to it there may be words and a colour bar, but nothing larger.
    middles = stats[:, :2] + stats[:, 2:] / 2 - (left, top)
    is_beside = ((middles < 0) | (middles > (width, height))).any(axis=1)
    if (stats[is_beside, 2:].min(axis=1) > LABEL * height).any():
        return None
    for share in INSETS:
        cut = max(1, round(share * min(width, height)))
        part = picture[top + cut : top + height - cut, left + cut : left + width - cut]
        if part.size and is_clean(part):
            return Part(part, np.array([[1.0, 0, left + cut], [0, 1, top + cut], [0, 0, 1]]))
    return None


def is_clean(part: np.ndarray) -> bool:
    """Whether three sides have one colour: a digit touches at most one, table lines touch two."""
    color, _ = find_edge(part)
    sides = (part[0], part[-1], part[:, 0], part[:, -1])
    return sum(share_of(side, color) >= CLEAN for side in sides) >= 3


def find_edge(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """The median colour of the outermost pixels, (channels,) uint8, and the share that has it."""
    edge = border_of(picture)
    color = np.median(edge, axis=0).astype(np.uint8)
    return color, share_of(edge, color)


def share_of(pixels: np.ndarray, color: np.ndarray) -> float:
    """The share of pixels (n,) or (n, channels) that have a colour."""
    apart = np.abs(pixels.astype(np.int16) - color)
    apart = apart if apart.ndim == 1 else apart.max(axis=1)
    return float((apart <= SAME).mean())
