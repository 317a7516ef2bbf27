import gzip
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import MNIST_DIR
from drawings import DRAWINGS

from finalnet.evaluation import accuracy_on_strokes, place_at_random, read_strokes
from finalnet.preprocessing import find_ink


@pytest.fixture
def strokes_file(tmp_path):
    path = tmp_path / "drawings.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for digit, strokes in DRAWINGS.values():
            file.write(json.dumps({"label": digit, "source": "tests", "strokes": strokes}) + "\n")
    return path


def test_our_own_drawings_are_recognised_when_placed_at_random(recognizer, strokes_file):
    assert accuracy_on_strokes(recognizer, strokes_file) >= 0.95


def test_a_wrong_label_is_counted_as_a_mistake(recognizer, tmp_path):
    path = tmp_path / "drawings.jsonl"
    strokes = DRAWINGS["3 round"][1]
    rows = [{"label": label, "strokes": strokes} for label in ("3", "4", 3, 5)]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert accuracy_on_strokes(recognizer, path) == 0.5


def test_placing_at_random_keeps_all_ink_on_the_pad_and_reaches_every_side():
    random = np.random.default_rng(0)
    strokes = [np.asarray(stroke) for stroke in DRAWINGS["1 bar"][1]]
    boxes = [cv2.boundingRect(find_ink(place_at_random(strokes, random))) for _ in range(300)]
    left, top, width, height = np.array(boxes).T
    # A bar that the edge cut off would be shorter than the smallest one placed.
    assert height.min() >= 0.25 * 280 - 2 and height.max() <= 0.9 * 280 + 2
    assert height.min() < 0.3 * 280 and height.max() > 0.85 * 280
    assert left.min() < 10 and top.min() < 10
    assert (left + width).max() > 270 and (top + height).max() > 270


@pytest.mark.parametrize("line", ["{", '{"label": 1}', '{"label": 1, "strokes": [["a"]]}', "7"])
def test_a_broken_line_is_named(tmp_path, line):
    path = tmp_path / "drawings.jsonl"
    path.write_text(json.dumps({"label": 1, "strokes": [[[0, 0]]]}) + "\n" + line + "\n")
    with pytest.raises(ValueError, match="line 2: wanted"):
        list(read_strokes(path))


def test_evaluate_command_prints_the_committed_figure(mnist_test):
    command = [sys.executable, "-m", "finalnet", "evaluate", "--data-dir", str(MNIST_DIR)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "MNIST test, 10,000 images: 99." in run.stdout


def test_evaluate_command_measures_a_strokes_file(strokes_file):
    command = [sys.executable, "-m", "finalnet", "evaluate", "--strokes", str(strokes_file)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "drawings.jsonl.gz, placed at random: " in run.stdout
