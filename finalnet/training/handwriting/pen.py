"""Curves, and how a drawing varies with hand, pen and digitiser.

Drawings are lists of strokes in a frame 1 high, y pointing down.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finalnet.preprocessing import preprocess
from finalnet.strokes import draw_strokes

CANVAS = 120  # px, side of the pad on which a generated drawing is rendered
MIN_PEN, MAX_PEN = 0.03, 0.25  # of the longer side of the strokes
STEP = 0.02  # between points of a stroke, until a digitiser drops some
FAITHFUL = 0.5  # share of people's drawings that keep their own hand
OWN_LEAN = 0.5  # how much these lean, compared with another hand
NEAR = 0.45  # longest gap between strokes that an unlifted pen joins

Points = NDArray[np.float64]  # (n, 2)
Point = Any  # one (x, y): a tuple or an array
Random = np.random.Generator


def draw_varied(strokes: list[Points], random: Random) -> np.ndarray:
    """The network input, (28, 28) uint8, of strokes as another hand and pen would draw them."""
    return draw(vary(strokes, random), random)


def draw_again(strokes: list[Points], random: Random) -> np.ndarray:
    """The same for a person's strokes in any unit; half of them keep their own hand."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    framed = [(stroke - low) / max(extent.max(), 1e-6) for stroke in strokes]
    if random.random() < FAITHFUL:
        return draw(lean(framed, random, OWN_LEAN), random)
    return draw_varied(framed, random)


def draw(strokes: list[Points], random: Random) -> np.ndarray:
    """The network input, (28, 28) uint8, of strokes drawn with a random pen."""
    pen = math.exp(random.uniform(math.log(MIN_PEN), math.log(MAX_PEN)))
    return preprocess(draw_strokes(strokes, pen, CANVAS))


# --- variations of a drawing -----------------------------------------------------------------


def vary(strokes: list[Points], random: Random) -> list[Points]:
    """Draw strokes as another hand, another pen and another digitiser would.

    Varies more than any one group of people, to cover hands that nobody has thought of.
    """
    care = random.uniform(0, 1)  # of the hand: 0 is the most careful one
    strokes = [resample(stroke, STEP) for stroke in strokes]
    strokes = [strokes[0], *(misplace(stroke, care, random) for stroke in strokes[1:])]
    strokes = [finish(stroke, care, random) for stroke in strokes]
    if random.random() < 0.06:
        strokes = join_strokes(strokes)
    if random.random() < 0.05:
        strokes = lift_pen(strokes, random)
    amplitude = random.uniform(0, 0.08, 2)
    frequency = random.normal(0, 4, (2, 2))
    phase = random.uniform(0, 2 * np.pi, 2)
    strokes = [s + amplitude * np.sin(s @ frequency + phase) for s in strokes]
    return lean(digitise(strokes, random), random)


def lean(strokes: list[Points], random: Random, breadth: float = 1) -> list[Points]:
    """Give strokes a hand's slant and proportions, and turn the paper."""
    slant, turn = random.normal(0.08, 0.2), math.radians(random.normal(0, 5))
    slant, turn = breadth * slant, breadth * turn
    stretch = math.exp(breadth * random.normal(0, 0.22))
    matrix = np.array([[stretch, 0], [-slant, 1]]) @ rotation(turn)
    return [stroke @ matrix for stroke in strokes]


def misplace(stroke: Points, care: float, random: Random) -> Points:
    """Move, scale and turn a stroke, as happens to strokes after the first."""
    middle = (stroke.min(axis=0) + stroke.max(axis=0)) / 2
    turn = math.radians(random.normal(0, 14 * care))
    size = math.exp(random.normal(0, 0.26 * care))
    return (stroke - middle) @ rotation(turn) * size + middle + random.normal(0, 0.08 * care, 2)


def finish(stroke: Points, care: float, random: Random) -> Points:
    """Lengthen, shorten or curl both ends of a stroke."""
    for _ in range(2):  # one end, then, turned round, the other
        change = random.normal(0, 0.04 * care)
        if random.random() < 0.06:
            stroke = np.concatenate([stroke, curl(stroke, random)])
        elif change > 0:
            stroke = np.concatenate([stroke, stroke[-1:] + heading(stroke) * change])
        elif len(stroke) > 12:
            stroke = stroke[: max(len(stroke) * 2 // 3, len(stroke) + round(change / STEP))]
        stroke = stroke[::-1]
    return stroke


def curl(stroke: Points, random: Random) -> Points:
    """A small hook or curl at the end of a stroke, to either side."""
    radius, turn = random.uniform(0.02, 0.09), math.radians(random.uniform(60, 260))
    side = random.choice([-1, 1])
    ahead = heading(stroke)
    center = stroke[-1] + side * radius * ahead[::-1] * (-1, 1)
    turns = np.linspace(0, side * turn, 12)[1:]
    spoke = stroke[-1] - center
    return np.array([center + spoke @ rotation(angle) for angle in turns])


def join_strokes(strokes: list[Points]) -> list[Points]:
    """Join strokes where the next one begins near the end of the last."""
    joined = strokes[:1]
    for stroke in strokes[1:]:
        if np.linalg.norm(stroke[0] - joined[-1][-1]) < NEAR:
            joined[-1] = np.concatenate([joined[-1], stroke])
        else:
            joined.append(stroke)
    return joined


def lift_pen(strokes: list[Points], random: Random) -> list[Points]:
    """Lift the pen within a stroke, and put it down a little further on."""
    longest = max(range(len(strokes)), key=lambda index: len(strokes[index]))
    stroke = strokes[longest]
    if len(stroke) < 24:
        return strokes
    end = random.integers(8, len(stroke) - 8)
    start = min(end + random.integers(0, 4), len(stroke) - 2)
    halves = [stroke[:end], stroke[start:] + random.normal(0, 0.02, 2)]
    return [*strokes[:longest], *halves, *strokes[longest + 1 :]]


def digitise(strokes: list[Points], random: Random) -> list[Points]:
    """Keep what a digitiser would: shaken, smoothed, few points, or points of a grid."""
    tremor, wobble = random.uniform(0, 0.012), random.uniform(0, 0.02) * (random.random() < 0.1)
    window = int(random.integers(3, 8)) if random.random() < 0.1 else 1
    few = random.uniform(2, 6) if random.random() < 0.3 else 1
    grid = random.uniform(0.01, 0.04) if random.random() < 0.05 else 0
    digitised = []
    for stroke in strokes:
        stroke = stroke + smooth_noise(len(stroke), 5, tremor, random)
        stroke = stroke + smooth_noise(len(stroke), 15, wobble, random)
        stroke = smooth(stroke, window)
        count = min(len(stroke), max(4, round(len(stroke) / few)))
        stroke = stroke[np.linspace(0, len(stroke) - 1, count).astype(int)]
        digitised.append(np.round(stroke / grid) * grid if grid else stroke)
    return digitised


def smooth_noise(count: int, window: int, scale: float, random: Random) -> Points:
    """Noise with standard deviation `scale` that changes over about `window` points: (count, 2)."""
    noise = random.normal(0, scale, (count + window - 1, 2))
    return smooth(noise, window, "valid") * math.sqrt(window)


def smooth(points: Points, window: int, mode: str = "nearest") -> Points:
    """The moving mean over `window` points; "valid" omits the ends, which have fewer."""
    if window == 1:
        return points
    if mode == "nearest":
        before, after = (window - 1) // 2, window // 2
        points = np.concatenate([points[:1]] * before + [points] + [points[-1:]] * after)
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), points]), axis=0)
    return (sums[window:] - sums[:-window]) / window


def resample(stroke: Points, step: float) -> Points:
    """Points at even steps along a stroke, including its ends."""
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    way = np.concatenate([[0], np.cumsum(steps)])
    places = np.linspace(0, way[-1], max(2, math.ceil(way[-1] / step) + 1))
    return np.stack([np.interp(places, way, stroke[:, axis]) for axis in (0, 1)], axis=1)


def heading(stroke: Points) -> Points:
    """The direction at the end of a stroke, (2,) of length 1; to the right if it has none."""
    way = stroke[-1] - stroke[max(-4, -len(stroke))]
    length = np.linalg.norm(way)
    return way / length if length > 0 else np.array([1.0, 0.0])


def rotation(angle: float) -> Points:
    """The (2, 2) matrix that turns row vectors by an angle in radians."""
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


# --- curves ----------------------------------------------------------------------------------


def curve(*points: Point) -> Points:
    """A smooth curve through points (Catmull-Rom); a point given twice is a corner."""
    knots = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = []
    for p0, p1, p2, p3 in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        if np.array_equal(p1, p2):
            continue
        pieces.append(
            p1
            + 0.5 * t * (p2 - p0)
            + 0.5 * t**2 * (2 * p0 - 5 * p1 + 4 * p2 - p3)
            + 0.5 * t**3 * (3 * p1 - p0 - 3 * p2 + p3)
        )
    return np.concatenate([*pieces, knots[-1:]])


def arc(center: Point, radii: Point, start: float, end: float, grow: float = 0) -> Points:
    """Part of an ellipse; degrees, 0 right, 90 down; `grow` is its spiral, a share of the radii."""
    angles = np.radians(np.linspace(start, end, max(4, int(abs(end - start) / 12))))
    spiral = np.linspace(1 - grow / 2, 1 + grow / 2, len(angles))
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * spiral[:, None]
    return circle * radii + center


def line(*points: Point) -> Points:
    """Straight pieces between points."""
    corners = np.array(points, dtype=np.float64)
    return np.concatenate(
        [np.linspace(a, b, 8, endpoint=False) for a, b in zip(corners, corners[1:], strict=False)]
        + [corners[-1:]]
    )


def join(*pieces: Points) -> Points:
    return np.concatenate(pieces)


def pick(random: Random, **shares: float) -> str:
    """Pick a name with the probability that is its share; the shares sum to 1."""
    return str(random.choice(list(shares), p=list(shares.values())))
