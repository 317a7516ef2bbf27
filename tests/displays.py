"""Generates seven-segment displays that vary in gaps, slant, colours and visible off segments."""

import cv2
import numpy as np

SEGMENTS = {  # ends of each, in a digit 1 wide and 2 high
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 1)),
    "c": ((1, 1), (1, 2)),
    "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)),
    "f": ((0, 0), (0, 1)),
    "g": ((0, 1), (1, 1)),
}
LIT = dict(
    zip(
        "0123456789",
        ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg"),
        strict=True,
    )
)
VARIANTS = {"6": "fgedc", "7": "fabc", "9": "abcfg"}  # on some displays
SHARPNESS = 4  # sub-pixels per pixel and side


def show(text: str, random: np.random.Generator, *, slant: float = 0) -> np.ndarray:
    """A picture of a display with digits, "." and ":", (H, W, 3) uint8; slant in degrees."""
    height = random.uniform(50, 160)
    size = np.array([height * random.uniform(0.45, 0.58), height / 2])
    width = random.uniform(0.1, 0.17) * height
    is_pointed = random.random() < 0.5
    gap = random.uniform(0.08, 0.3) * width
    space = random.uniform(0.15, 0.35) * height
    shapes: list[tuple[np.ndarray, bool]] = []  # outline, and whether it is on
    left = 0.0
    variants = {name for name in VARIANTS if random.random() < 0.3}
    for character in text:
        if character in ".:":
            middles = [2.0] if character == "." else [0.6, 1.4]
            room = max(0.35 * width, 0.4 * space)
            left += room - space
            dot = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * width / 2
            shapes += [(dot + (left, y * size[1]), True) for y in middles]
            left += room + width
            continue
        lit = VARIANTS[character] if character in variants else LIT[character]
        for name, ends in SEGMENTS.items():
            outline = shape_segment(np.array(ends) * size, width, gap, is_pointed)
            shapes.append((outline + (left, 0), name in lit))
        left += size[0] + width + space
    lean = np.array([[1, 0], [-np.tan(np.radians(slant)), 1]])
    shapes = [(outline @ lean, is_on) for outline, is_on in shapes]
    points = np.concatenate([outline for outline, _ in shapes])
    margin = random.uniform(0.3, 1) * height
    corner = points.min(axis=0) - margin
    across, down = np.ceil(np.ptp(points, axis=0) + 2 * margin).astype(int).tolist()
    paper, ink = choose_colors(random)
    off = random.choice([0, random.uniform(0.03, 0.14)])  # visibility of segments that are off
    picture = np.broadcast_to(paper, (down, across, 3))
    for is_on, share in ((False, off), (True, 1.0)):
        canvas = np.zeros((SHARPNESS * down, SHARPNESS * across), np.uint8)
        outlines = [(outline - corner) * SHARPNESS for outline, on in shapes if on == is_on]
        for outline in outlines:
            cv2.fillPoly(canvas, [np.rint(outline).astype(np.int32)], 255)
        cover = cv2.resize(canvas, (across, down), interpolation=cv2.INTER_AREA)[..., None] / 255
        picture = picture * (1 - share * cover) + ink * share * cover
    picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 0.15 * gap + 0.3))
    picture = picture + random.normal(0, random.uniform(0, 2), picture.shape)
    return picture.clip(0, 255).round().astype(np.uint8)


def shape_segment(ends: np.ndarray, width: float, gap: float, is_pointed: bool) -> np.ndarray:
    """The outline of a segment between two points, (n, 2)."""
    way = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    aside = np.array([-way[1], way[0]]) * width / 2
    if is_pointed:
        start, end = ends[0] + way * gap, ends[1] - way * gap
        first, last = start + way * width / 2, end - way * width / 2
        return np.array([start, first + aside, last + aside, end, last - aside, first - aside])
    # Horizontal segments include the corners.
    room = width / 2 + gap if way[1] else gap - width / 2
    start, end = ends[0] + way * room, ends[1] - way * room
    return np.array([start + aside, end + aside, end - aside, start - aside])


def choose_colors(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Colours of background and segments: an LED display or an LCD."""
    if random.random() < 0.5:
        light = np.array([random.uniform(180, 255), *random.uniform(0, 200, 2)])
        return random.uniform(0, 30, 3), random.permutation(light)
    return random.uniform(150, 215) + random.uniform(-15, 15, 3), random.uniform(10, 60, 3)
