"""Evaluation: how often the answer is right, on MNIST and on drawn digits."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from finalnet.data import Digits
from finalnet.preprocessing import preprocess
from finalnet.recognizer import Recognizer
from finalnet.strokes import PAD_SIZE, render_strokes

MIN_SIZE, MAX_SIZE = 0.25, 0.9  # of the pad, longer side of a drawing placed at random
MIN_PEN, MAX_PEN = 0.04, 0.14  # of the drawing's longer side


class Drawing(NamedTuple):
    """One line of a strokes file."""

    label: str
    source: str
    strokes: list[np.ndarray]  # (n, 2) float64 each, y pointing down


def read_strokes(path: Path | str) -> Iterator[Drawing]:
    """Drawings from JSON lines, gzip or plain: `{"label", "source", "strokes"}` in each.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is not of that form; the message names it.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                strokes = [np.asarray(stroke, dtype=np.float64) for stroke in row["strokes"]]
                yield Drawing(str(row["label"]), str(row.get("source", "")), strokes)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f'{path}, line {number}: wanted {{"label": ..., "strokes": [[[x, y], ...], '
                    f"...]}}, got {line[:60]!r} ({error})"
                ) from error


def place_at_random(strokes: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Draw strokes on a pad at a random place, in a random size, with a random pen.

    Returns:
        (280, 280) uint8, paper 255, ink 0.
    """
    size = random.uniform(MIN_SIZE, MAX_SIZE) * PAD_SIZE
    pen_width = max(random.uniform(MIN_PEN, MAX_PEN) * size, 2)
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = (size - pen_width) / max(extent.max(), 1e-6)
    room = PAD_SIZE - pen_width - extent * scale
    corner = random.uniform(0, 1, 2) * room + pen_width / 2
    return render_strokes([(s - low) * scale + corner for s in strokes], pen_width)


def accuracy_on_mnist(recognizer: Recognizer, digits: Digits) -> float:
    """Share of MNIST's digits recognised, in [0, 1]."""
    predictions = recognizer.recognize_inputs(digits.images.numpy())
    right = [p.digit == label for p, label in zip(predictions, digits.labels.tolist(), strict=True)]
    return float(np.mean(right))


def accuracy_on_strokes(recognizer: Recognizer, path: Path | str, seed: int = 0) -> float:
    """Share of a file's drawings recognised when they are placed at random, in [0, 1]."""
    random = np.random.default_rng(seed)
    inputs, labels = [], []
    for drawing in read_strokes(path):
        inputs.append(preprocess(place_at_random(drawing.strokes, random)))
        labels.append(drawing.label)
    predictions = recognizer.recognize_inputs(np.stack(inputs))
    return float(
        np.mean([str(p.digit) == label for p, label in zip(predictions, labels, strict=True)])
    )
