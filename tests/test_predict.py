import json
import os
import subprocess
import sys

import pytest
from drawings import DRAWINGS, NOT_DIGITS
from PIL import Image
from serving import ROOT

from finalnet import draw_strokes


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with a 3, a 7, an A, a blank page, a number, and a file that is not a picture."""
    folder = tmp_path_factory.mktemp("pictures")
    draw_strokes(DRAWINGS["3 round"][1]).save(folder / "three.png")
    draw_strokes(DRAWINGS["7 crossed"][1]).save(folder / "seven.png")
    draw_strokes(NOT_DIGITS["A"]).save(folder / "letter.png")
    Image.new("L", (90, 90), 255).save(folder / "blank.png")
    number = Image.new("L", (600, 300), 255)
    number.paste(draw_strokes(DRAWINGS["3 round"][1]), (0, 10))
    number.paste(draw_strokes(DRAWINGS["7 crossed"][1]), (300, 10))
    number.save(folder / "number.png")
    (folder / "notes.png").write_text("no picture")
    return folder


ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": ""}


def predict(folder, *arguments, environment=ENVIRONMENT, **options):
    command = [sys.executable, "-m", "finalnet", "predict", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, env=environment, **options)


def test_each_file_gives_one_line(pictures):
    run = predict(pictures, "three.png", "seven.png", "letter.png", "blank.png", text=True)
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    assert [row[:3] for row in rows] == [
        ["three.png", "digit", "3"],
        ["seven.png", "digit", "7"],
        ["letter.png", "unsure", "-"],
        ["blank.png", "blank", "-"],
    ]
    assert float(rows[0][3]) > 0.9 and rows[3][3] == "-"
    assert run.returncode == 0 and run.stderr == ""


def test_json_has_one_object_per_line_with_every_probability(pictures):
    run = predict(pictures, "--json", "three.png", "blank.png", text=True)
    three, blank = map(json.loads, run.stdout.splitlines())
    assert (three["file"], three["verdict"], three["digit"]) == ("three.png", "digit", 3)
    assert three["top"][0] == {"digit": 3, "probability": max(three["probabilities"])}
    assert sum(three["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert (blank["verdict"], blank["digit"], blank["top"]) == ("blank", None, [])


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_without_a_file_standard_input_is_read(pictures, arguments):
    run = predict(pictures, *arguments, input=(pictures / "three.png").read_bytes())
    assert run.stdout.decode().split("\t")[:3] == ["-", "digit", "3"]


def test_the_number_option_reads_whole_numbers(pictures):
    run = predict(pictures, "--number", "number.png", "blank.png", text=True)
    number, blank = (line.split("\t") for line in run.stdout.splitlines())
    assert number[:3] == ["number.png", "number", "37"] and blank[1:] == ["blank", "-", "-"]
    read = json.loads(predict(pictures, "--number", "--json", "number.png", text=True).stdout)
    assert [digit["digit"] for digit in read["digits"]] == [3, 7]
    assert all(len(digit["box"]) == 4 for digit in read["digits"])
    worst = min(max(digit["probabilities"]) for digit in read["digits"])
    assert number[3] == f"{worst:.4f}"


def test_an_unreadable_file_does_not_stop_the_others(pictures):
    run = predict(pictures, "notes.png", "nowhere.png", ".", "three.png", text=True)
    assert run.returncode == 1
    assert run.stdout.split("\t")[:3] == ["three.png", "digit", "3"]
    errors = run.stderr.splitlines()
    assert len(errors) == 3 and "Traceback" not in run.stderr
    assert errors[0].startswith("error: notes.png: the file is not an image that can be read")
    assert errors[1] == "error: nowhere.png: No such file or directory"
    assert errors[2] == "error: .: Is a directory"


def test_a_file_name_that_the_terminal_cannot_encode_is_escaped(pictures, tmp_path):
    three = (pictures / "three.png").read_bytes()
    for name in (b"zw\xc3\xb6lf.png", b"not utf-8 \xff.png"):
        (tmp_path / os.fsdecode(name)).write_bytes(three)
    for terminal in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        run = predict(tmp_path, "*.png", environment=ENVIRONMENT | terminal)
        assert run.returncode == 0 and run.stderr == b"", terminal
        assert [line.split(b"\t")[2] for line in run.stdout.splitlines()] == [b"3", b"3"]
        assert run.stdout.startswith(b"not utf-8 \\udcff.png\t"), terminal


def test_a_closed_pipe_ends_the_program_silently(pictures):
    for command in (["predict", "three.png", "seven.png"], ["summary"], ["--help"]):
        reader, writer = os.pipe()
        os.close(reader)  # as `| head -1` does, but at once
        run = subprocess.run(
            [sys.executable, "-m", "finalnet", *command],
            cwd=pictures, stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )  # fmt: skip
        os.close(writer)
        assert (run.returncode, run.stderr) == (141, b""), command


def test_patterns_that_the_shell_does_not_expand_are_expanded(pictures, tmp_path):
    run = predict(pictures, "[r-t]*e?.png", "nothing-*.png", text=True)
    assert [line.split("\t")[0] for line in run.stdout.splitlines()] == ["seven.png", "three.png"]
    assert run.returncode == 1
    assert run.stderr == "error: nothing-*.png: no file matches this pattern\n"
    (tmp_path / "scan[1].png").write_bytes((pictures / "three.png").read_bytes())
    assert predict(tmp_path, "scan[1].png", text=True).stdout.startswith("scan[1].png\tdigit\t3")
