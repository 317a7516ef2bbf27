"""The evaluation as files: metrics, confusion matrix, reliability diagram, worst mistakes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from finalnet.checkpoint import COMMITTED, EVALUATION
from finalnet.evaluation.scores import (
    CALIBRATION_BINS,
    Rejection,
    Samples,
    Scores,
    Spread,
    list_answers,
)
from finalnet.recognizer import Prediction, Recognizer
from finalnet.training.writing import write_card

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402

WORST = 40  # mistakes on the contact sheet, in rows of 10

Metrics = dict[str, list[dict[str, Any]]]  # by what was measured: "digits", "not digits", "runs"


def write_report(
    folder: Path,
    recognizer: Recognizer,
    samples: list[Samples],
    scores: list[Scores],
    rejections: list[Rejection],
    spreads: list[Spread],
) -> None:
    """Write `metrics.json` and, for every set of samples, its three pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    metrics = {
        "digits": [asdict(score) for score in scores],
        "not digits": [asdict(rejection) for rejection in rejections],
        "runs": [asdict(spread) for spread in spreads],
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    for sample, score in zip(samples, scores, strict=True):
        name = sample.name.lower().replace(" ", "-")
        predictions = recognizer.recognize_inputs(sample.inputs)
        _save(draw_confusion(score), folder / f"{name}-confusion.png")
        _save(draw_reliability(predictions, sample.labels), folder / f"{name}-reliability.png")
        _save(draw_mistakes(sample, predictions), folder / f"{name}-mistakes.png")


def record(checkpoint: str | None, *report: Any) -> None:
    """Write a report into a checkpoint folder, and its figures into the model card.

    What was recorded before and is not measured anew stays.

    The people who drew gave their drawings for measuring, so their mistakes are not shown: only
    MNIST's are.
    """
    folder = Path(checkpoint or COMMITTED)
    path = folder / EVALUATION / "metrics.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    write_report(folder / EVALUATION, *report)
    if before:
        metrics = merge(before, json.loads(path.read_text(encoding="utf-8")))
        path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    for picture in (folder / EVALUATION).glob("*-mistakes.png"):
        if not picture.name.startswith("mnist"):
            picture.unlink()
    write_card(folder)


def merge(before: Metrics, measured: Metrics) -> Metrics:
    """The figures recorded before, those with a new measurement replaced by it.

    What is not a digit was told from some set of digits; against another one it is no new
    measurement of the same.
    """
    first = before["digits"][0]["name"]
    digits_of = {row["name"]: row.get("digits", first) for row in before["not digits"]}
    merged = {}
    for part, rows in before.items():
        new = {
            row["name"]: row
            for row in measured[part]
            if part != "not digits" or row["digits"] == digits_of.get(row["name"], row["digits"])
        }
        merged[part] = [new.pop(row["name"], row) for row in rows] + list(new.values())
    return merged


def draw_confusion(score: Scores) -> plt.Figure:
    """What was drawn against what was answered; only the mistakes are coloured."""
    counts = np.array(score.confusion)
    mistakes = counts - np.diag(np.diag(counts))
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.imshow(mistakes / counts.sum(axis=1, keepdims=True).clip(1), cmap="Oranges", vmin=0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, count, ha="center", va="center", fontsize=8)
    axes.set(
        xticks=range(10),
        yticks=range(10),
        xlabel="answered",
        ylabel="drawn",
        title=f"{score.name}: {score.accuracy:.2%} of {score.count:,}",
    )
    return figure


def draw_reliability(predictions: Sequence[Prediction], labels: np.ndarray) -> plt.Figure:
    """How often the answer is right against how sure it is."""
    confidence = np.array([prediction.probabilities.max() for prediction in predictions])
    right = list_answers(predictions) == labels
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    bins = np.clip(np.digitize(confidence, edges) - 1, 0, CALIBRATION_BINS - 1)
    used = np.unique(bins)
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    axes.plot(
        [confidence[bins == b].mean() for b in used], [right[bins == b].mean() for b in used], "o-"
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="stated probability", ylabel="share right")
    return figure


def draw_mistakes(samples: Samples, predictions: Sequence[Prediction]) -> plt.Figure:
    """The mistakes of which the network was surest, as it saw them."""
    answers = list_answers(predictions)
    sureness = np.array([prediction.probabilities.max() for prediction in predictions])
    wrong = np.flatnonzero((answers != samples.labels) & (answers >= 0))
    worst = wrong[np.argsort(-sureness[wrong])][:WORST]
    figure, grid = plt.subplots(4, WORST // 4, figsize=(10, 5), layout="constrained")
    for axes in grid.flat:
        axes.axis("off")
    for axes, index in zip(grid.flat, worst, strict=False):
        axes.imshow(samples.inputs[index], cmap="gray_r", vmin=0, vmax=255)
        title = f"{samples.labels[index]}, not {answers[index]}\n{sureness[index]:.0%}"
        axes.set_title(title, fontsize=11)
    return figure


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=110)
    plt.close(figure)
