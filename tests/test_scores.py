import gzip
import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from drawings import DRAWINGS, NOT_DIGITS
from PIL import Image

from finalnet import FinalNet, Recognizer, draw_strokes
from finalnet.__main__ import main
from finalnet.checkpoint import BUNDLED
from finalnet.drawings import read_drawings
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.evaluation.report import merge, record, write_report
from finalnet.evaluation.scores import (
    draw_samples,
    generated_scribbles,
    mnist_samples,
    read_pictures,
    score,
    score_rejection,
    score_runs,
)
from finalnet.model import to_network, to_tensor
from finalnet.pictures.ink import find_ink
from finalnet.training.data import load_mnist
from finalnet.training.writing import check_output
from finalnet.views import make_views


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_our_own_drawings_are_recognised_in_every_placement(recognizer, drawings_file, placement):
    samples = draw_samples(read_drawings(drawings_file), placement)
    scores = score(recognizer, samples)
    assert scores.count == len(DRAWINGS)
    assert scores.accuracy >= 0.9
    assert scores.accuracy_by_source == {"tests": scores.accuracy}


def test_scores_are_what_can_be_counted_by_hand(recognizer, drawings_file):
    samples = draw_samples(read_drawings(drawings_file), "random placement")
    labels = samples.labels.copy()
    labels[:3] = 9  # three wrong labels: the first three drawings are zeros
    scores = score(recognizer, samples._replace(labels=labels))
    predictions = recognizer.recognize_inputs(samples.inputs)
    probabilities = np.stack([p.probabilities for p in predictions]).astype(float)
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, answers), 1)
    assert scores.confusion == confusion.tolist()
    assert scores.accuracy == pytest.approx((answers == labels).mean())
    assert scores.accuracy_by_digit[9] == pytest.approx((answers == labels)[labels == 9].mean())
    own = probabilities[np.arange(len(labels)), labels].clip(1e-12)
    assert scores.negative_log_likelihood == pytest.approx(-np.log(own).mean(), rel=1e-3)
    confidence, bins = probabilities.max(axis=1), np.ceil(probabilities.max(axis=1) * 15)
    gaps = [
        abs((answers == labels)[bins == b].mean() - confidence[bins == b].mean())
        * (bins == b).mean()
        for b in np.unique(bins)
    ]
    assert scores.calibration_error == pytest.approx(sum(gaps), abs=1e-3)


def test_a_blank_input_is_never_right(recognizer, drawings_file):
    samples = draw_samples(read_drawings(drawings_file), "random placement")
    inputs = samples.inputs.copy()
    blank = np.flatnonzero(samples.labels == 0)[0]
    inputs[blank] = 0
    seen = score(
        recognizer,
        samples._replace(
            inputs=np.delete(samples.inputs, blank, axis=0),
            labels=np.delete(samples.labels, blank),
            sources=np.delete(samples.sources, blank),
        ),
    )
    samples = samples._replace(inputs=inputs)
    scores = score(recognizer, samples)
    count = len(samples.labels)
    assert scores.accuracy == pytest.approx(seen.accuracy * (count - 1) / count)
    assert scores.confusion == seen.confusion
    assert scores.calibration_error == pytest.approx(seen.calibration_error)
    assert scores.accuracy_by_digit[0] < seen.accuracy_by_digit[0]
    assert score_runs([recognizer, recognizer], samples).mean == scores.accuracy


def test_the_mean_over_sources_counts_every_source_alike(recognizer, drawings_file):
    samples = draw_samples(read_drawings(drawings_file), "random placement")
    labels, sources = samples.labels.copy(), samples.sources.astype(object)
    sources[:], sources[:3] = "many", "few"
    labels[:2] = 9  # wrong: the first three drawings are zeros
    scores = score(recognizer, samples._replace(labels=labels, sources=sources))
    few, many = scores.accuracy_by_source["few"], scores.accuracy_by_source["many"]
    assert few == pytest.approx(1 / 3) and many > 0.9
    assert scores.accuracy_over_sources == pytest.approx((few + many) / 2)
    assert scores.worst_source == "few"


def test_rejection_is_what_can_be_counted_by_hand(recognizer, drawings_file):
    digits = draw_samples(read_drawings(drawings_file), "random placement")
    others = generated_scribbles(60)
    rejection = score_rejection(recognizer, digits, others)
    model, sure = FinalNet.from_pretrained(BUNDLED).eval(), {}
    for samples in (digits, others):
        views = torch.from_numpy(make_views(samples.inputs, model.pens)).flatten(0, 1)
        with torch.inference_mode():
            logits = model.logits(to_tensor(views)).unflatten(0, (-1, len(model.pens)))
        sure[samples.name] = logits.mean(dim=1).softmax(dim=1).amax(dim=1).numpy()
    pairs = sure[digits.name][:, None] - sure[others.name]
    auroc = (pairs > 0).mean() + (pairs == 0).mean() / 2
    assert rejection.auroc == pytest.approx(auroc, abs=1e-4)
    threshold = np.quantile(sure[digits.name], 0.01)
    assert rejection.accepted_at_99 == pytest.approx((sure[others.name] >= threshold).mean())


def test_without_a_threshold_everything_is_accepted(drawings_file):
    model = FinalNet.from_pretrained(BUNDLED).eval()
    model.rejection_threshold = None
    digits = draw_samples(read_drawings(drawings_file), "random placement")
    rejection = score_rejection(Recognizer(to_network(model)), digits, generated_scribbles(30))
    assert rejection.accepted == 1


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_placing_keeps_all_ink_on_the_pad(placement):
    random = np.random.default_rng(0)
    strokes = [np.asarray(stroke) for stroke in DRAWINGS["1 bar"][1]]
    images = [PLACEMENTS[placement].render(strokes, random) for _ in range(300)]
    boxes = np.array([cv2.boundingRect(find_ink(image)) for image in images])
    left, top, width, height = boxes.T
    low, high = PLACEMENTS[placement].size
    # A bar that the edge cut off would be shorter than the smallest one placed.
    longest = np.maximum(width, height)
    assert longest.min() >= 0.9 * low * 280
    assert longest.max() <= high * 280 + 2
    assert left.min() < 10 and top.min() < 10
    assert (left + width).max() > 270 and (top + height).max() > 270


def test_placements_do_what_their_names_say():
    random = np.random.default_rng(0)
    bar = [np.array([[0.0, 0.0], [0.0, 100.0]])]
    for _ in range(50):
        left, top, width, height = cv2.boundingRect(
            find_ink(PLACEMENTS["corner and small"].render(bar, random))
        )
        assert min(left, 280 - left - width) <= 1
        assert min(top, 280 - top - height) <= 1
        assert height < 70
    shapes = [
        cv2.boundingRect(find_ink(PLACEMENTS["thin and thick"].render(bar, random)))[2:]
        for _ in range(50)
    ]
    shares = np.array([width / height for width, height in shapes])
    assert ((abs(shares - 0.04) < 0.02) | (abs(shares - 0.2) < 0.02)).all()


def test_recorded_figures_stay_with_the_checkpoint(
    recognizer, small_mnist, drawings_file, tmp_path
):
    folder = tmp_path / "finalnet"
    shutil.copytree(BUNDLED, folder)
    shutil.rmtree(folder / "evaluation")
    command = ["evaluate", "--checkpoint", str(folder)]
    command += ["--strokes", str(drawings_file), "--runs", str(BUNDLED), "--record"]
    others = tmp_path / "letters-of-mine.jsonl"
    others.write_text(json.dumps({"label": "A", "strokes": NOT_DIGITS["A"]}))
    command += ["--others", str(others)]
    main(command)
    names = {path.name for path in (folder / "evaluation").iterdir()}
    assert {"metrics.json", "tilted-confusion.png", "tilted-reliability.png"} <= names
    assert "tilted-mistakes.png" not in names
    before = json.loads((folder / "evaluation" / "metrics.json").read_text())
    # What is not measured anew stays, and scribbles told from other digits are not the same.
    mnist = mnist_samples("MNIST test", load_mnist("test", small_mnist))
    rejection = score_rejection(recognizer, mnist, generated_scribbles(30))
    record(str(folder), recognizer, [mnist], [score(recognizer, mnist)], [rejection], [])
    figures = json.loads((folder / "evaluation" / "metrics.json").read_text())
    assert figures["digits"][:4] == before["digits"]
    assert [score["name"] for score in figures["digits"]] == [*PLACEMENTS, "MNIST test"]
    assert figures["not digits"] == before["not digits"]
    assert figures["runs"] == before["runs"] and len(before["runs"]) == 4
    assert names < {path.name for path in (folder / "evaluation").iterdir()}
    card = (folder / "README.md").read_text()
    assert f"| tilted | {figures['digits'][3]['accuracy']:.2%} |" in card
    assert "tilted, 2 seeds" in card and "| MNIST test |" in card
    # Named in a reader's words: not by its file, and without the build's tag.
    assert "| not digits: drawn letters |" in card and "letters-of-mine" not in card
    assert "with torch 2" in " ".join(card.split()) and "+" not in card
    check_output(folder)


def test_figures_of_a_checkpoint_on_the_hub_cannot_be_recorded():
    with pytest.raises(SystemExit, match="needs a checkpoint folder, got owner/name"):
        main(["evaluate", "--checkpoint", "owner/name", "--record"])


def test_what_is_measured_anew_replaces_what_was_recorded():
    def metrics(mnist: float, scribbles: float, digits: str) -> dict:
        return {
            "digits": [{"name": "tilted", "accuracy": 0.9}, {"name": "MNIST", "accuracy": mnist}],
            "not digits": [{"name": "scribbles", "digits": digits, "auroc": scribbles}],
            "runs": [],
        }

    before = metrics(0.5, 0.5, "tilted")
    assert merge(before, metrics(0.6, 0.6, "tilted")) == metrics(0.6, 0.6, "tilted")
    assert merge(before, metrics(0.6, 0.6, "MNIST")) == metrics(0.6, 0.5, "tilted")
    del before["not digits"][0]["digits"]  # as it was recorded before the digits were named
    assert merge(before, metrics(0.6, 0.6, "tilted")) == metrics(0.6, 0.6, "tilted")


def test_a_folder_of_pictures_is_read_by_its_subfolders(recognizer, tmp_path):
    for digit, name in ((3, "3 round"), (8, "8 two circles")):
        (tmp_path / str(digit)).mkdir()
        draw_strokes(DRAWINGS[name][1]).save(tmp_path / str(digit) / "drawn.png")
    samples = read_pictures(tmp_path)
    assert samples.labels.tolist() == [3, 8]
    assert score(recognizer, samples).accuracy == 1
    with pytest.raises(FileNotFoundError, match="no pictures in"):
        read_pictures(tmp_path / "3")


def test_the_spread_of_runs_is_what_can_be_counted_by_hand(recognizer, drawings_file):
    samples = draw_samples(read_drawings(drawings_file), "random placement")
    untrained = Recognizer(to_network(FinalNet()))
    accuracies = [score(r, samples).accuracy for r in (recognizer, untrained)]
    spread = score_runs([recognizer, untrained], samples)
    assert spread.mean == pytest.approx(sum(accuracies) / 2)
    assert spread.deviation == pytest.approx((accuracies[0] - accuracies[1]) / 2**0.5)
    assert [spread.highest, spread.lowest] == accuracies


def test_the_report_has_metrics_and_pictures(recognizer, drawings_file, tmp_path):
    samples = draw_samples(read_drawings(drawings_file), "tilted")
    scores = score(recognizer, samples)
    rejection = score_rejection(recognizer, samples, generated_scribbles(30))
    spread = score_runs([recognizer, recognizer], samples)
    write_report(tmp_path / "report", recognizer, [samples], [scores], [rejection], [spread])
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert metrics["digits"][0]["accuracy"] == scores.accuracy
    assert metrics["not digits"][0]["auroc"] == rejection.auroc
    for picture in ("confusion", "reliability", "mistakes"):
        with Image.open(tmp_path / "report" / f"tilted-{picture}.png") as image:
            assert min(image.size) > 300


def test_evaluate_command_measures_mnist_and_the_digits_of_a_file(
    small_mnist, drawings_file, tmp_path, capsys
):
    mixed = tmp_path / "mixed.jsonl"
    others = [{"label": label, "strokes": NOT_DIGITS["A"]} for label in ("A", None)]
    mixed.write_bytes(
        gzip.decompress(drawings_file.read_bytes())
        + "".join(json.dumps(other) + "\n" for other in others).encode()
    )
    command = ["evaluate", "--data-dir", str(small_mnist)]
    command += ["--strokes", str(mixed), "--mnist", "test"]
    main(command)
    told = capsys.readouterr().out
    for placement in PLACEMENTS:
        assert f"{placement}: {len(DRAWINGS)} digits" in told
    test = mnist_samples("MNIST test", load_mnist("test", small_mnist))
    figure = score(Recognizer.load(), test).accuracy
    assert f"MNIST test: 500 digits, right {figure:.2%}" in told
