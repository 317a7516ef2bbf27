"""Finds the frames that lines make around digits, such as the boxes of a form."""

from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np

from finalnet.pictures.straight import Line, draw

MAX_FRAMES = 1_000
INSIDE = 0.2  # of a frame's height: least length of ink in it
SQUARE = 0.98  # least sine of a right angle: up to 11 degrees off
SMALLEST_FRAME = 8  # px
ROOMY = 8  # in line widths: least shorter side of a frame; the loop of a 6 is smaller
SAME_SIZE = 1.15  # largest factor between the sides of frames of one size
EVEN_WIDTHS = 1.3  # largest factor between line widths of one frame, plus 0.5 px


class Frame(NamedTuple):
    """Two level and two upright lines around a place for a digit."""

    sides: frozenset[int]  # the indices of its lines
    corners: np.ndarray  # (4, 2) float64, top left, top right, bottom left, bottom right
    is_crossed: bool  # by one more line

    @property
    def height(self) -> float:
        return float(np.ptp(self.corners[:, 1]))


def find_frames(mask: np.ndarray, lines: list[Line]) -> list[Frame]:
    """Frames that hold ink, and empty ones of the same size."""
    level = [i for i, line in enumerate(lines) if line.is_level]
    upright = [i for i, line in enumerate(lines) if not line.is_level]
    level.sort(key=lambda i: float(lines[i].points[:, 1].mean()))
    upright.sort(key=lambda i: float(lines[i].points[:, 0].mean()))
    if len(level) < 2 or len(upright) < 2:
        return []
    corners, meet = find_corners([lines[i] for i in level], [lines[j] for j in upright])
    widths = np.array([line.width for line in lines])
    frames = list[Frame]()
    for one, other in combinations(range(len(level)), 2):
        both = np.flatnonzero(meet[one] & meet[other])
        # A line through a frame may be a stroke of a digit; two are not.
        between = meet[one + 1 : other, both]
        for step in (1, 2):
            for first in range(len(both) - step):
                left, right = both[first], both[first + step]
                crossings = step - 1 + int((between[:, first] & between[:, first + step]).sum())
                sides = [level[one], level[other], upright[left], upright[right]]
                is_even = widths[sides].max() <= EVEN_WIDTHS * widths[sides].min() + 0.5
                four = corners[[one, one, other, other], [left, right, left, right]]
                is_roomy = np.ptp(four, axis=0).min() >= ROOMY * widths[sides].max()
                if crossings < 2 and is_even and is_roomy:
                    frames.append(Frame(frozenset(sides), four, crossings == 1))
        if len(frames) > MAX_FRAMES:
            return []
    if not frames:
        return []
    rest = cv2.integral(mask * (1 - draw(mask.shape, lines)))
    return choose_frames(frames, hold_ink(rest, lines, np.array([f.corners for f in frames])))


def hold_ink(rest: np.ndarray, lines: list[Line], corners: np.ndarray) -> np.ndarray:
    """Whether frames hold ink other than lines, or a line that touches no side: (n,) bool.

    Args:
        rest: (H + 1, W + 1) int32, integral image of the ink without lines.
        corners: (n, 4, 2), of the frames.
    """
    size = np.ptp(corners, axis=1)
    low = np.maximum(corners[:, 0], np.stack([corners[:, 2, 0], corners[:, 1, 1]], axis=1))
    high = np.minimum(corners[:, 3], np.stack([corners[:, 1, 0], corners[:, 2, 1]], axis=1))
    limits = np.array(rest.shape[::-1]) - 1
    low = np.clip(low + 0.05 * size, 0, limits).astype(int)
    high = np.clip(high - 0.05 * size, 0, limits).astype(int)
    (x0, y0), (x1, y1) = low.T, high.T
    amount = rest[y1, x1] - rest[y0, x1] - rest[y1, x0] + rest[y0, x0]
    least = INSIDE * size[:, 1]
    width = np.median([line.width for line in lines])
    middles = np.array([line.points[[0, -1]].mean(axis=0) for line in lines])
    lengths = np.array([line.length for line in lines])
    free = ((middles > low[:, None]) & (middles < high[:, None])).all(axis=2)
    free &= (lengths > least[:, None]) & (lengths < 0.85 * size.min(axis=1)[:, None])
    is_large = (high - low).min(axis=1) >= SMALLEST_FRAME
    return np.asarray(is_large & ((amount >= least * width) | free.any(axis=1)))


def choose_frames(frames: list[Frame], full: np.ndarray) -> list[Frame]:
    """Resolve overlaps: prefer the size that most frames share, then the larger frame.

    Strokes of a digit form frames with the lines next to them, too.
    """
    corners = np.array([frame.corners for frame in frames])
    crossed = np.array([frame.is_crossed for frame in frames])
    low, high = corners.min(axis=1), corners.max(axis=1)
    size, area = high - low, (high - low).prod(axis=1)
    alike = np.abs(np.log(size[:, None] / size[None])) <= np.log(SAME_SIZE)
    # Two adjacent lines between boxes make false frames (left to left, right to right), which are
    # crossed by a line and as frequent as the true ones. So crossed frames count half.
    count = (alike.all(axis=2) & full).sum(axis=1) / (1 + crossed)
    kept: list[int] = []
    for index in np.lexsort([-area, crossed, -count]).tolist():
        if not count[index]:
            break
        overlap = np.minimum(high[index], high[kept]) - np.maximum(low[index], low[kept])
        shared = np.maximum(overlap, 0).prod(axis=1) > 0.3 * np.minimum(area[index], area[kept])
        if not any(frames[index].sides & frames[kept[i]].sides for i in np.flatnonzero(shared)):
            kept.append(index)
    return [frames[index] for index in kept]


def find_corners(
    level: list[Line], upright: list[Line], loose: float = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Where lines meet: (n, m, 2) points, and (n, m) bool, whether they meet at right angles."""
    a, c = (np.array([line.points[0] for line in lines]) for lines in (level, upright))
    r, s = (np.array([line.way for line in lines]) for lines in (level, upright))
    cross = r[:, None, 0] * s[None, :, 1] - r[:, None, 1] * s[None, :, 0]
    square = np.abs(cross) >= SQUARE
    apart = c[None] - a[:, None]
    cross = np.where(square, cross, 1)
    along = (apart[..., 0] * s[None, :, 1] - apart[..., 1] * s[None, :, 0]) / cross
    down = (apart[..., 0] * r[:, None, 1] - apart[..., 1] * r[:, None, 0]) / cross
    rooms = ([(line.width + line.room) / 2 for line in lines] for lines in (level, upright))
    slack = np.add.outer(*rooms) + loose
    lengths = [np.array([line.length for line in lines]) for lines in (level, upright)]
    meet = square & (along >= -slack) & (along <= lengths[0][:, None] + slack)
    meet &= (down >= -slack) & (down <= lengths[1][None] + slack)
    return a[:, None] + along[..., None] * r[:, None], meet


def ends_on(end: np.ndarray, line: Line, other: Line) -> bool:
    """Whether the end of a line touches another line at a right angle."""
    if abs(float(line.way @ other.way)) > (1 - SQUARE**2) ** 0.5:
        return False
    apart = end - other.points[0]
    along = float(apart @ other.way)
    aside = abs(float(apart[0] * other.way[1] - apart[1] * other.way[0]))
    slack = (line.width + other.width) / 2 + line.room
    return aside <= slack and -slack <= along <= other.length + slack
