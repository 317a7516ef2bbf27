"""Drawings that are not digits: letters, signs, doodles, scribbles, mirrored or touching digits."""

import math

import numpy as np

from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.pen import Points, Random, curve, vary

# "/" separates strokes, a space separates points, "*" marks a corner. The frame is 10 high, y down.
# Omits what people also read as a digit: B, D, G, I, O, Q, S, Y, Z, b, g, i, j, l, o, q, s,
# y, z, the square, the question mark and the greater-than sign.
SHAPES = {
    "A": "-3,10 0,0* 3,10 / -2,6 2,6",
    "C": "3,2 0,0 -3,5 0,10 3,8",
    "E": "3,0 -3,0* -3,10* 3,10 / -3,5 2,5",
    "E round": "3,1 0,0 -2,2 0,5* -3,7 0,10 3,9",
    "F": "3,0 -3,0* -3,10 / -3,5 2,5",
    "H": "-3,0 -3,10 / 3,0 3,10 / -3,5 3,5",
    "K": "-3,0 -3,10 / 3,0 -3,5* 3,10",
    "L": "-3,0 -3,10* 3,10",
    "M": "-4,10 -3,0* 0,6* 3,0* 4,10",
    "N": "-3,10 -3,0* 3,10* 3,0",
    "P": "-3,10 -3,0* 1,0 3,3 1,5 -3,5",
    "R": "-3,10 -3,0* 1,0 3,2.5 1,5 -3,5* 3,10",
    "T": "-4,0 4,0 / 0,0 0,10",
    "U": "-3,0 -3,6 0,10 3,6 3,0",
    "V": "-3,0 0,10* 3,0",
    "W": "-4,0 -2,10* 0,4* 2,10* 4,0",
    "X": "-3,0 3,10 / 3,0 -3,10",
    "a": "3,2 0,0 -4,5 -1,10 3,5 4,0* 4,8 6,10",
    "a printed": "-3,2 0,0 3,3 3,10* 3,5 0,4 -3,7 0,10 3,8",
    "c": "3,2 0,0 -4,5 0,10 4,8",
    "d": "3,6 0,4 -3,7 0,10 3,8 3,0* 3,10",
    "e": "-4,5 1,5 4,3 1,0 -3,2 -4,6 -1,10 4,8",
    "f": "3,1 1,0 0,3 0,10 / -2,4 3,4",
    "f looped": "-3,6 2,2 1,0 0,3 0,10 / -2,5 3,4",
    "h": "-3,0 -3,10* -3,7 0,4 3,6 3,10",
    "k": "-3,0 -3,10 / 2,3 -3,7* 3,10",
    "m": "-6,0 -6,10* -6,3 -3,0 -1,4 -1,10* -1,3 2,0 5,4 5,10",
    "n": "-4,0 -4,10* -4,4 0,0 4,4 4,10",
    "p": "-3,0 -3,10* -3,2 0,0 3,2.5 0,5 -3,4",
    "r": "-3,0 -3,10* -3,5 0,1 4,0",
    "r cursive": "-4,8 -2,0* 1,2 4,1 3,8 5,10",
    "t": "0,0 0,8 1.5,10 3,9 / -3,3 4,3",
    "t plain": "0,0 0,10 / -4,3 4,3",
    "u": "-4,0 -4,6 -1,10 3,6 4,0* 4,10",
    "v": "-4,0 0,10* 5,0",
    "w": "-6,0 -4,9 -1,9 0,2 1,9 4,9 6,0",
    "x": "-4,0 -1,3 1,7 4,10 / 4,0 -4,10",
    "x curved": "-4,0 0,5 -4,10 / 4,0 0,5 4,10",
    "alpha": "4,0 0,8 -4,8 -4,2 0,2 4,10",
    "pi": "-4,1 4,0 / -2,1 -2,10 / 2,1 2,8 4,10",
    "omega": "-4,10 -2,10* -4,5 0,0 4,5 2,10* 4,10",
    "plus": "0,0 0,10 / -5,5 5,5",
    "equals": "-5,3 5,3 / -5,7 5,7",
    "less": "4,0 -4,5* 4,10",
    "hash": "-2,0 -3,10 / 3,0 2,10 / -5,3 5,3 / -5,7 5,7",
    "asterisk": "0,0 0,10 / -4,2 4,8 / 4,2 -4,8",
    "percent": "4,0 -4,10 / -3,0 -5,2 -3,4 -1,2 -3,0 / 3,6 1,8 3,10 5,8 3,6",
    "ampersand": "5,10 -3,3 -1,0 1,2 -4,7 -1,10 5,5",
    "at": "2,4 0,3 -2,5 0,7 2,5 2,4* 3,7 5,5 4,1 0,0 -5,3 -5,8 0,10 4,9",
    "tilde": "-6,6 -3,2 0,5 3,8 6,4",
    "check": "-4,6 -1,10* 5,0",
    "arrow": "-6,5 6,5 / 2,1 6,5* 2,9",
    "arrow up": "0,10 0,0 / -3,4 0,0* 3,4",
    "triangle": "0,0 -5,10* 5,10* 0,0",
    "heart": "0,10 -5,4 -3,0 0,3* 3,0 5,4 0,10",
    "star": "-3,10 0,0* 3,10* -5,4* 5,4* -3,10",
    "house": "-4,10 -4,4* 0,0* 4,4* 4,10* -4,10",
    "smile": "0,0 -5,2 -5,8 0,10 5,8 5,2 0,0 / -2,3 -2,4 / 2,3 2,4 / -3,6 0,8 3,6",
    "wave": "-8,5 -6,2 -4,5 -2,8 0,5 2,2 4,5 6,8 8,5",
}  # fmt: skip
MIRRORABLE = (3, 4, 7)  # a mirrored 2 is a 5 to many, a mirrored 6 or 9 a letter


def shape(r: Random) -> list[Points]:
    """A letter, sign or doodle with every point moved a little."""
    text = SHAPES[r.choice(list(SHAPES))]
    wobble = r.uniform(0.01, 0.07)
    strokes = []
    for stroke in text.split("/"):
        points = []
        for point in stroke.split():
            place = np.array([float(c) for c in point.rstrip("*").split(",")]) / 10
            place += r.normal(0, wobble, 2)
            points += [place] * (2 if point.endswith("*") else 1)
        strokes.append(curve(*points))
    return strokes


def scribble(r: Random) -> list[Points]:
    """A wild curve through random points."""
    return [curve(*r.uniform(0, 1, (r.integers(6, 26), 2)))]


def zigzag(r: Random) -> list[Points]:
    count = r.integers(4, 14)
    y = np.linspace(0, 1, count) + r.normal(0, 0.04, count)
    x = np.where(np.arange(count) % 2, 1, 0) * r.uniform(0.4, 1.2) + r.normal(0, 0.06, count)
    places = np.stack([x, y], axis=1) if r.random() < 0.5 else np.stack([y, x], axis=1)
    return [curve(*places)] if r.random() < 0.5 else [curve(*np.repeat(places, 2, axis=0))]


def spiral(r: Random) -> list[Points]:
    angle = np.linspace(0, 2 * np.pi * r.uniform(2.2, 5), 80) * r.choice([-1, 1])
    radius = np.linspace(0, 0.5, 80)
    return [np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)]


def lines(r: Random) -> list[Points]:
    """A few random straight strokes, or hatching."""
    if r.random() < 0.5:
        return [curve(*r.uniform(0, 1, (2, 2))) for _ in range(r.integers(3, 8))]
    x = np.linspace(0, 1, r.integers(4, 9))
    slant = r.uniform(-0.4, 0.4)
    return [curve((a, 0), (a + slant, 1)) for a in x + r.normal(0, 0.03, len(x))]


def pair(r: Random) -> list[Points]:
    """Two digits that touch."""
    left, right = (vary(DIGITS[r.integers(10)](r), r) for _ in range(2))
    edge = max(stroke[:, 0].max() for stroke in left)
    start = min(stroke[:, 0].min() for stroke in right)
    shift = (edge - start - r.uniform(-0.15, 0.1), r.normal(0, 0.08))
    return left + [stroke + shift for stroke in right]


def mirrored(r: Random) -> list[Points]:
    """A mirrored digit, sometimes also upside down."""
    turned = math.copysign(1, r.random() - 0.3)
    return [stroke * (-1, turned) for stroke in DIGITS[r.choice(MIRRORABLE)](r)]


# --- kinds that no training uses, to measure with --------------------------------------------


def harmonics(r: Random) -> list[Points]:
    """A sum of a few sines in x and y, like a child's scribble."""
    t = np.linspace(0, 2 * np.pi, 120)[:, None, None]
    waves = r.normal(0, 1, (2, 5)) * np.sin(t * np.arange(1, 6) + r.uniform(0, 2 * np.pi, (2, 5)))
    return [0.2 * waves.sum(axis=2)]


def polygon(r: Random) -> list[Points]:
    """A closed shape with random corners."""
    corners = r.uniform(0, 1, (r.integers(5, 9), 2))
    return [curve(*np.repeat(np.concatenate([corners, corners[:1]]), 2, axis=0))]


def flower(r: Random) -> list[Points]:
    angle = np.linspace(0, 2 * np.pi, 150)
    radius = 0.5 * (1 + r.uniform(0.4, 0.9) * np.cos(r.integers(4, 9) * angle)) / 2
    return [np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)]


def grid(r: Random) -> list[Points]:
    places = np.linspace(0, 1, r.integers(3, 5))
    return [curve((p, 0), (p, 1)) for p in places] + [curve((0, p), (1, p)) for p in places]


def dashes(r: Random) -> list[Points]:
    """Many short random strokes."""
    starts = r.uniform(0, 1, (r.integers(5, 15), 2))
    return [curve(start, start + r.normal(0, 0.12, 2)) for start in starts]


def walk(r: Random) -> list[Points]:
    """A random walk that turns at every step."""
    heading = np.cumsum(r.normal(0, 0.9, 60))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    return [0.08 * np.cumsum(steps, axis=0)]


OTHERS = [shape, scribble, zigzag, spiral, lines, pair, mirrored]
OTHERS_SHARES = [0.56, 0.12, 0.05, 0.04, 0.05, 0.12, 0.06]
UNSEEN = [harmonics, polygon, flower, grid, dashes, walk]
