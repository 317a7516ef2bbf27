"""Drawings as files: JSON lines, a drawing each, plain or (named .gz) compressed by gzip.

    {"label": 7, "strokes": [[[x, y], ...], ...], "source": "unipen-apa", "writer": "apa-Jean"}

label    0 to 9, as a number or a text, is a digit; any other character (a letter, a sign) and null
         are something that is not a digit
strokes  in any unit, y pointing down
source, writer  where it is from and who drew it, if known; anything else in a line is ignored

The page writes and reads such files ("Knows 3 of your drawings"), `finalnet drawings` makes them
of public data sets, and `finalnet train`, `evaluate` and `crossvalidate` read them.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from finalnet.strokes import check_strokes

DIGIT_NAMES = tuple("0123456789")
# Letters and signs that anybody could take for a digit, drawn by themselves.
LOOKALIKES = set("OoIilSsZzqgbBDQjJ") | set("|/\\()[]!?,.'`>}")
WANTED = '{"label": 0 to 9, a character or null, "strokes": [[[x, y], ...], ...]}'


class Drawing(NamedTuple):
    """What one person drew."""

    label: str  # "0" to "9", another character, or "" for anything else that is not a digit
    source: str
    strokes: list[np.ndarray]  # (n, 2) float64 each, y pointing down
    writer: str = ""

    @property
    def is_digit(self) -> bool:
        return self.label in DIGIT_NAMES

    @property
    def is_no_digit(self) -> bool:
        """Nobody would take it for a digit; what is neither could be either."""
        return not self.is_digit and self.label not in LOOKALIKES


def read_drawings(path: Path | str) -> Iterator[Drawing]:
    """The drawings of a file, in its order.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is not of the form above; the message says which, and what came.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                yield _parse(line, f"{path}, line {number}")
        except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read ({error}); wanted lines {WANTED}") from error


def write_drawings(path: Path | str, drawings: Iterable[Drawing]) -> int:
    """Write a file of drawings, and return their number."""
    path = Path(path)
    count = 0
    # No time in the header of gzip, so that the same drawings give the same file.
    with (
        open(path, "wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file as lines,
    ):
        for drawing in drawings:
            row = {
                "source": drawing.source,
                "writer": drawing.writer,
                "label": int(drawing.label) if drawing.is_digit else drawing.label or None,
                "strokes": [_shorten(stroke) for stroke in drawing.strokes],
            }
            lines.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
            count += 1
    return count


def _shorten(stroke: np.ndarray) -> list[list[float]]:
    """Points as lists, whole numbers as such."""
    whole = stroke.astype(np.int64)
    return (whole if (whole == stroke).all() else stroke).tolist()


def _parse(line: str, where: str) -> Drawing:
    try:
        row = json.loads(line)
        strokes = check_strokes(row["strokes"])
        if not strokes:
            raise ValueError("no strokes")
        source, writer = str(row.get("source", "")), str(row.get("writer", ""))
        return Drawing(_label(row["label"]), source, strokes, writer)
    except KeyError as error:
        problem = f"no {error.args[0]}"
    except (AttributeError, TypeError):
        problem = "not an object"
    except (RecursionError, ValueError) as error:
        problem = str(error)
    raise ValueError(f"{where}: wanted {WANTED}, got {line[:60].rstrip()!r} ({problem})")


def _label(label: Any) -> str:
    if label is None:
        return ""
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label <= 9:
        return str(label)
    if isinstance(label, str) and len(label) == 1:
        return label
    raise ValueError(f"a label is 0 to 9, one character or null, got {label!r:.20}")
