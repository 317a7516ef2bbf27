import gzip
import json

import numpy as np
import pytest

from finalnet.drawings import Drawing, read_drawings, write_drawings

LINE = {"label": 7, "strokes": [[[0, 1.5], [3, 4]]], "source": "here", "writer": "me"}


@pytest.mark.parametrize("name", ["drawings.jsonl", "drawings.jsonl.gz"])
def test_drawings_come_back_as_they_were_written(tmp_path, name):
    stroke, dot = np.array([[0, 1.5], [3, 4]]), np.array([[2.0, 2]])
    drawings = [Drawing(label, "here", [stroke, dot], "me") for label in ("7", "0", "x", "+", "")]
    assert write_drawings(tmp_path / name, drawings) == 5
    for drawing, before in zip(read_drawings(tmp_path / name), drawings, strict=True):
        assert drawing._replace(strokes=[]) == before._replace(strokes=[])
        for strokes in zip(drawing.strokes, before.strokes, strict=True):
            assert np.array_equal(*strokes)


def test_the_same_drawings_give_the_same_file(tmp_path):
    drawing = Drawing("7", "here", [np.array([[0.0, 1]])])
    for name in ("first.jsonl.gz", "second.jsonl.gz"):
        write_drawings(tmp_path / name, [drawing])
    assert (tmp_path / "first.jsonl.gz").read_bytes() == (tmp_path / "second.jsonl.gz").read_bytes()


def test_a_label_is_a_digit_or_not_a_digit_or_a_lookalike(tmp_path):
    path = tmp_path / "drawings.jsonl"
    labels = [0, "9", None, "W", "%", "O", "l", "/"]
    path.write_text("".join(json.dumps(LINE | {"label": label}) + "\n" for label in labels))
    drawings = list(read_drawings(path))
    assert [drawing.label for drawing in drawings] == ["0", "9", "", "W", "%", "O", "l", "/"]
    assert [drawing.is_digit for drawing in drawings] == [True] * 2 + [False] * 6
    assert [drawing.is_no_digit for drawing in drawings] == [False] * 2 + [True] * 3 + [False] * 3


def test_files_written_by_the_page_are_read(tmp_path):
    path = tmp_path / "corrections.jsonl"
    strokes = [[[10, 20], [30, 40.5]]]
    path.write_text(
        json.dumps({"label": "4", "strokes": strokes, "answer": {"digit": 9}})
        + "\n"
        + json.dumps({"label": None, "strokes": strokes, "answer": {"digit": 9}})
    )
    assert [(d.label, d.source, d.writer) for d in read_drawings(path)] == [
        ("4", "", ""),
        ("", "", ""),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Expecting property name"),
        ("7", "not an object"),
        ("[" * 100_000, "recursion"),
        ('{"label": 1, "strokes": []}', "no strokes"),
        ('{"label": 1}', "no strokes"),
        ('{"strokes": [[[0, 0]]]}', "no label"),
        ('{"label": 1, "strokes": [["a"]]}', "stroke 1, point 1"),
        ('{"label": 12, "strokes": [[[0, 0]]]}', "one character or null, got 12"),
        ('{"label": true, "strokes": [[[0, 0]]]}', "one character or null, got True"),
        ('{"label": "12", "strokes": [[[0, 0]]]}', "one character or null, got '12'"),
    ],
)
def test_the_error_for_a_broken_line_gives_its_number_the_format_and_the_content(
    tmp_path, line, message
):
    path = tmp_path / "drawings.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + line + "\n")
    with pytest.raises(ValueError, match=r"drawings\.jsonl, line 2 must be .*, got .*") as error:
        list(read_drawings(path))
    assert message in str(error.value) and len(str(error.value)) < 400


def test_the_error_for_a_truncated_file_or_a_false_gzip_names_the_file(tmp_path):
    path = tmp_path / "drawings.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode() * 100)[:-20])
    with pytest.raises(ValueError, match=r"drawings\.jsonl\.gz"):
        list(read_drawings(path))
    path.write_text("plain")
    with pytest.raises(ValueError, match=r"drawings\.jsonl\.gz cannot be read"):
        list(read_drawings(path))
