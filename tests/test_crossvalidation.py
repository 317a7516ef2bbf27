"""Measuring on held-out writers: each source by a network that has seen none of it."""

import json
import shutil

import numpy as np
import pytest
from drawings import DRAWINGS, NOT_DIGITS

from finalnet import Recognizer
from finalnet.__main__ import main
from finalnet.checkpoint import BUNDLED
from finalnet.drawings import Drawing, read_drawings, write_drawings
from finalnet.evaluation.crossvalidation import MARKS, combine_scores, draw_all, without
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.evaluation.scores import draw_samples, score
from finalnet.training.arguments import TrainingArguments
from finalnet.training.pool import plan_pool

FEW = {"generated_digits": 20, "generated_others": 10, "real_digits": 60, "real_others": 20}


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    """Our own drawings at two places, letters and scribbles among them."""
    labelled = [(str(digit), strokes) for digit, strokes in DRAWINGS.values()]
    labelled += [(name[0] if len(name) == 1 else "", s) for name, s in NOT_DIGITS.items()]
    return [
        Drawing(label, f"place-{place}", [np.array(stroke) for stroke in strokes], "we")
        for place in "ab"
        for label, strokes in labelled
    ]


def test_no_drawing_of_a_held_out_source_is_trained_on(drawings, tmp_path):
    drawn = draw_all(plan_pool(TrainingArguments(**FEW), drawings), tmp_path)
    pool = without(drawn, "place-a")
    left = sum(len(part.labels) for part in pool.drawings)
    assert left == pool.size == 110 - sum((c.sources == "place-a").sum() for c, _ in drawn)
    assert 60 < left < 80
    rest = {picture.tobytes() for c, images in drawn for picture in images[c.sources != "place-a"]}
    again = {
        p.numpy().tobytes() for part in without(drawn, "place-a").drawings for p in part.images
    }
    assert again == rest


def test_the_figures_of_sources_are_combined_as_if_one_network_had_answered(recognizer, drawings):
    digits = [drawing for drawing in drawings if drawing.is_digit]
    by_source = {
        source: score(recognizer, draw_samples(chosen, "tilted"))
        for source, chosen in (("place-a", digits[:20]), ("place-b", digits[20:]))
    }
    combined, whole = combine_scores(by_source), by_source["place-a"].count
    assert combined.count == len(digits) and whole == 20
    right = sum(s.accuracy * s.count for s in by_source.values())
    assert combined.accuracy == pytest.approx(right / len(digits))
    assert np.trace(combined.confusion) == pytest.approx(right)
    assert combined.accuracy_over_sources == pytest.approx(
        sum(s.accuracy for s in by_source.values()) / 2
    )


def test_the_command_measures_each_source_and_resumes(drawings, small_mnist, tmp_path, capsys):
    file, output, table = tmp_path / "drawings.jsonl", tmp_path / "out", tmp_path / "table.md"
    write_drawings(file, drawings)
    table.write_text(f"before\n{''.join(MARKS)}after\n")
    checkpoint = shutil.copytree(BUNDLED, tmp_path / "finalnet")
    command = ["crossvalidate", "--drawings", str(file), "--data-dir", str(small_mnist)]
    command += ["--output", str(output), "--table", str(table), "--record", str(checkpoint)]
    command += ["--epochs", "1", "--precision", "float32"]
    for name, count in FEW.items():
        command += [f"--{name.replace('_', '-')}", str(count)]
    main(command)
    assert table.read_text().startswith(f"before\n{MARKS[0]}| right | place-a | place-b | mean |")
    assert table.read_text().endswith(f"{MARKS[1]}after\n")
    scores = json.loads((output / "place-a" / "scores.json").read_text())
    own = [d for d in read_drawings(file) if d.source == "place-a" and d.is_digit]
    measured = score(Recognizer.load(output / "place-a"), draw_samples(own, "random placement"))
    assert scores["digits"][0]["accuracy"] == measured.accuracy
    metrics = json.loads((checkpoint / "evaluation" / "metrics.json").read_text())
    assert metrics["held-out writers"] == {"seed": TrainingArguments.seed, "epochs": 1}
    assert [row["name"] for row in metrics["digits"]][:4] == list(PLACEMENTS)
    assert metrics["digits"][0]["count"] == 2 * len(DRAWINGS)
    assert "held-out writers" in (checkpoint / "README.md").read_text()
    written = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    main(command)  # all is there
    assert {p: p.stat().st_mtime_ns for p in output.rglob("*") if p.is_file()} == written
    with pytest.raises(SystemExit, match=r"trained with other arguments \(epochs\)"):
        main([*command, "--epochs", "2"])
    with pytest.raises(SystemExit, match="no digits of the source 'nowhere'"):
        main([*command, "--sources", "nowhere"])
