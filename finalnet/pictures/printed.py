"""Erases the printed lines of forms, tables and ruled paper and mends the strokes they crossed.

    ink -> runs across a line -> straight pieces -> lines -> printed lines -> ink without them

Strokes of digits can be straight, too. A line counts as printed if it runs on beyond the digits,
if it encloses them, or if it stands between such lines. A 1, the bar of a 7 and a minus do none of
these.

"Level" means closer to horizontal, "upright" closer to vertical.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np

from finalnet.pictures.displays import redraw_segments

FAINT = 40  # least ink of a pixel that may belong to a line
# Lengths in px refer to pictures of at most `WORKING_SIZE`.
WIDEST = 0.012  # largest width of a printed line, of the longer side ...
WIDEST_LEAST = 6  # ... or this, if it is more
CHUNK = 64  # longest piece; lines bend with the paper and the lens
SHORTEST = 6  # shortest piece
STEEPEST = 0.6  # largest slope of a level line; upright ones are found in the transposed picture
UNEVEN = 0.8  # largest standard deviation of a piece from a straight line
GAPS = (4.0, 16.0, 40.0, 120.0)  # between pieces of a line, tried in order: crossings, strokes
FULL = 0.9  # least share of ink in a gap of the longest kind
LOOSE = 8  # px of extra tolerance where printed lines meet
CORNER = 3  # px that a line may end short of another one
REACH = 25  # px by which a line may be extended through ink
MAX_PIECES = 400  # the longest are kept
MAX_LINES = 150
MAX_FRAMES = 1_000
LEAST, LEAN = 10, 3  # shortest line, in px and in its widths
MAX_RUNS = 150_000  # only noise has more
FEWEST_DOTS = 8
LONGEST_DASH = 24  # px
DOT_GAP = 13  # px, between the dots of a dotted line
BEYOND = 1.6  # in digit heights: length from which a single line is printed
FAR_BEYOND = 2.5  # the same if the digits touch lines, so that only their remains have a height
SLENDER = 10  # in line widths: least height of a digit that touches a line
THICKEST = 0.3  # of the digits' height: largest width of a line
COVERED = 0.85  # least share of a component on long lines that shows it is not a digit
LOWEST = 0.25  # of the tallest component; lower ones do not count for the digits' height
SOLID_COVER = 0.8  # least share of ink along a long line
INSIDE = 0.2  # of a frame's height: least length of ink in it
OVERHANG = 0.15  # of a frame's sides: how far its digit may stick out
FILLING = 0.35  # of a frame's height: least height of its digit
SQUARE = 0.98  # least sine of a right angle: up to 11 degrees off
HALF = 0.5  # of the digits' height: pieces this tall on both sides of a line are two digits
STRONGER = 1.4  # times the contrast of a line: ink that belongs to a stroke
BEND = 0.005  # of a long line's length: largest deviation from straight
TRIALS = 6  # line lengths to try if all ink is connected
LEVEL_ENOUGH = 0.01  # of the longer side: corner shift below which a sheet counts as level
SMALLEST_FRAME = 8  # px
ROOMY = 8  # in line widths: least shorter side of a frame; the loop of a 6 is smaller
SAME_SIZE = 1.15  # largest factor between the sides of frames of one size
EVEN_WIDTHS = 1.3  # largest factor between line widths of one frame, plus 0.5 px
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


class Form(NamedTuple):
    """The printed lines around digits, or a display."""

    lines: list[Line]
    cells: list[np.ndarray]  # (4, 2) float64 each: top left, top right, bottom left, bottom right
    is_display: bool = False  # a seven-segment display instead of lines


NO_FORM, DISPLAY = Form([], []), Form([], [], True)


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


# --- straight lines ---------------------------------------------------------------------------


def find_straight(mask: np.ndarray) -> list[Line]:
    """All straight, narrow lines of constant width, solid or dotted, longest first."""
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
    """Rows and columns of the pixels along a line, one per px of its length."""
    ways = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line.points, axis=0).T))])
    steps = np.arange(0, ways[-1] + 1)
    return at(np.stack([np.interp(steps, ways, line.points[:, i]) for i in (0, 1)], 1), shape)


def trace(mask: np.ndarray, widest: int) -> list[tuple[np.ndarray, float]]:
    """Trace level lines: their points from left to right, and their widths."""
    edges = np.diff(np.pad(mask.T, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    columns, starts = np.nonzero(edges == 1)
    lengths = np.nonzero(edges == -1)[1] - starts
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
    """Left x, y, right x, y, slope at the left and at the right, and width of a chain."""
    rises = []
    for rows in (chain[:3], chain[-3:]):
        across = rows[-1][2] - rows[0][0]
        rises.append((rows[-1][3] - rows[0][1]) / across if len(rows) > 1 else rows[0][4])
    lengths = [row[6] for row in chain]
    width = float(np.average([row[5] for row in chain], weights=lengths))
    return (*chain[0][:2], *chain[-1][2:4], *rises, max(width, 0.5))


# --- which of them are printed ----------------------------------------------------------------


def find_form(mask: np.ndarray) -> Form:
    """Find the printed lines and the cells between them.

    Args:
        mask: (H, W) uint8, 0 or 1.
    """
    lines = find_straight(mask)
    if not lines:
        return NO_FORM
    frames = find_frames(mask, lines)
    found = set(find_long(mask, lines)).union(*(frame.sides for frame in frames))
    if not found:
        return NO_FORM
    # The longest line gives the direction of the form; the others are parallel or at right angles.
    way = lines[min(found)].way
    lies = [is_square(float(line.way @ way)) for line in lines]
    widths = np.array([line.width for line in lines])
    mean = np.average(widths[sorted(found)], weights=[lines[i].length for i in sorted(found)])
    # The bars of two sevens may continue one another, but a pen rarely has the width of a line.
    short = FAR_BEYOND * max([frame.height for frame in frames], default=0)
    odd = np.abs(widths - mean) > (EVEN_WIDTHS - 1) * mean + 0.7
    printed = {i for i in found if lies[i] and not (odd[i] and lines[i].length < short)}
    ticks = find_ticks(lines, printed)
    printed |= ticks
    printed |= find_remains(lines, printed)
    lines = [lines[index] for index in sorted(printed)]
    return Form(lines, find_cells(lines))


def is_square(cosine: float) -> bool:
    """Whether two directions are roughly parallel or at right angles."""
    return abs(cosine) >= SQUARE or abs(cosine) <= (1 - SQUARE**2) ** 0.5


def find_long(mask: np.ndarray, lines: list[Line]) -> list[int]:
    """The indices of lines that run on beyond the digits."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    ways = [labels[sample(line, mask.shape)] for line in lines]
    large = stats[:, 3] >= LOWEST * stats[1:, 3].max(initial=0)
    large[0] = False
    found = []
    left_of: dict[tuple[int, ...], float] = {}  # height of the ink without lines, by trial
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
            # Connected lines of one length leave the same ink, so try them only once.
            own = own[own > 0]
            trial = (len(rest), *own.tolist())
            if trial not in left_of and len(left_of) < TRIALS:
                is_own = np.zeros(len(stats), np.uint8)
                is_own[own] = 1
                left = is_own[labels] * (1 - draw(mask.shape, [lines[i] for i in rest]))
                # Closely spaced lines cut digits into pieces; join them.
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
    """The median height, ignoring anything below half the tallest; 0 if there is nothing."""
    tall = heights[heights >= 0.5 * heights.max(initial=0)]
    return float(np.median(tall)) if len(tall) else 0.0


def find_cells(lines: list[Line]) -> list[np.ndarray]:
    """The cells between printed lines, row by row: (4, 2) corners each, as in `Form`."""
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


def find_ticks(lines: list[Line], printed: set[int]) -> set[int]:
    """Tick marks on printed lines: as long and wide as the marks at the lines' very ends."""
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
    """Continuations of printed lines beyond an interruption."""
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
    """Whether all ink lies in one cell and is as tall as a digit in it.

    Args:
        ink: (H, W) uint8, without the printed lines.
    """
    left, top, width, height = cv2.boundingRect(ink)
    for cell in cells:
        low, size = cell.min(axis=0), np.ptp(cell, axis=0)
        room = OVERHANG * size
        is_inside = (low - room <= (left, top)).all()
        is_inside &= ((left + width, top + height) <= low + size + room).all()
        if is_inside and height >= FILLING * size[1]:
            return True
    return False


# --- erasing them -----------------------------------------------------------------------------


def draw(shape: tuple[int, ...], lines: list[Line], room: float = 1.0) -> np.ndarray:
    """A mask of lines: (H, W) uint8, 1 in a band around each, `room` px wider on both sides."""
    band = np.zeros(shape, np.uint8)
    for line in lines:
        points = np.rint(line.points * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(band, [points], False, 1, round(line.width + 2 * room), shift=4)
    return band


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
    is_stroke[labels[band == 0]] = True
    is_stroke[0] = False
    return is_stroke[labels]


def find_bridges(left: np.ndarray, mended: np.ndarray) -> np.ndarray:
    """Where mended ink connects two pieces that are each as tall as a digit: (H, W) bool."""
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
    """Extend a line into the corners of its form."""
    start, end = line.points[[0, -1]]
    way = line.way * (line.width + 2)
    return replace(line, points=np.concatenate([[start - way], line.points, [end + way]]))


# --- levelling --------------------------------------------------------------------------------


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
