"""The evaluation as files: metrics, confusion matrix, reliability diagram, worst mistakes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from finalnet.checkpoint import BUNDLED, EVALUATION
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

Metrics = dict[str, Any]  # by what was measured: the ROWS, and the recipe of the held-out figures


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
    """How the names of a set's picture files begin."""
    return name.lower().replace(" ", "-")


def record(checkpoint: str | None, *report: Any) -> None:
    """Write a report into a checkpoint folder, and its figures into the model card.

    Figures that are not measured again stay. Shows the mistakes on MNIST only, because people gave
    their drawings for measuring, not for showing.
    """
    folder = Path(checkpoint or BUNDLED)
    write_report(folder / EVALUATION, *report)
    for picture in (folder / EVALUATION).glob("*-mistakes.png"):
        if not picture.name.startswith("mnist"):
            picture.unlink()
    write_card(folder)


def update_metrics(path: Path, measured: Metrics) -> None:
    """Write figures into `metrics.json`, and keep its others."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    metrics = json.dumps(merge(before, measured), indent=1) + "\n"
    path.write_text(metrics, encoding="utf-8")


def merge(before: Metrics, measured: Metrics) -> Metrics:
    """Replace recorded figures by new ones.

    A rejection is measured against a set of digits; one against another set replaces nothing.
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
    """Drawn digits against answers; only mistakes are coloured."""
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
    """The share of right answers against their probability."""
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
    """The network's most confident mistakes, as it saw them."""
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
