"""Converts UNIPEN and UCI Pendigits to a file of drawings: python -m finalnet drawings

Both use the format of UNIPEN (Guyon et al. 1994). The points of a component follow `.PEN_DOWN` or
`.PEN_UP`; `.SEGMENT CHARACTER 1-2 ? "8"` labels components 1 to 2 as an 8; `.INCLUDE` names a file
with the components. y points up.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from finalnet.drawings import Drawing, write_drawings

CATEGORIES = ("1a", "1b", "1c", "1d")  # UNIPEN's: digits, upper case, lower case, signs
LABEL = re.compile(r'"(\\?.)"')  # one character; a backslash escapes a quotation mark
COMPONENTS = re.compile(r"(\d+)(?:-(\d+))?")


class Component(NamedTuple):
    """The path of the pen between two changes, on the paper or above it."""

    is_down: bool
    points: list[tuple[float, float]]
    writer: str


class Segment(NamedTuple):
    """A label for some components."""

    label: str
    components: str  # such as "1-2,4"
    writer: str  # from the comment after the label, in Pendigits only


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unipen", type=Path, help="UNIPEN's folder train_r01_v07, which contains data/"
    )
    parser.add_argument(
        "--sites", nargs="+", help="UNIPEN's sites to convert, such as apa; default: all"
    )
    parser.add_argument(
        "--categories",
        nargs="+",
        default=CATEGORIES,
        help="UNIPEN's categories to convert; default: 1a 1b 1c 1d",
    )
    parser.add_argument(
        "--pendigits",
        type=Path,
        nargs="+",
        default=[],
        help="UCI Pendigits' original files, such as pendigits-orig.tra, unpacked",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="file to write: JSON lines, gzip if it ends in .gz",
    )


def run(options: argparse.Namespace) -> None:
    """Write the drawings of the named data sets to one file.

    Raises:
        FileNotFoundError, ValueError: a data set is missing or unreadable; the message says which.
    """
    if not options.unipen and not options.pendigits:
        raise ValueError("name a data set with --unipen or --pendigits")
    labels = [0, 0]

    def drawings() -> Iterator[Drawing]:
        for path in options.pendigits:
            yield from read_pendigits(path)
        if options.unipen:
            yield from read_unipen(options.unipen, options.sites, options.categories)

    def counted() -> Iterator[Drawing]:
        for drawing in tqdm(drawings(), unit="drawing", mininterval=1):
            labels[drawing.is_digit] += 1
            yield drawing

    write_drawings(options.output, counted())
    others, digits = labels
    print(f"{digits:,} digits and {others:,} other characters in {options.output}")


def read_unipen(
    folder: Path, sites: list[str] | None = None, categories: tuple[str, ...] = CATEGORIES
) -> Iterator[Drawing]:
    """Yield the drawings of UNIPEN's release train_r01_v07.

    Raises:
        FileNotFoundError: the folder has no data for a category or site.
        ValueError: a file is not in UNIPEN's format.
    """
    for category in categories:
        data = folder / "data" / category
        for site in sites or sorted(p.name for p in data.glob("*") if p.is_dir()):
            paths = sorted(p for p in (data / site).rglob("*") if p.is_file())
            if not paths:
                raise FileNotFoundError(
                    f"no files in {data / site}; wanted UNIPEN's folder train_r01_v07 with --unipen"
                )
            for path in paths:
                components, segments = read_file(path, folder / "include")
                for drawing in cut(components, segments, f"unipen-{site}", path):
                    yield drawing._replace(writer=f"{site}-{drawing.writer}")


def read_pendigits(path: Path) -> Iterator[Drawing]:
    """Yield the drawings of one of UCI Pendigits' original files: .tra by 30 people, .tes by 14."""
    if path.suffix == ".Z":
        raise ValueError(f"{path} is compressed; run `gzip -d {path}`, and name {path.stem}")
    people = "test" if path.suffix == ".tes" else "train"
    components, segments = read_file(path)
    for drawing in cut(components, segments, "pendigits", path):
        yield drawing._replace(writer=f"pd-{people}-{drawing.writer}")


def read_file(path: Path, include: Path | None = None) -> tuple[list[Component], list[Segment]]:
    """Read the components and segments of a file, and the components that it includes.

    Skips included documentation (.doc), which has no components and may be missing.
    """
    components: list[Component] = []
    segments: list[Segment] = []
    points: list[tuple[float, float]] | None = None
    writer = ""
    for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), 1):
        words = line.split()
        if words[:1] == [".INCLUDE"] and include and not line.rstrip().endswith(".doc"):
            components += read_file(include / words[-1], include)[0]
        try:
            if not line.startswith("."):
                if points is not None and words:
                    points.append((float(words[0]), float(words[1])))
            elif words[0] in (".PEN_DOWN", ".PEN_UP"):
                points = []
                components.append(Component(words[0] == ".PEN_DOWN", points, writer))
            elif words[0] != ".DT":  # a time; may stand within a component
                points = None
            if words[:1] == [".WRITER_ID"]:
                writer = "_".join(words[1:])
            elif words[:1] == [".SEGMENT"]:
                label = LABEL.fullmatch(words[-1])
                if label:
                    segments.append(Segment(label[1][-1], words[2], ""))
            elif segments and words[:2] == [".COMMENT", segments[-1].label]:
                segments[-1] = segments[-1]._replace(writer=words[2])
        except (IndexError, ValueError):
            raise ValueError(f"{path}, line {number}: not UNIPEN's format: {line[:60]!r}") from None
    # If the pen's path above the paper was not recorded, the empty component has no number.
    return [component for component in components if component.points], segments


def cut(
    components: list[Component], segments: list[Segment], source: str, path: Path
) -> Iterator[Drawing]:
    """Yield the drawing of each segment, with the origin at the corner of its ink and y down."""
    for segment in segments:
        chosen: list[Component] = []
        for part in segment.components.split(","):
            ends = COMPONENTS.fullmatch(part)
            if not ends:
                raise ValueError(f"{path}: wanted components such as 1-2, got {part!r}")
            chosen += components[int(ends[1]) : int(ends[2] or ends[1]) + 1]
        strokes = [np.array(c.points) * (1, -1) for c in chosen if c.is_down]
        if strokes:
            corner = np.concatenate(strokes).min(axis=0)
            writer = segment.writer or chosen[0].writer
            yield Drawing(segment.label, source, [s - corner for s in strokes], writer)
