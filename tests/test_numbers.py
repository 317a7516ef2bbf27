import json

import pytest
from drawings import DRAWINGS

from finalnet.__main__ import main
from finalnet.drawings import read_drawings
from finalnet.evaluation.numbers import KINDS, score_numbers


@pytest.fixture
def drawings_file(tmp_path):
    path = tmp_path / "drawings.jsonl"
    rows = [{"label": d, "writer": "us", "strokes": s} for d, s in DRAWINGS.values()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_measuring_numbers_is_repeatable(recognizer, drawings_file):
    drawings = list(read_drawings(drawings_file))
    scores = score_numbers(recognizer, drawings, count=10)
    assert scores == score_numbers(recognizer, drawings, count=10)
    assert [s.kind for s in scores] == list(KINDS)
    assert all(s.strokes_split >= 0.9 for s in scores)


def test_the_command_measures_numbers_and_names_missing_options(drawings_file, monkeypatch, capsys):
    def evaluate(*options: str) -> list[str]:
        monkeypatch.setattr("sys.argv", ["finalnet", "evaluate", *options])
        main()
        return capsys.readouterr().out.splitlines()

    with pytest.raises(SystemExit, match="--strokes"):
        evaluate("--numbers")
    with pytest.raises(SystemExit, match="at least 1, got 0"):
        evaluate("--numbers", "0", "--strokes", str(drawings_file))
    lines = evaluate("--numbers", "3", "--strokes", str(drawings_file))
    assert [line.split(":")[0] for line in lines] == [f"3 numbers, {kind}" for kind in KINDS]
    assert all(line.count("%") == 4 for line in lines)
