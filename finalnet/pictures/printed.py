"""Printed lines of forms, tables and ruled paper: found, taken out, and what they crossed mended.

    ink -> runs across -> straight pieces -> lines -> those that are printed -> ink without them

A stroke of a digit may be straight as well. Printed is what runs on beyond digits, what encloses
them, and what stands between such lines: a 1, the bar of a 7 and a minus do none of this.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np

from finalnet.pictures.displays import redraw_segments

FAINT = 40  # ink from which on a pixel may be of a line
# Lengths in px, of pictures of at most `WORKING_SIZE`.
WIDEST = 0.012  # of the longer side, a printed line's width, at the most ...
WIDEST_LEAST = 6  # ... but this is always narrow enough
CHUNK = 64  # a piece's length, at the most: paper bends, lenses do too
SHORTEST = 6  # a piece's
STEEPEST = 0.6  # rise of a line that counts as level; the others are looked for on the side
UNEVEN = 0.8  # a piece's standard deviation from being straight, at the most
GAPS = (4.0, 16.0, 40.0, 120.0)  # within a line, tried in this order: crossings, strokes along it
FULL = 0.9  # of a longest gap, at the least, where there is ink
LOOSE = 8  # px more that printed lines may end short of one another
CORNER = 3  # px that a line may end short of another one
REACH = 25  # px that a line may go on in ink beyond its ends
MAX_PIECES = 400  # the longest count
MAX_LINES = 150
MAX_FRAMES = 1_000
LEAST, LEAN = 10, 3  # of a line, its length in px and in its widths
MAX_RUNS = 150_000  # noise has more
FEWEST_DOTS = 8
LONGEST_DASH = 24  # px
DOT_GAP = 13  # px, between the dots of a dotted line
BEYOND = 1.6  # digits' heights from which on a line by itself is printed
FAR_BEYOND = 2.5  # the same where digits are known only by what is left of them without the line
SLENDER = 10  # times its width; a digit that touches a line is at least as high
THICKEST = 0.3  # of the digits' height: a line's width, at the most
COVERED = 0.85  # of a piece of ink: that much of long lines makes it none of a digit
LOWEST = 0.25  # of the highest ink: what is lower tells nothing of digits' heights
SOLID_COVER = 0.8  # of a long line's length, at the least, where there is ink
INSIDE = 0.2  # of a frame's height, at the least: what it holds
OVERHANG = 0.15  # of a frame's sides, how far the digit in it may reach beyond them
FILLING = 0.35  # of a frame's height: the digit in it, at the least
SQUARE = 0.98  # sine of an angle that counts as a right one: 11 degrees off it
HALF = 0.5  # of the digits' height: what is as high on both sides of a line is two digits
STRONGER = 1.4  # times the contrast of a line: ink that is of a stroke
BEND = 0.005  # of a long line's length, how far it is from straight, at the most
TRIALS = 6  # of lines of several lengths, if all ink hangs together
LEVEL_ENOUGH = 0.01  # of the longer side: shift of a corner up to which a sheet is level
SMALLEST_FRAME = 8  # px
ROOMY = 8  # widths of its lines, a frame's shorter side at the least: a loop of a 6 is none
SAME_SIZE = 1.15  # factor by which the sides of frames of one kind differ, at the most
EVEN_WIDTHS = 1.3  # widths of the lines of one frame differ by this factor and 0.5 px, at the most
ALIKE = 1.7  # widths of lines of one form differ by this factor, at the most


@dataclass(frozen=True, eq=False)
class Line:
    """A straight line."""

    points: np.ndarray  # (n, 2) float64, from left to right or from the top down
    width: float  # px
    is_level: bool  # rather than upright
    cover: float = 1.0  # of its length, where there is ink
    room: float = 0.0  # px that it may end short of what it goes to

    @cached_property
    def length(self) -> float:
        return float(np.hypot(*(self.points[-1] - self.points[0])))

    @cached_property
    def way(self) -> np.ndarray:
        """The direction, (2,) float64 of length 1."""
        return np.asarray((self.points[-1] - self.points[0]) / max(self.length, 1e-9))

    @cached_property
    def bend(self) -> float:
        """How far from straight it is at the most, in px."""
        apart = self.points - self.points[0]
        return float(np.abs(apart @ (-self.way[1], self.way[0])).max())


class Form(NamedTuple):
    """What is printed around digits."""

    lines: list[Line]
    cells: list[np.ndarray]  # (4, 2) float64 each: top left, top right, bottom left, bottom right
    is_display: bool = False  # of segments, and nothing around them


NO_FORM, DISPLAY = Form([], []), Form([], [], True)


def erase_printed(ink: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, Form]:
    """What is written: no printed lines, and no gaps in the digits of a display."""
    # Segments of digits side by side lie as lines do.
    drawn = redraw_segments(ink)
    return erase_lines(ink, contrast) if drawn is None else (drawn, DISPLAY)


def erase_lines(ink: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, Form]:
    """Take printed lines out of ink.

    Args:
        ink: (H, W) uint8, paper 0.
        contrast: (H, W), how much it differs from its paper, in any unit: a pen is often stronger
            than what is printed.
    Returns:
        The ink without them, the very same where there are none; and what was printed.
    """
    form = find_form((ink >= FAINT).astype(np.uint8))
    return (erase(ink, contrast, form) if form.lines else ink), form


# --- straight lines ---------------------------------------------------------------------------


def find_straight(mask: np.ndarray) -> list[Line]:
    """All straight, narrow lines of one width, drawn through or dotted, longest first."""
    widest = max(WIDEST_LEAST, round(WIDEST * max(mask.shape)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
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
    """Rows and columns of the pixels along a line."""
    ways = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line.points, axis=0).T))])
    steps = np.arange(0, ways[-1] + 1)
    return at(np.stack([np.interp(steps, ways, line.points[:, i]) for i in (0, 1)], 1), shape)


def trace(mask: np.ndarray, widest: int) -> list[tuple[np.ndarray, float]]:
    """Lines that are rather level: their points from left to right, and their widths."""
    edges = np.diff(np.pad(mask.T, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    columns, starts = np.nonzero(edges == 1)
    lengths = np.nonzero(edges == -1)[1] - starts
    narrow = lengths <= widest
    if not 0 < narrow.sum() <= MAX_RUNS:
        return []
    x, y, run = columns[narrow], (starts + (lengths - 1) / 2)[narrow], lengths[narrow]
    # Along a line the middles of what is crossed go on; where a stroke touches it, they jump.
    start = follow(x * (mask.shape[0] + 2) + y.astype(int), mask.shape[0] + 2)
    _, label, count = np.unique(
        start * (mask.shape[1] // CHUNK + 1) + x // CHUNK, return_inverse=True, return_counts=True
    )
    pieces = fit(label, count, x, y, run)
    pieces = pieces[np.argsort(-pieces[:, 6], kind="stable")][:MAX_PIECES]
    return [reach_out(points, width, mask) for points, width in join_pieces(pieces, mask)]


def reach_out(points: np.ndarray, width: float, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """A line that goes on at either end as long as there is ink: a stroke may lie along it."""
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
    """Rows and columns of the pixels at points (n, 2)."""
    x, y = np.rint(points.T).astype(int)
    return np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1)


def follow(places: np.ndarray, column: int) -> np.ndarray:
    """The first of the neighbours in a row that each place belongs to, (n,) int.

    Args:
        places: sorted; `column` apart is one column on, on the same level.
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
    """Straight pieces: (n, 7) of left x, y, right x, y, rise, width and length."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(label, values) / count

    mean_x, mean_y = mean(x), mean(y)
    aside, above = x - mean_x[label], y - mean_y[label]
    rise = mean(aside * above) / np.maximum(mean(aside * aside), 1e-9)
    spread = np.sqrt(mean((above - rise[label] * aside) ** 2))
    half = (count - 1) / 2  # one run a column
    width = mean(run)
    uneven = np.sqrt(mean((run - width[label]) ** 2))
    straight = (spread <= UNEVEN) & (np.abs(rise) <= STEEPEST) & (uneven <= 0.7 + 0.25 * width)
    good = np.flatnonzero(straight & (count >= SHORTEST) & (count >= width))
    left, right = mean_x - half, mean_x + half
    pieces = [left, mean_y - rise * half, right, mean_y + rise * half, rise]
    pieces += [width / np.hypot(1, rise), count * np.hypot(1, rise)]
    return np.stack(pieces, axis=1)[good]


def join_pieces(pieces: np.ndarray, mask: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Lay pieces that go on in one another end to end; the longest gaps must be full of ink."""
    chains = [[row] for row in pieces[np.argsort(pieces[:, 0], kind="stable")]]
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


def describe(chain: list[np.ndarray]) -> tuple[float, ...]:
    """Left x, y, right x, y, the rise at the left and at the right, and the width of a chain."""
    rises = []
    for rows in (chain[:3], chain[-3:]):
        across = rows[-1][2] - rows[0][0]
        rises.append((rows[-1][3] - rows[0][1]) / across if len(rows) > 1 else rows[0][4])
    lengths = [row[6] for row in chain]
    width = float(np.average([row[5] for row in chain], weights=lengths))
    return (*chain[0][:2], *chain[-1][2:4], *rises, max(width, 0.5))


# --- which of them are printed ----------------------------------------------------------------


def find_form(mask: np.ndarray) -> Form:
    """The lines that no digit has, and the places for digits between them."""
    lines = find_straight(mask)
    if not lines:
        return NO_FORM
    frames = find_frames(mask, lines)
    found = set(find_long(mask, lines)).union(*(frame.sides for frame in frames))
    if not found:
        return NO_FORM
    # Of one form: the longest line says how it lies, the others are along it or across.
    way = lines[min(found)].way
    lies = [is_square(float(line.way @ way)) for line in lines]
    widths = np.array([line.width for line in lines])
    mean = np.average(widths[sorted(found)], weights=[lines[i].length for i in sorted(found)])
    # Two bars of sevens may go on in one another, but pens are rarely as wide as lines.
    short = FAR_BEYOND * max([frame.height for frame in frames], default=0)
    odd = np.abs(widths - mean) > (EVEN_WIDTHS - 1) * mean + 0.7
    printed = {i for i in found if lies[i] and not (odd[i] and lines[i].length < short)}
    ticks = find_ticks(lines, printed)
    printed |= ticks
    printed |= find_remains(lines, printed)
    lines = [lines[index] for index in sorted(printed)]
    return Form(lines, find_cells(lines))


def is_square(cosine: float) -> bool:
    """Whether two directions are parallel or at right angles, more or less."""
    return abs(cosine) >= SQUARE or abs(cosine) <= (1 - SQUARE**2) ** 0.5


def find_long(mask: np.ndarray, lines: list[Line]) -> list[int]:
    """Lines that run on beyond the digits."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    ways = [labels[sample(line, mask.shape)] for line in lines]
    large = stats[:, 3] >= LOWEST * stats[1:, 3].max(initial=0)
    large[0] = False
    found = []
    left_of: dict[tuple[int, ...], float] = {}  # heights of what is left without lines, by trial
    for index, line in enumerate(lines):
        if line.cover < SOLID_COVER or line.bend > 1 + BEND * line.length:
            continue
        rest = [i for i, other in enumerate(lines) if other.length >= 0.6 * line.length]
        covered = sum(np.bincount(ways[i], minlength=len(stats)) * lines[i].width for i in rest)
        own = np.unique(ways[index])
        others = large & (covered < COVERED * stats[:, 4])
        others[own] = False
        height = typical(stats[others, 3])
        if height:
            if line.length < BEYOND * height:
                break  # the others are shorter
        else:
            # Lines of one length that hang together leave the same ink, and are tried once.
            own = own[own > 0]
            trial = (len(rest), *own.tolist())
            if trial not in left_of and len(left_of) < TRIALS:
                is_own = np.zeros(len(stats), np.uint8)
                is_own[own] = 1
                left = is_own[labels] * (1 - draw(mask.shape, [lines[i] for i in rest]))
                # Lines that are close cut digits to pieces.
                kernel = np.ones((round(line.width) + 4,) * 2, np.uint8)
                left = cv2.morphologyEx(left, cv2.MORPH_CLOSE, kernel)
                left_of[trial] = typical(cv2.connectedComponentsWithStats(left)[2][1:, 3])
            height = left_of.get(trial, 0.0)
            if height < SLENDER * line.width or line.length < FAR_BEYOND * height:
                continue
        if line.width <= THICKEST * height:
            found.append(index)
    return found


def typical(heights: np.ndarray) -> float:
    """The height of digits, of heights of whatever there is; 0 if there is nothing."""
    tall = heights[heights >= 0.5 * heights.max(initial=0)]
    return float(np.median(tall)) if len(tall) else 0.0


def find_cells(lines: list[Line]) -> list[np.ndarray]:
    """The places between printed lines, row by row: (4, 2) corners each."""
    level = [line for line in lines if line.is_level]
    upright = [line for line in lines if not line.is_level]
    level.sort(key=lambda line: float(line.points[:, 1].mean()))
    upright.sort(key=lambda line: float(line.points[:, 0].mean()))
    if len(level) < 2 or len(upright) < 2:
        return []
    corners, meet = find_corners(level, upright, LOOSE)
    cells = []
    for one in range(len(level) - 1):
        sides = np.flatnonzero(meet[one])
        for left, right in zip(sides, sides[1:], strict=False):
            below = np.flatnonzero((meet[:, left] & meet[:, right])[one + 1 :])
            if len(below):
                other = one + 1 + below[0]
                cell = corners[[one, one, other, other], [left, right, left, right]]
                if np.ptp(cell, axis=0).min() >= SMALLEST_FRAME:
                    cells.append(cell)
    return cells


class Frame(NamedTuple):
    """Two lines that are level and two that are upright, around a place for a digit."""

    sides: frozenset[int]  # the indices of its lines
    corners: np.ndarray  # (4, 2) float64, top left, top right, bottom left, bottom right
    is_crossed: bool  # by another line

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
    """Whether there is ink in frames that is no line, or a line that hangs free: (n,) bool.

    Args:
        rest: (H + 1, W + 1) int32, the integral of ink without lines.
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
    """Of frames that overlap: those of which there are most of one size, else the larger ones.

    Strokes of a digit make frames with the lines beside them, too.
    """
    corners = np.array([frame.corners for frame in frames])
    crossed = np.array([frame.is_crossed for frame in frames])
    low, high = corners.min(axis=1), corners.max(axis=1)
    size, area = high - low, (high - low).prod(axis=1)
    alike = np.abs(np.log(size[:, None] / size[None])) <= np.log(SAME_SIZE)
    # Two lines between two boxes: from left to left is a frame as often as from right to right.
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
    """Where lines meet: (n, m, 2) points, and (n, m) bool, whether they do, at right angles."""
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
    """Whether the end of a line is on another one, at right angles to it."""
    if abs(float(line.way @ other.way)) > (1 - SQUARE**2) ** 0.5:
        return False
    apart = end - other.points[0]
    along = float(apart @ other.way)
    aside = abs(float(apart[0] * other.way[1] - apart[1] * other.way[0]))
    slack = (line.width + other.width) / 2 + line.room
    return aside <= slack and -slack <= along <= other.length + slack


def find_ticks(lines: list[Line], printed: set[int]) -> set[int]:
    """What stands on printed lines as long and as wide as what stands on their very ends."""
    ticks: set[int] = set()
    for base in (lines[index] for index in printed):
        feet: list[tuple[int, bool]] = []  # the tick, and whether it is at an end of the line
        for index, line in enumerate(lines):
            if index in printed or not 1 / ALIKE <= line.width / base.width <= ALIKE:
                continue
            for end in line.points[[0, -1]]:
                if ends_on(end, line, base):
                    away = np.linalg.norm(base.points[[0, -1]] - end, axis=1).min()
                    feet.append((index, bool(away <= base.width + 4)))
        lengths = [lines[index].length for index, is_last in feet if is_last]
        ticks.update(
            index
            for index, _ in feet
            if any(abs(lines[index].length / length - 1) <= 0.15 for length in lengths)
        )
    return ticks


def find_remains(lines: list[Line], printed: set[int]) -> set[int]:
    """Lines that are printed ones that go on, beyond what interrupts them."""
    remains = set()
    for index, line in enumerate(lines):
        for known in (lines[i] for i in printed if index not in printed):
            apart = line.points[[0, -1]] - known.points[0]
            aside = np.abs(apart @ (-known.way[1], known.way[0]))
            if (
                known.is_level == line.is_level
                and aside.max() <= 2.5
                and 1 / EVEN_WIDTHS <= line.width / known.width <= EVEN_WIDTHS
            ):
                remains.add(index)
    return remains


def is_framed(ink: np.ndarray, cells: list[np.ndarray]) -> bool:
    """Whether all ink that is no line stands in one cell, as high as a digit of it."""
    left, top, width, height = cv2.boundingRect(ink)
    for cell in cells:
        low, size = cell.min(axis=0), np.ptp(cell, axis=0)
        room = OVERHANG * size
        is_inside = (low - room <= (left, top)).all()
        is_inside &= ((left + width, top + height) <= low + size + room).all()
        if is_inside and height >= FILLING * size[1]:
            return True
    return False


# --- taking them out --------------------------------------------------------------------------


def draw(shape: tuple[int, ...], lines: list[Line], room: float = 1.0) -> np.ndarray:
    """Where lines are: (H, W) uint8, 1 in a band around each of them."""
    band = np.zeros(shape, np.uint8)
    for line in lines:
        points = np.rint(line.points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(band, [points], False, 1, round(line.width + 2 * room), shift=4)
    return band


def erase(ink: np.ndarray, contrast: np.ndarray, form: Form) -> np.ndarray:
    """Take lines out of ink, and join what they cut, but not two digits in two boxes."""
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
    """Where ink in a band around lines is stronger than they are, (H, W) bool: what crosses."""
    limit = np.zeros(ink.shape, np.float32)
    for line in lines:
        level = STRONGER * float(np.median(contrast[sample(line, ink.shape)]))
        points = np.rint(prolong(line).points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(limit, [points], False, level, round(line.width + 3), shift=4)
    strong = (contrast > limit) & (ink >= FAINT)
    # What is strong by itself is a fleck on the line.
    _, labels = cv2.connectedComponents(strong.astype(np.uint8))
    is_stroke = np.zeros(labels.max() + 1, bool)
    is_stroke[labels[band == 0]] = True
    is_stroke[0] = False
    return is_stroke[labels]


def find_bridges(left: np.ndarray, mended: np.ndarray) -> np.ndarray:
    """Where ink is left between two pieces that are each as large as a digit: (H, W) bool."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((left >= FAINT).astype(np.uint8))
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
    """A line that reaches into the corners of its form."""
    start, end = line.points[[0, -1]]
    way = line.way * (line.width + 2)
    return replace(line, points=np.concatenate([[start - way], line.points, [end + way]]))


# --- how the sheet lies -----------------------------------------------------------------------


def find_level(shape: tuple[int, ...], lines: list[Line]) -> np.ndarray | None:
    """The (3, 3) matrix from a picture in which the lines are level and upright to one of this
    shape as it is; None if they are so already."""
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
    """How steep lines are, and by how much more for each px along an axis."""
    if not lines:
        return None
    ways = np.array([line.way[axis] / line.way[1 - axis] for line in lines])
    lengths = np.array([line.length for line in lines])
    places = np.array([line.points[[0, -1], axis].mean() for line in lines])
    mean = float(np.average(places, weights=lengths))
    steep = float(np.average(ways, weights=lengths))
    spread = float(np.average((places - mean) ** 2, weights=lengths))
    change = float(np.average((places - mean) * (ways - steep), weights=lengths))
    # A few short lines say little about it.
    change /= spread + (lengths.max() / 4) ** 2
    return steep - change * mean, change


def move_cells(cells: list[np.ndarray], move: np.ndarray) -> list[np.ndarray]:
    """Cells, moved by a (3, 3) matrix."""
    return [cv2.perspectiveTransform(cell[None], move)[0] for cell in cells]
