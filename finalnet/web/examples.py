"""Ready-made drawings in a 280x280 box, some of them hard to read."""

import math
from typing import NamedTuple

Point = tuple[float, float]


class Example(NamedTuple):
    name: str
    strokes: list[list[Point]]  # pad px, y pointing down


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points on an ellipse; angles in degrees, 0 is right and 90 is down."""
    steps = max(2, int(abs(end - start) / 10))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(round(cx + rx * math.cos(a), 1), round(cy + ry * math.sin(a), 1)) for a in angles]


EXAMPLES = [
    Example("3", [_arc(136, 88, 50, 48, 205, 440) + _arc(132, 186, 62, 52, 275, 505)]),
    Example("slashed 0", [_arc(140, 140, 68, 102, -80, 285), [(206, 62), (76, 220)]]),
    Example(
        "1 with flag and base",
        [[(98, 86), (146, 36), (146, 242)], [(92, 244), (202, 244)]],
    ),
    Example(
        "crossed 7",
        [[(70, 46), (212, 44), (176, 110), (146, 180), (130, 246)], [(98, 144), (206, 138)]],
    ),
    Example(
        "4 in one stroke",
        [[(110, 36), (76, 150), (196, 150), (204, 62), (190, 120), (180, 246)]],
    ),
    Example(
        "9 with a curved tail",
        [_arc(134, 96, 56, 54, -20, -370) + _arc(112, 130, 80, 112, -5, 105)],
    ),
    Example(
        "scribble",
        [
            [
                (round(140 + 96 * math.sin(i * 1.9), 1), round(140 + 96 * math.cos(i * 2.7), 1))
                for i in range(34)
            ]
        ],
    ),
    Example("letter A", [[(58, 244), (138, 38), (224, 244)], [(92, 168), (192, 168)]]),
]
