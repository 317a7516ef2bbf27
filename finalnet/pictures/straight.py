"""Finds straight lines in ink, printed or drawn.

    ink -> runs across a line -> straight pieces -> lines

"Level" means closer to horizontal, "upright" closer to vertical. Lengths in px refer to pictures of
at most `WORKING_SIZE`.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from finalnet.pictures.connected import label_ink

WIDEST = 0.012  # largest width of a printed line, of the longer side ...
WIDEST_LEAST = 6  # ... or this, if it is more
CHUNK = 64  # longest piece; lines bend with the paper and the lens
SHORTEST = 6  # shortest piece
STEEPEST = 0.6  # largest slope of a level line; upright ones are found in the transposed picture
UNEVEN = 0.8  # largest standard deviation of a piece from a straight line
GAPS = (4.0, 16.0, 40.0, 120.0)  # between pieces of a line, tried in order: crossings, strokes
FULL = 0.9  # least share of ink in a gap of the longest kind
CORNER = 3  # px that a line may end short of another one
REACH = 25  # px by which a line may be extended through ink
MAX_PIECES = 400  # the longest are kept
MAX_LINES = 150
LEAST, LEAN = 10, 3  # shortest line, in px and in its widths
MAX_RUNS = 150_000  # only noise has more
FEWEST_DOTS = 8
LONGEST_DASH = 24  # px
DOT_GAP = 13  # px, between the dots of a dotted line
SOLID_COVER = 0.8  # least share of ink along a long line
ALIKE = 1.7  # largest factor between line widths of one form


@dataclass(frozen=True, eq=False)
class Line:
    """A straight line."""

    points: np.ndarray  # (n, 2) float64, from left to right or from the top down
    width: float  # px
    is_level: bool  # rather than upright
    cover: float = 1.0  # share of its length that is inked
    room: float = 0.0  # px that it may end short of another line

    @cached_property
    def length(self) -> float:
        return float(np.hypot(*(self.points[-1] - self.points[0])))

    @cached_property
    def way(self) -> np.ndarray:
        """The direction, (2,) float64 of length 1."""
        return np.asarray((self.points[-1] - self.points[0]) / max(self.length, 1e-9))

    @cached_property
    def bend(self) -> float:
        """The largest deviation from straight, in px."""
        apart = self.points - self.points[0]
        return float(np.abs(apart @ (-self.way[1], self.way[0])).max())


def find_straight(mask: np.ndarray) -> list[Line]:
    """All straight, narrow lines of constant width, solid or dotted, longest first."""
    widest = max(WIDEST_LEAST, round(WIDEST * max(mask.shape)))
    labels, stats = label_ink(mask)
    longer, shorter = stats[:, 2:4].max(axis=1), stats[:, 2:4].min(axis=1)
    small = ((longer <= LONGEST_DASH) & (shorter <= widest)).astype(np.uint8)
    small[0] = 0
    dots = small[labels]
    lines = []
    for is_level in (True, False):
        turned = np.ascontiguousarray(mask if is_level else mask.T)
        closed = turned
        if small.sum() >= FEWEST_DOTS:
            dotted = dots if is_level else dots.T
            closed = cv2.morphologyEx(dotted, cv2.MORPH_CLOSE, np.ones((1, DOT_GAP), np.uint8))
            closed = cv2.bitwise_or(turned, closed)
        for points, width in trace(closed, widest):
            way = sample(Line(points, width, True), turned.shape)
            is_dotted = turned[way].mean() < SOLID_COVER
            line = Line(
                points=points if is_level else points[:, ::-1],
                width=width,
                is_level=is_level,
                cover=float(closed[way].mean()),
                room=DOT_GAP if is_dotted else CORNER,
            )
            if line.length >= max(LEAST * (1 + 3 * is_dotted), LEAN * width):
                lines.append(line)
    return sorted(lines, key=lambda line: -line.length)[:MAX_LINES]


def sample(line: Line, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels along a line, one per px of its length."""
    ways = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line.points, axis=0).T))])
    steps = np.arange(0, ways[-1] + 1)
    return at(np.stack([np.interp(steps, ways, line.points[:, i]) for i in (0, 1)], 1), shape)


def trace(mask: np.ndarray, widest: int) -> list[tuple[np.ndarray, float]]:
    """Trace level lines: their points from left to right, and their widths."""
    padded = np.pad(mask.T, ((0, 0), (1, 1))).ravel()
    edges = 1 + np.flatnonzero(padded[1:] != padded[:-1])
    columns, starts = np.divmod(edges[::2], mask.shape[0] + 2)
    starts, lengths = starts - 1, edges[1::2] - edges[::2]
    narrow = lengths <= widest
    if not 0 < narrow.sum() <= MAX_RUNS:
        return []
    x, y, run = columns[narrow], (starts + (lengths - 1) / 2)[narrow], lengths[narrow]
    # Along a line the middles of its runs are continuous; where a stroke touches it, they jump.
    start = follow(x * (mask.shape[0] + 2) + y.astype(int), mask.shape[0] + 2)
    _, label, count = np.unique(
        start * (mask.shape[1] // CHUNK + 1) + x // CHUNK, return_inverse=True, return_counts=True
    )
    pieces = fit(label, count, x, y, run)
    pieces = pieces[np.argsort(-pieces[:, 6], kind="stable")][:MAX_PIECES]
    return [reach_out(points, width, mask) for points, width in join_pieces(pieces, mask)]


def reach_out(points: np.ndarray, width: float, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Extend a line at both ends while there is ink: a stroke may have hidden it there."""
    for end, before in ((0, 1), (-1, -2)):
        way = points[end] - points[before]
        way = way / max(float(np.hypot(*way)), 1e-9)
        steps = np.arange(1, REACH)
        y, x = at(points[end] + steps[:, None] * way, mask.shape)
        goes = np.flatnonzero(np.append(mask[y, x], 0) == 0)[0]
        points = points.copy()
        points[end] = points[end] + goes * way
    return points, width


def at(points: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels at points (n, 2), clipped to the picture."""
    x, y = np.rint(points.T).astype(int)
    return np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1)


def follow(places: np.ndarray, column: int) -> np.ndarray:
    """Chain places in adjacent columns; return the index of the first in each chain, (n,) int.

    Args:
        places: sorted; adding `column` moves one column to the right in the same row.
    """
    ahead = places + column - 1
    found = np.minimum(np.searchsorted(places, ahead), len(places) - 1)
    goes_on = (places[found] >= ahead) & (places[found] <= ahead + 2)
    before = np.arange(len(places))
    before[found[goes_on]] = np.flatnonzero(goes_on)
    while (before[before] != before).any():
        before = before[before]
    return before


def fit(
    label: np.ndarray, count: np.ndarray, x: np.ndarray, y: np.ndarray, run: np.ndarray
) -> np.ndarray:
    """Fit straight pieces: (n, 7) of left x, y, right x, y, slope, width and length."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(label, values) / count

    mean_x, mean_y = mean(x), mean(y)
    aside, above = x - mean_x[label], y - mean_y[label]
    rise = mean(aside * above) / np.maximum(mean(aside * aside), 1e-9)
    spread = np.sqrt(mean((above - rise[label] * aside) ** 2))
    half = (count - 1) / 2  # one run per column
    width = mean(run)
    uneven = np.sqrt(mean((run - width[label]) ** 2))
    straight = (spread <= UNEVEN) & (np.abs(rise) <= STEEPEST) & (uneven <= 0.7 + 0.25 * width)
    good = np.flatnonzero(straight & (count >= SHORTEST) & (count >= width))
    left, right = mean_x - half, mean_x + half
    pieces = [left, mean_y - rise * half, right, mean_y + rise * half, rise]
    pieces += [width / np.hypot(1, rise), count * np.hypot(1, rise)]
    return np.stack(pieces, axis=1)[good]


def join_pieces(pieces: np.ndarray, mask: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Join pieces that continue one another; gaps of the longest kind must be full of ink."""
    chains = [[row] for row in pieces[np.argsort(pieces[:, 0], kind="stable")].tolist()]
    for longest in GAPS:
        ends = np.array([describe(chain) for chain in chains]).reshape(-1, 7)
        x0, y0, x1, y1, rise0, rise1, width = ends.T
        gap = x0[None] - x1[:, None]
        ahead = y1[:, None] + rise1[:, None] * gap - y0[None]
        back = y0[None] - rise0[None] * gap - y1[:, None]
        slack = 1.5 + 0.05 * np.maximum(gap, 0)
        alike = np.abs(np.log(width[None] / width[:, None])) <= np.log(ALIKE)
        fits = (gap > -3) & (gap <= longest) & alike
        fits &= (np.abs(ahead) <= slack) & (np.abs(back) <= slack)
        np.fill_diagonal(fits, False)
        if longest == GAPS[-1]:
            for one, other in np.argwhere(fits & (gap > GAPS[-2])):
                y, x = at(np.linspace(ends[one, 2:4], ends[other, :2], 50), mask.shape)
                fits[one, other] = mask[y, x].mean() >= FULL
        follower: dict[int, int] = {}
        taken = set()
        for index in np.argsort(np.where(fits, gap, np.inf), axis=None, kind="stable")[
            : fits.sum()
        ]:
            one, other = divmod(int(index), len(chains))
            if one not in follower and other not in taken:
                follower[one] = other
                taken.add(other)
        joined = []
        for first in range(len(chains)):
            if first in taken:
                continue
            chain, here = list(chains[first]), first
            while here in follower:
                here = follower[here]
                chain += chains[here]
            joined.append(chain)
        chains = joined
    return [
        (np.reshape([row[:4] for row in chain], (-1, 2)), float(np.median([r[5] for r in chain])))
        for chain in chains
    ]


def describe(chain: list[list[float]]) -> tuple[float, ...]:
    """Left x, y, right x, y, slope at the left and at the right, and width of a chain."""
    rises = []
    for rows in (chain[:3], chain[-3:]):
        across = rows[-1][2] - rows[0][0]
        rises.append((rows[-1][3] - rows[0][1]) / across if len(rows) > 1 else rows[0][4])
    width = sum(row[5] * row[6] for row in chain) / sum(row[6] for row in chain)
    return (*chain[0][:2], *chain[-1][2:4], *rises, max(width, 0.5))


def draw(shape: tuple[int, ...], lines: list[Line], room: float = 1.0) -> np.ndarray:
    """A mask of lines: (H, W) uint8, 1 in a band around each, `room` px wider on both sides."""
    band = np.zeros(shape, np.uint8)
    for line in lines:
        points = np.rint(line.points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(band, [points], False, 1, round(line.width + 2 * room), shift=4)
    return band
