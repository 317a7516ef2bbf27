"""Generates photographs of handwritten numbers with sheet, desk, light, squares, tilt and grain.

Pictures are float32, and colours are separate planes, (3, H, W), until they are exposed: NumPy
computes those several times as fast as float64 (H, W, 3).
"""

import io
from typing import NamedTuple

import cv2
import numpy as np
from drawings import DRAWINGS
from PIL import Image

from finalnet.strokes import render_strokes
from finalnet.training.handwriting.pen import STEP, lean, resample, smooth_noise

SHEET = (1000, 760)  # px, width and height
PHOTOGRAPH = (1280, 960)


class Photograph(NamedTuple):
    """A picture and the text written in it."""

    picture: np.ndarray  # (H, W, 3) uint8
    lines: list[str]
    places: list[tuple[float, float]]  # middle of each digit, in pixels of the picture


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
    """Write lines on a sheet and photograph it.

    Args:
        tilt: degrees to the right.
        squares: on squared paper.
        scattered: lines stand apart, from left to right.
    """
    random = np.random.default_rng(seed)
    strokes, middles = write_lines(lines, random, scattered)
    width, height = SHEET
    ink = find_cover(render_strokes(strokes, random.uniform(7, 11), width, height))
    sheet = np.full((height, width), random.uniform(215, 240), np.float32)
    if squares:
        step = 38
        sheet[::step] -= 22
        sheet[1::step] -= 22
        sheet[:, ::step] -= 22
        sheet[:, 1::step] -= 22
    sheet += ink * (random.uniform(40, 80) - sheet)
    picture, move = lay_down(sheet, tilt, on_desk, random)
    return Photograph(
        expose(picture, shadow, random), lines, [tuple(move @ (x, y, 1)) for x, y in middles]
    )


def find_cover(drawn: np.ndarray) -> np.ndarray:
    """Black on white, (H, W) uint8, as the share of each pixel that is covered, float32."""
    return 1 - drawn / np.float32(255)


def write_lines(
    lines: list[str], random: np.random.Generator, scattered: bool
) -> tuple[list[np.ndarray], list[tuple[float, float]]]:
    """Strokes on the sheet, and the middle of each digit."""
    strokes, middles = [], []
    size = min(120, 480 / max(len(lines), 1) / 1.4)
    for number, line in enumerate(lines):
        left = 90 + random.uniform(0, 40) + 420 * scattered * number
        base = 150 + size + number * size * (2.4 if scattered else random.uniform(1.5, 1.65))
        for character in line:
            if character == " ":
                left += 1.3 * size
                continue
            drawn = write_by_hand(int(character), random)
            points = np.concatenate(drawn)
            low, extent = points.min(axis=0), np.ptp(points, axis=0)
            scale = size * random.uniform(0.9, 1.1) / max(extent[1], 0.6 * extent[0])
            corner = (left, base - extent[1] * scale + random.normal(0, 0.04) * size)
            strokes += [(stroke - low) * scale + corner for stroke in drawn]
            middles.append(tuple(corner + extent * scale / 2))
            left += extent[0] * scale + size * random.uniform(0.18, 0.4)
    return strokes, middles


def write_by_hand(digit: int, random: np.random.Generator) -> list[np.ndarray]:
    """Bend, shake and slant a drawing of a digit as a careful writer would.

    Independent of the training data, so that changes there do not change how hard the photographs
    are to read.
    """
    styles = [strokes for shown, strokes in DRAWINGS.values() if shown == digit]
    chosen = styles[random.integers(len(styles))]
    strokes = [resample(np.array(stroke) / 100, STEP) for stroke in chosen]
    bend, frequency = random.uniform(0, 0.05, 2), random.normal(0, 4, (2, 2))
    phase = random.uniform(0, 2 * np.pi, 2)
    tremor, coarse = random.uniform(0, 0.012), random.random() < 0.3
    written = []
    for points in strokes:
        points = points + bend * np.sin(points @ frequency + phase)
        start, end = map(int, random.random(2) < 0.1)  # small ticks where the pen lands and lifts
        tick = random.normal(0, 0.05, (2, 2))
        first, last = points[:1] + tick[:1], points[-1:] + tick[1:]
        points = np.concatenate([first] * start + [points] + [last] * end)
        points = points + smooth_noise(len(points), 5, tremor, random)
        if coarse:
            count = min(len(points), max(10, len(points) // 4))
            points = points[np.linspace(0, len(points) - 1, count).astype(int)]
        written.append(points)
    return lean(written, random, 0.5)


def lay_down(
    sheet: np.ndarray, tilt: float, on_desk: bool, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Place the sheet in the picture; also return the (2, 3) matrix from sheet to picture."""
    width, height = SHEET
    across, down = PHOTOGRAPH
    scale = 0.78 if on_desk else 1.0
    move = cv2.getRotationMatrix2D((width / 2, height / 2), -tilt, scale)
    move[:, 2] += (across / 2 - width / 2, down / 2 - height / 2)
    desk = random.uniform(45, 80) if on_desk else float(np.median(sheet[::7, ::7]))
    grain = random.normal(desk, 6 * on_desk, (60, 4))
    laid = cv2.resize(grain.astype(np.float32), PHOTOGRAPH)
    cv2.warpAffine(sheet, move, PHOTOGRAPH, laid, borderMode=cv2.BORDER_TRANSPARENT)
    return laid, move


def expose(picture: np.ndarray, shadow: bool, random: np.random.Generator) -> np.ndarray:
    """Add uneven light, optionally the edge of a shadow, grain and JPEG artefacts.

    Args:
        picture: (H, W) or (3, H, W) float32.
    Returns:
        (H, W, 3) uint8.
    """
    down, across = picture.shape[-2:]
    y, x = find_places()
    light = 1 - random.uniform(0, 0.25) * x - random.uniform(0, 0.2) * y
    if shadow:
        edge = random.uniform(0.35, 0.65) + random.uniform(-0.3, 0.3) * y
        light *= 1 - 0.4 / (1 + np.exp(-(x - edge) * 60))
    cv2.setRNGSeed(int(random.integers(2**31)))
    grain = cv2.randn(np.empty((down, across), np.float32), 0, 2.5)
    planes = np.broadcast_to(picture, (3, down, across))
    lit = [
        ((plane * light + grain) * tint).clip(0, 255).astype(np.uint8)
        for plane, tint in zip(planes, (1, 0.98, 0.92), strict=True)
    ]
    file = io.BytesIO()
    Image.fromarray(cv2.merge(lit)).save(file, "JPEG", quality=85)
    return np.asarray(Image.open(file))


def find_places() -> tuple[np.ndarray, np.ndarray]:
    """Row (H, 1) and column (1, W) of each pixel of a photograph, in its width, float32."""
    across, down = PHOTOGRAPH
    y, x = np.ogrid[0:down, 0:across]
    return np.float32(y / across), np.float32(x / across)


def fill_form(
    rows: list[str],
    seed: int,
    layout: str = "boxes",
    *,
    fill: float = 0.7,
    dotted: bool = False,
    colored: bool = False,
    level: bool = False,
    tilt: float = 0,
) -> Photograph:
    """Write one digit per cell into a printed form and photograph it; a space is an empty cell.

    Args:
        layout: "boxes" (separate), "shared" (boxes with shared sides), "comb" (a line with ticks
            between digits) or "ruled" (lines under the rows).
        fill: height of the digits, of the cell's; above 0.9 many touch the lines.
        level: scanned, instead of photographed at an angle.
        tilt: degrees to the right.
    """
    random = np.random.default_rng(seed)
    width, height = SHEET
    columns = max(map(len, rows))
    cell = min(random.uniform(90, 150), 0.8 * width / columns, 0.8 * height / len(rows))
    across, pitch = cell * random.uniform(0.85, 1.1), cell
    if layout in ("boxes", "comb", "ruled"):
        pitch = min(cell * random.uniform(1.2, 1.5), 0.8 * height / len(rows))
        cell = min(cell, pitch / 1.2)
    gap = across * random.uniform(0.08, 0.3) if layout == "boxes" else 0.0
    left, top = random.uniform(0.08, 0.12, 2) * SHEET
    strokes, middles, segments = [], [], []
    for row, line in enumerate(rows):
        y = top + row * pitch
        for column, character in enumerate(line.ljust(columns)):
            x = left + column * (across + gap)
            segments += draw_cell(layout, x, y, across, cell, column, columns, random)
            if character == " ":
                continue
            drawn = write_by_hand(int(character), random)
            low, extent = np.min(np.concatenate(drawn), axis=0), np.ptp(np.concatenate(drawn), 0)
            scale = cell * fill * random.uniform(0.9, 1.1) / max(extent[1], 0.9 * extent[0])
            room = np.maximum((across, cell) - extent * scale, 0)
            middle = (x + across / 2, y + cell / 2) + random.normal(0, 0.12, 2) * room
            strokes += [(stroke - low - extent / 2) * scale + middle for stroke in drawn]
            middles.append(tuple(middle))
    paper = np.full(3, random.uniform(215, 255)) - random.uniform(0, 12, 3)
    shade = random.uniform(20, 170, 3) if colored else np.full(3, random.uniform(20, 150))
    thickness = random.uniform(1, 4)
    printed = print_lines(segments, thickness, random.uniform(4, 8) if dotted else 0)
    pen = random.uniform(0.05, 0.09) * cell * fill
    written = render_strokes(strokes, max(pen, 3), width, height)
    sheet = np.empty((3, height, width), np.float32)
    sheet[:] = paper[:, None, None]
    for drawn, color in ((printed, shade), (written, random.uniform(20, 80, 3))):
        dark = np.float32(color)[:, None, None]
        sheet += find_cover(drawn) * (np.minimum(dark, sheet) - sheet)
    if level:
        return Photograph(cv2.merge(sheet.round().astype(np.uint8)), rows, middles)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = cv2.transform(corners[None], cv2.getRotationMatrix2D((width / 2, height / 2), -tilt, 1))
    seen = seen[0] + random.uniform(-0.04, 0.04, (4, 2)) * width + (140, 100)
    move = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    laid = cv2.warpPerspective(cv2.merge(sheet), move, PHOTOGRAPH, borderValue=paper)
    places = cv2.perspectiveTransform(np.array([middles]), move)[0]
    picture = expose(np.moveaxis(laid, 2, 0), False, random)
    return Photograph(picture, rows, [tuple(place) for place in places])


def rule_page(lines: list[str], seed: int, shadows: int = 0) -> Photograph:
    """Write lines on a ruled notebook page with a margin line, and photograph it.

    Args:
        shadows: number of shadows with straight, hard edges across the page.
    """
    random = np.random.default_rng(seed)
    width, height = SHEET
    strokes, middles = write_lines(lines, random, False)
    ink = find_cover(render_strokes(strokes, random.uniform(6, 10), width, height))
    page = np.full((3, height, width), random.uniform(215, 240), np.float32)
    thickness = int(random.integers(1, 4))
    for y in np.arange(random.uniform(20, 60), height - 4, random.uniform(34, 60)).astype(int):
        blue = np.array([150, 170, 210]) + random.uniform(-20, 20)
        page[:, y : y + thickness] = blue[:, None, None]
    margin = int(random.uniform(40, 80))
    page[:, :, margin : margin + thickness] = np.array([225, 120, 120])[:, None, None]
    page += ink * (random.uniform(30, 80) - page)
    layers = [lay_down(layer, 0, False, random) for layer in page]
    light = cast_shadows(shadows, random)
    picture = expose(np.stack([laid * light for laid, _ in layers]), False, random)
    return Photograph(picture, lines, [tuple(layers[0][1] @ (x, y, 1)) for x, y in middles])


def cast_shadows(count: int, random: np.random.Generator) -> np.ndarray:
    """The light at each pixel of a photograph, 0 to 1: (H, W) float32."""
    y, x = find_places()
    light = np.ones(PHOTOGRAPH[::-1], np.float32)
    for _ in range(count):
        angle = random.uniform(-0.5, 0.5) + random.choice([0, np.pi / 2])
        place = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        edge = random.uniform(*np.percentile(place[4::8, 4::8], [20, 80]))
        light[place > edge] *= 1 - random.uniform(0.3, 0.5)
    return cv2.GaussianBlur(light, (0, 0), random.uniform(0.5, 3))


def draw_cell(
    layout: str,
    x: float,
    y: float,
    across: float,
    down: float,
    column: int,
    columns: int,
    random: np.random.Generator,
) -> list[np.ndarray]:
    """The printed lines of a cell, as pairs of end points."""
    right, base = x + across, y + down
    if layout == "comb":
        tick = down * 0.35
        lines = [((x, base), (right, base)), ((x, base - tick), (x, base))]
        return [np.array(line) for line in lines + [((right, base - tick), (right, base))]]
    if layout == "ruled":
        return [np.array([(x, base), (right, base)])]
    corners = [(x, y), (right, y), (right, base), (x, base), (x, y)]
    return [np.array(pair) for pair in zip(corners[:-1], corners[1:], strict=True)]


def print_lines(segments: list[np.ndarray], thickness: float, pitch: float) -> np.ndarray:
    """Lines on white, (H, W) uint8: dotted every `pitch` px, or solid if it is 0."""
    width, height = SHEET
    if pitch:
        dots = []
        for start, end in segments:
            count = max(2, round(float(np.linalg.norm(end - start)) / (pitch * 1.5)))
            for share in np.arange(count) / count:
                point = start + share * (end - start)
                dots.append(np.array([point, point + (end - start) / count * 0.45]))
        segments = dots
    canvas = np.full((4 * height, 4 * width), 255, np.uint8)
    for segment in segments:
        (start, end) = np.rint(segment * 4).astype(int).tolist()
        cv2.line(canvas, start, end, 0, max(1, round(4 * thickness)))
    return cv2.resize(canvas, SHEET, interpolation=cv2.INTER_AREA)
