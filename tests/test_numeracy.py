import json
import subprocess
import sys

import pytest
from drawings import DRAWINGS

from finalnet.evaluation.numbers import score_numbers
from finalnet.evaluation.scores import read_strokes


@pytest.fixture
def strokes_file(tmp_path):
    path = tmp_path / "drawings.jsonl"
    rows = [{"label": d, "writer": "us", "strokes": s} for d, s in DRAWINGS.values()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_numbers_of_our_own_drawings_are_measured_the_same_every_time(recognizer, strokes_file):
    drawings = list(read_strokes(strokes_file))
    scores = score_numbers(recognizer, drawings, count=10)
    assert scores == score_numbers(recognizer, drawings, count=10)
    assert [s.length for s in scores] == [1, 2, 3, 4, 5, 6]
    assert all(s.strokes_split >= 0.9 for s in scores)


def test_the_command_measures_numbers_and_says_what_it_needs(strokes_file):
    command = [sys.executable, "-m", "finalnet", "evaluate", "--numbers"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 1 and "--strokes" in refused.stderr
