"""Redraws the digits of seven-segment displays as connected, rounded pen strokes.

    ink -> connected components -> horizontal and vertical bars -> ends that meet -> round strokes

The network knows only handwriting: it reads an 8 of seven bars as a 0, but not an 8 of two loops.
"""

from typing import NamedTuple

import cv2
import numpy as np

from finalnet.pictures.connected import find_inked, label_ink

ON = 128  # ink level from which a segment is on
# Blur fills the gaps between segments. These are the (ink level, px eroded from every edge) pairs
# at which they may separate. GLANCES come first; LOOKS follow only if a glance found bars.
GLANCES, LOOKS = ((ON, 0), (200, 1)), ((200, 0), (ON, 1), (ON, 2), (ON, 3))
SMALLEST = 0.2  # of the longest component; smaller ones are decimal points or dirt
MOST_BARS = 7 * 60
# What counts as a bar, by the second moments of its ink, which do not depend on its slant.
FILLED = (0.85, 1.2)  # area / area of the rectangle with the same moments
SLENDER = (1.3, 12.0)  # length / width
STEEPEST = 0.3  # slope against horizontal or vertical
SHORTEST = 0.6  # of the median length in its direction; decimal points are shorter
EVEN = 1.5  # largest factor between a bar's width and the median width
BARS = 0.7  # least share of all ink that belongs to bars
# Largest distances between the ends of bars, in x and in y, in bar widths.
MEET = 1.4  # of a horizontal and a vertical bar that meet
FOLLOW = 2.7  # of two vertical bars, one above the other, when the middle segment is off
ASIDE = 0.7  # horizontal offset of the lower of the two
MET = 0.8  # least share of horizontal bars that meet a vertical one
PEN = 0.8  # of a bar's width
STEPS = np.linspace(0, 1, 9)[:, None]  # along a curve
KERNEL = np.ones((3, 3), np.uint8)
SHIFT = 4  # fractional bits of OpenCV's coordinates


class Bars(NamedTuple):
    """Straight pieces of ink, horizontal or vertical; vertical ones may slant."""

    level: np.ndarray  # (n, 2, 2) float64: (x, y) of the left and the right end
    upright: np.ndarray  # (n, 2, 2) float64: (x, y) of the upper and the lower end
    width: float  # px, median
    mask: np.ndarray  # (H, W) bool, their pixels


def redraw_segments(ink: np.ndarray) -> np.ndarray | None:
    """Redraw the ink of a display as a pen would, without the segments that are off.

    Args:
        ink: (H, W) uint8, paper 0, ink up to 255.
    Returns:
        Ink in the same format; None if it shows no display.
    """
    mask = (ink >= ON).astype(np.uint8)
    found = list[Bars]()
    for looks in (GLANCES, LOOKS):
        for level, worn in looks:
            bars = find_bars((ink >= level).astype(np.uint8), worn)
            found += [bars] if bars else []
        if not found:
            return None
    bars = max(found, key=lambda bars: len(bars.level) + len(bars.upright))
    strokes = join_bars(bars)
    if not strokes:
        return None
    _, labels = cv2.connectedComponents(mask)
    is_rest = np.ones(labels.max() + 1, bool)
    is_rest[np.unique(labels[bars.mask])] = False
    rest = cv2.dilate(is_rest[labels] * mask, KERNEL)
    points = [np.rint(stroke * 2**SHIFT).astype(np.int32) for stroke in strokes]
    pen = max(1, round(PEN * bars.width))
    return cv2.polylines(ink * rest, points, False, 255, pen, cv2.LINE_AA, SHIFT)


def find_bars(mask: np.ndarray, worn: int) -> Bars | None:
    """Find the bars of a mask; None if it is not made of bars, or of too many.

    Args:
        mask: (H, W) uint8, 0 or 1.
        worn: px to erode from every edge first.
    """
    mask = cv2.erode(mask, KERNEL, iterations=worn) if worn else mask
    labels, stats = label_ink(mask)
    count = len(stats)
    longer = stats[1:, 2:4].max(axis=1, initial=0)
    kept = 1 + np.flatnonzero(longer >= SMALLEST * longer.max(initial=0))
    if not 2 <= len(kept) <= MOST_BARS:
        return None
    rows, columns = find_inked(mask)
    label = labels[rows, columns]
    sums = [np.bincount(label, places, count) for places in (columns, rows)]
    centers = np.stack(sums, axis=1) / np.maximum(stats[:, 4:], 1)
    x, y = columns - centers[label, 0], rows - centers[label, 1]

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.bincount(label, values, count)[kept] / area)

    area = stats[kept, 4].astype(np.float64)
    # A pixel is a unit square with a variance of 1/12.
    xx, yy, xy = mean(x * x) + 1 / 12, mean(y * y) + 1 / 12, mean(x * y)
    is_level = xx > yy
    filled = area / (12 * np.sqrt(np.maximum(xx * yy - xy * xy, 1e-9)))
    lean = xy / np.where(is_level, xx, yy)
    start = np.where(is_level, stats[kept, 0], stats[kept, 1])
    length = np.where(is_level, stats[kept, 2], stats[kept, 3]).astype(np.float64)
    widths = area / length + 2 * worn
    start, length = start - worn, length + 2 * worn
    is_bar = (filled >= FILLED[0]) & (filled <= FILLED[1]) & (np.abs(lean) <= STEEPEST)
    is_bar &= (length >= SLENDER[0] * widths) & (length <= SLENDER[1] * widths)
    if is_bar.sum() < 2:
        return None
    is_bar &= np.abs(np.log(widths / np.median(widths[is_bar]))) <= np.log(EVEN)
    for way in (is_level, ~is_level):
        usual = np.median(length[is_bar & way]) if (is_bar & way).any() else 0
        is_bar &= ~way | (length >= SHORTEST * usual)
    if area[is_bar].sum() < BARS * area.sum():
        return None
    ends = np.empty((len(kept), 2, 2))
    for i, along in enumerate((start - 0.5, start + length - 0.5)):
        aside = lean * (along - np.where(is_level, centers[kept, 0], centers[kept, 1]))
        ends[:, i, 0] = np.where(is_level, along, centers[kept, 0] + aside)
        ends[:, i, 1] = np.where(is_level, centers[kept, 1] + aside, along)
    of_bar = np.zeros(count, bool)
    of_bar[kept[is_bar]] = True
    width = float(np.median(widths[is_bar]))
    return Bars(ends[is_bar & is_level], ends[is_bar & ~is_level], width, of_bar[labels])


def join_bars(bars: Bars) -> list[np.ndarray]:
    """Join bars to strokes, (n, 2) each, rounded where bars meet; empty if not a display."""
    level, upright, width = bars.level, bars.upright, bars.width
    apart = level[:, :, None, None] - upright[None, None]  # bar, end, bar, end, x and y
    meet = np.abs(apart).max(axis=-1) <= MEET * width
    down = upright[None, :, 0] - upright[:, None, 1]  # from a lower end to the next upper end
    follow = (np.abs(down[..., 0]) <= ASIDE * width) & (np.abs(down[..., 1]) <= FOLLOW * width)
    np.fill_diagonal(follow, False)
    if meet.any(axis=(1, 2, 3)).sum() < MET * len(level) or not meet.any() | follow.any():
        return []
    closed = find_loops(meet)
    # An 8 has a waist, where both of its loops share a bar; 6, 9 and 4 have none.
    waist = np.asarray(closed.any(axis=(0, 1)))
    goes_on = follow & ~(waist[:, None, 1] & waist[None, :, 0])
    passed = np.stack([goes_on.any(axis=0), goes_on.any(axis=1)], axis=1)  # bar, end
    curved = meet & (closed | ~passed)
    middles, middles_upright = level.mean(axis=1), upright.mean(axis=1)
    strokes = [
        bend(middles[i], level[i, j], upright[k, m], middles_upright[k])
        for i, j, k, m in np.argwhere(curved)
    ]
    strokes += [middles_upright[pair] for pair in np.argwhere(goes_on)]
    for of_way, drawn in (
        (level, curved.any(axis=(2, 3))),
        (upright, curved.any(axis=(0, 1)) | passed),
    ):
        strokes += [
            np.stack([of_way[i].mean(axis=0), of_way[i, j]]) for i, j in np.argwhere(~drawn)
        ]
    return strokes


def find_loops(meet: np.ndarray) -> np.ndarray:
    """Mark the meeting points that are corners of a loop of four bars.

    Args:
        meet: (n, 2, m, 2) bool, whether an end of a horizontal bar meets one of a vertical bar.
    Returns:
        (n, 2, m, 2) bool.
    """
    closed = np.zeros_like(meet)
    for i, j, k, m in np.argwhere(meet):
        beside = meet[i, 1 - j, :, m]  # vertical bars at the other end of the horizontal one
        across = meet[:, j, k, 1 - m]  # horizontal bars at the other end of the vertical one
        closed[i, j, k, m] = meet[across][:, 1 - j, beside, 1 - m].any()
    return closed


def bend(start: np.ndarray, one: np.ndarray, other: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A quadratic Bézier curve from the middle of one bar to the middle of another.

    Args:
        start, end: middles of the bars.
        one, other: the ends at which they meet; the control point is where the bars' lines cross.
    """
    way, across = one - start, other - end
    turn = way[0] * across[1] - way[1] * across[0]
    share = ((end - start)[0] * across[1] - (end - start)[1] * across[0]) / turn
    corner = start + share * way
    return (1 - STEPS) ** 2 * start + 2 * STEPS * (1 - STEPS) * corner + STEPS**2 * end
