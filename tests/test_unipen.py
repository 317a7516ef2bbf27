"""Converting public data sets to a file of drawings."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from finalnet.__main__ import main
from finalnet.drawings import Drawing, read_drawings
from finalnet.training.unipen import read_pendigits, read_unipen

UNIPEN = Path(os.environ.get("UNIPEN_DIR", "no drawings"))
STROKES = Path(os.environ.get("STROKES_DIR", "no drawings")) / "digits-dev.jsonl.gz"

RECORDING = """.WRITER_ID Jean
.PEN_DOWN
10 20
10\t60
.DT 30
12 80
.PEN_UP
.PEN_DOWN
40 20
.COMMENT the next has no points
.PEN_UP
.PEN_DOWN
0 0
.PEN_UP
5 5
.PEN_DOWN
1.5 2
3 4
"""
SEGMENTS = """.VERSION 1.0
.INCLUDE apa/apa.doc
.INCLUDE apa/data/one.dat
.SEGMENT CHARACTER 0-1 ? "{label}"
.SEGMENT CHARACTER 4 OK "\\""
.SEGMENT CHARACTER 3 ? "a"
.SEGMENT WORD 0-4 ? "word"
"""
PENDIGITS = """.INCLUDE dene.doc
.HIERARCHY DIGIT
.SEGMENT DIGIT 0 ? "8"
.COMMENT 8 12 224
.PEN_DOWN
 267  333
 267  336
.PEN_UP
.DT 100
.SEGMENT DIGIT 1-2 ? "4"
.COMMENT 4 3 1
.PEN_DOWN
1 2
3 4
.PEN_UP
.DT 151
.PEN_DOWN
8 9
.PEN_UP
"""


@pytest.fixture
def unipen(tmp_path) -> Path:
    """A folder in UNIPEN's layout, with one recording that two categories use."""
    folder = tmp_path / "train_r01_v07"
    recording = folder / "include" / "apa" / "data" / "one.dat"
    recording.parent.mkdir(parents=True)
    recording.write_text(RECORDING)
    for category, label in (("1a", "7"), ("1b", "W")):
        path = folder / "data" / category / "apa" / "one.dat"
        path.parent.mkdir(parents=True)
        path.write_text(SEGMENTS.format(label=label))
    return folder


def as_lists(drawing: Drawing) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in drawing.strokes]


def test_a_segment_of_unipen_is_a_drawing_with_y_down(unipen):
    seven, mark = read_unipen(unipen, ["apa"], ("1a",))
    assert (seven.label, seven.source, seven.writer) == ("7", "unipen-apa", "apa-Jean")
    assert as_lists(seven) == [[[0, 60], [0, 20], [2, 0]], [[30, 60]]]
    # The path above the paper counts as a component if it was recorded, but has no ink.
    assert mark.label == '"' and as_lists(mark) == [[[0, 2], [1.5, 0]]]


def test_pendigits_names_the_writer_in_the_comment_after_the_label(tmp_path):
    path = tmp_path / "pendigits-orig.tra"
    path.write_text(PENDIGITS)
    eight, four = read_pendigits(path)
    assert (eight.label, eight.source, eight.writer) == ("8", "pendigits", "pd-train-12")
    assert as_lists(eight) == [[[0, 3], [0, 0]]]
    assert (four.label, four.writer) == ("4", "pd-train-3")
    assert as_lists(four) == [[[0, 7], [2, 5]], [[7, 0]]]
    with pytest.raises(ValueError, match=r"run `gzip -d .*name pendigits-orig\.tra$"):
        list(read_pendigits(path.with_name("pendigits-orig.tra.Z")))


def test_the_command_writes_all_drawings_to_one_file(unipen, tmp_path, capsys):
    pendigits, output = tmp_path / "pendigits-orig.tra", tmp_path / "digits.jsonl.gz"
    pendigits.write_text(PENDIGITS)
    options = ["--unipen", str(unipen), "--categories", "1a", "1b", "--pendigits", str(pendigits)]
    main(["drawings", *options, "--output", str(output)])
    assert "3 digits and 3 other characters" in capsys.readouterr().out
    assert [d.label for d in read_drawings(output)] == ["8", "4", "7", '"', "W", '"']


def test_missing_and_malformed_files_are_named_in_the_error(unipen, tmp_path):
    output = ["--output", str(tmp_path / "digits.jsonl")]
    with pytest.raises(SystemExit, match="name a data set with --unipen or --pendigits"):
        main(["drawings", *output])
    with pytest.raises(SystemExit, match=r"no files in .*1a/nowhere; wanted UNIPEN's folder"):
        main(["drawings", "--unipen", str(unipen), "--sites", "nowhere", *output])
    with pytest.raises(SystemExit, match=r"pendigits-orig\.tra"):
        main(["drawings", "--pendigits", str(tmp_path / "pendigits-orig.tra"), *output])
    recording = unipen / "include" / "apa" / "data" / "one.dat"
    recording.write_text(RECORDING.replace("12 80", "12 eighty"))
    with pytest.raises(SystemExit, match=r"one\.dat, line 6: not UNIPEN's format: '12 eighty'"):
        main(["drawings", "--unipen", str(unipen), "--categories", "1a", *output])


@pytest.mark.skipif(not UNIPEN.exists(), reason="no UNIPEN; name its folder in UNIPEN_DIR")
@pytest.mark.skipif(not STROKES.exists(), reason="no drawings; name their folder in STROKES_DIR")
def test_four_sites_of_unipen_are_the_drawings_of_earlier_measurements():
    def keys(drawings) -> Counter:
        return Counter(
            (d.source, d.writer, d.label, *(s.round(2).tobytes() for s in from_corner(d)))
            for d in drawings
        )

    def from_corner(drawing: Drawing) -> list[np.ndarray]:
        corner = np.concatenate(drawing.strokes).min(axis=0)
        return [stroke - corner + 0.0 for stroke in drawing.strokes]

    before = keys(d for d in read_drawings(STROKES) if d.source.startswith("unipen"))
    read = keys(read_unipen(UNIPEN, ["apa", "apb", "syn", "val"], ("1a",)))
    assert before.total() == 8_740 and not before - read
    # Earlier measurements left out one 4 of val, whose last stroke is at the other end of the page.
    assert [key[:3] for key in (read - before).elements()] == [("unipen-val", "val-val02", "4")]
