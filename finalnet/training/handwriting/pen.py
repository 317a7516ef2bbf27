"""A pen and a hand: curves, and how the same drawing differs from hand to hand.

Drawings are lists of strokes in a frame 1 high, y pointing down.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finalnet.preprocessing import preprocess
from finalnet.strokes import draw_strokes

CANVAS = 120  # px, side of the pad on which a generated drawing is rendered
MIN_PEN, MAX_PEN = 0.03, 0.25  # of the longer side of the pen's way

Points = NDArray[np.float64]  # (n, 2)
Point = Any  # one (x, y): a tuple or an array
Random = np.random.Generator


def draw_varied(strokes: list[Points], random: Random) -> np.ndarray:
    """A network input, (28, 28) uint8, of the strokes as another hand and pen would draw them."""
    pen = math.exp(random.uniform(math.log(MIN_PEN), math.log(MAX_PEN)))
    return preprocess(draw_strokes(vary(strokes, random), pen, CANVAS))


# --- one hand's variation of any drawing -----------------------------------------------------


def vary(strokes: list[Points], random: Random) -> list[Points]:
    """Bend, slant, stretch and shake strokes as another hand would."""
    amplitude = random.uniform(0, 0.05, 2)
    frequency = random.normal(0, 4, (2, 2))
    phase = random.uniform(0, 2 * np.pi, 2)
    slant, turn = random.normal(0.08, 0.2), math.radians(random.normal(0, 5))
    stretch = math.exp(random.normal(0, 0.22))
    matrix = np.array([[stretch, 0], [-slant, 1]]) @ [
        [math.cos(turn), math.sin(turn)],
        [-math.sin(turn), math.cos(turn)],
    ]
    tremor = random.uniform(0, 0.012)
    coarse = random.random() < 0.3
    varied = []
    for points in strokes:
        points = points + amplitude * np.sin(points @ frequency + phase)
        points = _with_hooks(points, random)
        points = points + _smooth_noise(len(points), tremor, random)
        if coarse:  # a slow digitiser keeps few points
            points = points[
                np.linspace(0, len(points) - 1, min(len(points), max(10, len(points) // 4))).astype(
                    int
                )
            ]
        varied.append(points @ matrix)
    return varied


def _smooth_noise(count: int, scale: float, random: Random) -> Points:
    noise = random.normal(0, scale, (count + 4, 2))
    return np.sum([noise[i : i + count] for i in range(5)], axis=0) / math.sqrt(5)


def _with_hooks(points: Points, random: Random) -> Points:
    """Small ticks where the pen lands and leaves."""
    start, end = map(int, random.random(2) < 0.1)
    tick = random.normal(0, 0.05, (2, 2))
    return np.concatenate(
        [points[:1] + tick[:1]] * start + [points] + [points[-1:] + tick[1:]] * end
    )


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
    """One of the names, as often as its share says; the shares sum to 1."""
    return str(random.choice(list(shares), p=list(shares.values())))
