"""Photographs of written numbers, composed: sheet, desk, light, squares, tilt and grain."""

import io
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from finalnet.strokes import render_strokes
from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.pen import lean, smooth_noise

SHEET = (1000, 760)  # px, width and height
PHOTOGRAPH = (1280, 960)


class Photograph(NamedTuple):
    """A picture and what is written in it."""

    picture: np.ndarray  # (H, W, 3) uint8
    lines: list[str]
    places: list[tuple[float, float]]  # of the middle of each digit, in pixels of the picture


def photograph(
    lines: list[str],
    seed: int,
    *,
    tilt: float = 0,
    on_desk: bool = False,
    squares: bool = False,
    shadow: bool = False,
    scattered: bool = False,
) -> Photograph:
    """Write lines on a sheet and photograph it, tilted to the right by degrees."""
    random = np.random.default_rng(seed)
    strokes, middles = write_lines(lines, random, scattered)
    width, height = SHEET
    ink = 255.0 - render_strokes(strokes, random.uniform(7, 11), width, height)
    sheet = np.full((height, width), random.uniform(215, 240))
    if squares:
        step = 38
        sheet[::step] -= 22
        sheet[1::step] -= 22
        sheet[:, ::step] -= 22
        sheet[:, 1::step] -= 22
    sheet = sheet * (1 - ink / 255) + random.uniform(40, 80) * ink / 255
    picture, move = lay_down(sheet, tilt, on_desk, random)
    return Photograph(
        expose(picture, shadow, random), lines, [tuple(move @ (x, y, 1)) for x, y in middles]
    )


def write_lines(
    lines: list[str], random: np.random.Generator, scattered: bool
) -> tuple[list[np.ndarray], list[tuple[float, float]]]:
    """Strokes on the sheet and the middle of each digit; scattered lines go from left to right."""
    strokes, middles = [], []
    size = min(120, 480 / max(len(lines), 1) / 1.4)
    for number, line in enumerate(lines):
        left = 90 + random.uniform(0, 40) + 420 * scattered * number
        base = 150 + size + number * size * (2.4 if scattered else random.uniform(1.5, 1.65))
        for character in line:
            if character == " ":
                left += 1.3 * size
                continue
            drawn = write_by_hand(DIGITS[int(character)](random), random)
            points = np.concatenate(drawn)
            low, extent = points.min(axis=0), np.ptp(points, axis=0)
            scale = size * random.uniform(0.9, 1.1) / max(extent[1], 0.6 * extent[0])
            corner = (left, base - extent[1] * scale + random.normal(0, 0.04) * size)
            strokes += [(stroke - low) * scale + corner for stroke in drawn]
            middles.append(tuple(corner + extent * scale / 2))
            left += extent[0] * scale + size * random.uniform(0.18, 0.4)
    return strokes, middles


def write_by_hand(strokes: list[np.ndarray], random: np.random.Generator) -> list[np.ndarray]:
    """Bend, shake and lean strokes as a hand does that writes what it means to, strokes in place.

    Of its own, so that photographs stay as difficult as they are however training draws digits.
    """
    bend, frequency = random.uniform(0, 0.05, 2), random.normal(0, 4, (2, 2))
    phase = random.uniform(0, 2 * np.pi, 2)
    tremor, coarse = random.uniform(0, 0.012), random.random() < 0.3
    written = []
    for points in strokes:
        points = points + bend * np.sin(points @ frequency + phase)
        start, end = map(int, random.random(2) < 0.1)  # small ticks where the pen lands and leaves
        tick = random.normal(0, 0.05, (2, 2))
        first, last = points[:1] + tick[:1], points[-1:] + tick[1:]
        points = np.concatenate([first] * start + [points] + [last] * end)
        points = points + smooth_noise(len(points), 5, tremor, random)
        if coarse:
            count = min(len(points), max(10, len(points) // 4))
            points = points[np.linspace(0, len(points) - 1, count).astype(int)]
        written.append(points)
    return lean(written, random)


def lay_down(
    sheet: np.ndarray, tilt: float, on_desk: bool, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The sheet in the picture, and the matrix (2, 3) that moves its points there."""
    width, height = SHEET
    across, down = PHOTOGRAPH
    scale = 0.78 if on_desk else 1.0
    move = cv2.getRotationMatrix2D((width / 2, height / 2), -tilt, scale)
    move[:, 2] += (across / 2 - width / 2, down / 2 - height / 2)
    desk = random.uniform(45, 80) if on_desk else float(np.median(sheet))
    grain = cv2.resize(random.normal(0, 6 * on_desk, (60, 4)), PHOTOGRAPH)
    laid = cv2.warpAffine(sheet, move, PHOTOGRAPH, flags=cv2.INTER_AREA, borderValue=-1000)
    outside = cv2.warpAffine(np.ones_like(sheet), move, PHOTOGRAPH, flags=cv2.INTER_NEAREST) == 0
    return np.where(outside | (laid < 0), desk + grain, laid), move


def expose(picture: np.ndarray, shadow: bool, random: np.random.Generator) -> np.ndarray:
    """Uneven light, perhaps the edge of a shadow, grain, and JPEG."""
    down, across = picture.shape
    y, x = np.mgrid[0:down, 0:across] / across
    light = 1 - random.uniform(0, 0.25) * x - random.uniform(0, 0.2) * y
    if shadow:
        edge = random.uniform(0.35, 0.65) + random.uniform(-0.3, 0.3) * y
        light *= 1 - 0.4 / (1 + np.exp(-(x - edge) * 60))
    grey = picture * light + random.normal(0, 2.5, picture.shape)
    color = np.stack([grey, grey * 0.98, grey * 0.92], axis=2).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(color).save(file, "JPEG", quality=85)
    return np.asarray(Image.open(file))
