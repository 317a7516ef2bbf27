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

ROWS = {"digits", "not digits", "runs"}  # parts of the metrics that are lists of sets of samples

Metrics = dict[str, Any]  # by what was measured: the ROWS, and how hands were left out


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
    update_metrics(folder / "metrics.json", metrics)
    for sample, score in zip(samples, scores, strict=True):
        name = file_name(sample.name)
        predictions = recognizer.recognize_inputs(sample.inputs)
        save_figure(draw_confusion(score), folder / f"{name}-confusion.png")
        reliability = draw_reliability(predictions, sample.labels)
        save_figure(reliability, folder / f"{name}-reliability.png")
        save_figure(draw_mistakes(sample, predictions), folder / f"{name}-mistakes.png")


def file_name(name: str) -> str:
    """The name of a set of samples as that of its pictures begins."""
    return name.lower().replace(" ", "-")


def record(checkpoint: str | None, *report: Any) -> None:
    """Write a report into a checkpoint folder, and its figures into the model card.

    What was recorded before and is not measured anew stays.

    The people who drew gave their drawings for measuring, so their mistakes are not shown: only
    MNIST's are.
    """
    folder = Path(checkpoint or COMMITTED)
    write_report(folder / EVALUATION, *report)
    for picture in (folder / EVALUATION).glob("*-mistakes.png"):
        if not picture.name.startswith("mnist"):
            picture.unlink()
    write_card(folder)


def update_metrics(path: Path, measured: Metrics) -> None:
    """Write figures into `metrics.json`; others that it holds already stay."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    metrics = json.dumps(merge(before, measured), indent=1) + "\n"
    path.write_text(metrics, encoding="utf-8")


def merge(before: Metrics, measured: Metrics) -> Metrics:
    """The figures recorded before, those with a new measurement replaced by it.

    What is not a digit was told from some set of digits; against another one it is no new
    measurement of the same.
    """
    digits = before.get("digits", [])
    digits_of = {
        r["name"]: r.get("digits", digits[0]["name"]) for r in before.get("not digits", [])
    }
    merged = before | measured
    for part in ROWS & before.keys() & measured.keys():
        new = {
            row["name"]: row
            for row in measured[part]
            if part != "not digits" or row["digits"] == digits_of.get(row["name"], row["digits"])
        }
        merged[part] = [new.pop(row["name"], row) for row in before[part]] + list(new.values())
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


def save_figure(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=110)
    plt.close(figure)
