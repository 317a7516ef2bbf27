"""Erases the printed lines of forms, tables and ruled paper and mends the strokes they crossed."""

from dataclasses import replace

import cv2
import numpy as np

from finalnet.pictures.connected import label_ink
from finalnet.pictures.displays import redraw_segments
from finalnet.pictures.forms import DISPLAY, Form, find_form, typical
from finalnet.pictures.straight import Line, draw, sample

FAINT = 40  # least ink of a pixel that may belong to a line
HALF = 0.5  # of the digits' height: pieces this tall on both sides of a line are two digits
STRONGER = 1.4  # times the contrast of a line: ink that belongs to a stroke


def erase_printed(ink: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, Form]:
    """Erase printed lines, or join the segments of a display; returns ink and form."""
    # Displays first, because segments of adjacent digits look like lines.
    drawn = redraw_segments(ink)
    return erase_lines(ink, contrast) if drawn is None else (drawn, DISPLAY)


def erase_lines(ink: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, Form]:
    """Erase printed lines.

    Args:
        ink: (H, W) uint8, paper 0.
        contrast: (H, W), difference from the paper in any unit; a pen often has more than print.
    Returns:
        The ink without printed lines (the same array if there are none), and the form.
    """
    form = find_form((ink >= FAINT).astype(np.uint8))
    return (erase(ink, contrast, form) if form.lines else ink), form


def erase(ink: np.ndarray, contrast: np.ndarray, form: Form) -> np.ndarray:
    """Erase lines and join the strokes they cut, but not digits in adjacent boxes."""
    lines = form.lines
    band = draw(ink.shape, [prolong(line) for line in lines], 1.5)
    crossing = find_strokes(ink, contrast, lines, band)
    left = np.where((band > 0) & ~crossing, 0, ink).astype(np.uint8)
    reach = 2 * round(max(line.width for line in lines) / 2 + 2) + 1
    across, down = np.zeros((2, reach, reach), np.uint8)
    across[reach // 2] = down[:, reach // 2] = 1
    slope = np.eye(reach, dtype=np.uint8)
    mended = left
    for kernel in (across, down, slope, np.ascontiguousarray(slope[::-1])):
        mended = np.maximum(mended, cv2.morphologyEx(left, cv2.MORPH_CLOSE, kernel))
    mended = np.where(band > 0, np.minimum(mended, ink), ink).astype(np.uint8)
    if form.cells:
        mended[find_bridges(np.where(band > 0, 0, ink), mended)] = 0
    return mended


def find_strokes(
    ink: np.ndarray, contrast: np.ndarray, lines: list[Line], band: np.ndarray
) -> np.ndarray:
    """Strokes that cross lines: where ink in the band is stronger than the line, (H, W) bool."""
    limit = np.zeros(ink.shape, np.float32)
    for line in lines:
        level = STRONGER * float(np.median(contrast[sample(line, ink.shape)]))
        points = np.rint(prolong(line).points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(limit, [points], False, level, round(line.width + 3), shift=4)
    strong = (contrast > limit) & (ink >= FAINT)
    # A strong spot that does not leave the band is a fleck on the line.
    _, labels = cv2.connectedComponents(strong.astype(np.uint8))
    is_stroke = np.zeros(labels.max() + 1, bool)
    is_stroke[labels[strong & (band == 0)]] = True
    is_stroke[0] = False
    return is_stroke[labels]


def find_bridges(left: np.ndarray, mended: np.ndarray) -> np.ndarray:
    """Where mended ink connects two pieces that are each as tall as a digit: (H, W) bool."""
    labels, stats = label_ink((left >= FAINT).astype(np.uint8))
    large = stats[:, 3] >= HALF * typical(stats[1:, 3])
    large[0] = False
    patches = cv2.connectedComponents(((mended >= FAINT) & (left < FAINT)).astype(np.uint8))[1]
    kernel = np.ones((3, 3), np.uint8)
    around = cv2.dilate(patches.astype(np.float32), kernel).astype(int)
    edge = (labels > 0) & large[labels] & (around > 0)
    pairs = np.unique(np.stack([around[edge], labels[edge]], axis=1), axis=0)
    count = np.bincount(pairs[:, 0], minlength=patches.max() + 1)
    return np.asarray((count > 1)[patches])


def prolong(line: Line) -> Line:
    """Extend a line into the corners of its form."""
    start, end = line.points[[0, -1]]
    way = line.way * (line.width + 2)
    return replace(line, points=np.concatenate([[start - way], line.points, [end + way]]))
