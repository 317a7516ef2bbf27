"""Hand-drawn digits in common styles of writing, as strokes in a 100x100 box."""

import math

Point = tuple[float, float]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points on an ellipse; angles in degrees, 0 to the right, 90 down."""
    steps = max(2, int(abs(end - start) / 20))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]


OVAL = arc(50, 50, 26, 40, -90, 270)
SEVEN = [(25, 14), (76, 14), (62, 40), (52, 65), (46, 90)]

# name -> (digit, strokes)
DRAWINGS: dict[str, tuple[int, list[list[Point]]]] = {
    "0 oval": (0, [OVAL]),
    "0 round": (0, [arc(50, 50, 38, 40, -90, 275)]),
    "0 narrow, leaning": (0, [[(x + (50 - y) * 0.2, y) for x, y in arc(50, 50, 18, 40, -80, 280)]]),
    "0 slashed": (0, [OVAL, [(66, 24), (34, 76)]]),
    "0 open at the top": (0, [arc(50, 50, 28, 40, -75, 255)]),
    "1 bar": (1, [[(50, 10), (50, 90)]]),
    "1 leaning": (1, [[(60, 10), (42, 90)]]),
    "1 flag": (1, [[(36, 28), (53, 10), (53, 90)]]),
    "1 flag and base": (1, [[(36, 27), (52, 10), (52, 88)], [(34, 89), (70, 89)]]),
    "2 plain": (2, [arc(50, 33, 24, 22, 190, 380) + [(62, 58), (26, 88), (78, 88)]]),
    "2 looped": (
        2,
        [
            arc(50, 30, 22, 20, 190, 380)
            + [(60, 58), (40, 80), (28, 84), (24, 76), (34, 72), (50, 82), (64, 88), (80, 82)]
        ],
    ),
    "3 round": (3, [arc(47, 31, 23, 20, -155, 75) + arc(47, 69, 27, 21, -75, 155)]),
    "3 flat top": (3, [[(27, 12), (72, 12), (46, 42)] + arc(47, 66, 27, 24, -80, 150)]),
    "4 open": (4, [[(36, 10), (26, 55), (78, 55)], [(64, 30), (62, 92)]]),
    "4 closed": (4, [[(60, 90), (60, 10), (20, 64), (82, 64)]]),
    "4 open, square": (4, [[(26, 12), (26, 50), (72, 50)], [(72, 12), (72, 90)]]),
    "5 two strokes": (
        5,
        [[(34, 13), (31, 47)] + arc(46, 65, 26, 24, -125, 140), [(34, 13), (74, 12)]],
    ),
    "5 one stroke": (5, [[(74, 12), (35, 12), (31, 46)] + arc(46, 65, 26, 24, -125, 140)]),
    "6 curved": (6, [[(64, 10), (46, 26), (34, 48)] + arc(50, 67, 20, 22, 170, -190)]),
    "6 straight": (6, [[(56, 8), (32, 58)] + arc(50, 68, 20, 20, 190, -160)]),
    "7 plain": (7, [SEVEN]),
    "7 crossed": (7, [SEVEN, [(38, 52), (74, 50)]]),
    "7 serif": (7, [[(24, 26), (25, 14), (76, 14), (58, 48), (46, 90)]]),
    "8 one stroke": (
        8,
        [
            [(66, 20)]
            + arc(50, 30, 19, 19, -50, -270)
            + arc(50, 69, 23, 20, -90, 270)
            + arc(50, 30, 19, 19, 90, -40)
        ],
    ),
    "8 two circles": (8, [arc(50, 29, 19, 19, -90, 270), arc(50, 69, 24, 21, -90, 270)]),
    "9 straight": (9, [arc(48, 32, 20, 21, -20, -380) + [(68, 26), (66, 90)]]),
    "9 curved tail": (
        9,
        [arc(48, 32, 20, 21, -20, -380) + [(68, 45), (65, 70)] + arc(47, 70, 19, 19, 0, 140)],
    ),
}

STAR = [
    (50 + 42 * math.sin(4 * math.pi * i / 5), 50 - 42 * math.cos(4 * math.pi * i / 5))
    for i in range(6)
]
NOT_DIGITS: dict[str, list[list[Point]]] = {
    "scribble": [[(50 + 40 * math.sin(i * 1.9), 50 + 40 * math.cos(i * 2.7)) for i in range(40)]],
    "star": [STAR],
    "A": [[(15, 90), (50, 10), (85, 90)], [(30, 58), (70, 58)]],
    "W": [[(10, 12), (30, 88), (50, 30), (70, 88), (90, 12)]],
    "hash": [
        [(35, 10), (30, 90)],
        [(70, 10), (65, 90)],
        [(10, 36), (92, 36)],
        [(8, 64), (90, 64)],
    ],
    "smile": [
        arc(50, 50, 42, 42, -90, 270),
        [(36, 36), (36, 42)],
        [(64, 36), (64, 42)],
        arc(50, 52, 24, 22, 20, 160),
    ],
}
