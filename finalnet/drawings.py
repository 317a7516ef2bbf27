"""Files of drawings: JSON lines, one drawing per line; gzip-compressed if the name ends in .gz.

    {"label": 7, "strokes": [[[x, y], ...], ...], "source": "unipen-apa", "writer": "apa-Jean"}

label           0 to 9, as a number or a string, for a digit; any other single character, or null,
                for something that is not a digit
strokes         in any unit, y pointing down
source, writer  optional: the data set and the person who drew it

Other keys are ignored. The page writes and reads these files ("Knows 3 of your drawings"),
`finalnet drawings` converts public data sets to them, and `finalnet train`, `evaluate` and
`crossvalidate` read them.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from finalnet.strokes import check_strokes

DIGIT_NAMES = tuple("0123456789")
# Letters and signs that look like a digit when they stand alone.
LOOKALIKES = set("OoIilSsZzqgbBDQjJ") | set("|/\\()[]!?,.'`>}")
WANTED = '{"label": 0 to 9, a character or null, "strokes": [[[x, y], ...], ...]}'


class Drawing(NamedTuple):
    """One labelled drawing."""

    label: str  # "0" to "9", another character, or "" if the file says null
    source: str
    strokes: list[np.ndarray]  # (n, 2) float64 each, y pointing down
    writer: str = ""

    @property
    def is_digit(self) -> bool:
        return self.label in DIGIT_NAMES

    @property
    def is_no_digit(self) -> bool:
        """Cannot be mistaken for a digit. Lookalikes are neither `is_digit` nor `is_no_digit`."""
        return not self.is_digit and self.label not in LOOKALIKES


def read_drawings(path: Path | str) -> Iterator[Drawing]:
    """Yield the drawings of a file, in order.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line has another format; the message gives its number and content.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                yield _parse(line, f"{path}, line {number}")
        except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise ValueError(
                f"{path} cannot be read ({error}); every line must be {WANTED}"
            ) from error


def write_drawings(path: Path | str, drawings: Iterable[Drawing]) -> int:
    """Write drawings to a file and return how many there were."""
    path = Path(path)
    count = 0
    # No timestamp in the gzip header, so that the same drawings give the same bytes.
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
    """Points as lists, as ints if all coordinates are whole numbers."""
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
    raise ValueError(f"{where} must be {WANTED}, got {line[:60].rstrip()!r} ({problem})")


def _label(label: Any) -> str:
    if label is None:
        return ""
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label <= 9:
        return str(label)
    if isinstance(label, str) and len(label) == 1:
        return label
    raise ValueError(f"a label must be 0 to 9, one character or null, got {label!r:.20}")
