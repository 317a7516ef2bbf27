"""Measures accuracy, calibration and the rejection of non-digits.

Drawn digits take the same path as on the pad, placed on it in four ways; see `PLACEMENTS`. Accuracy
counts the most probable digit, whatever the verdict; the verdict "blank" is never right. `accepted`
is the share of verdicts "digit".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from finalnet.drawings import Drawing
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.network import NUM_CLASSES
from finalnet.pictures.opening import open_picture
from finalnet.preprocessing import preprocess
from finalnet.recognizer import Prediction, Recognizer, confidence
from finalnet.training.data import Digits
from finalnet.training.handwriting import generate_unseen

CALIBRATION_BINS = 15
COMPARED_AT = 0.99  # share of digits accepted at the threshold that compares non-digits
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}


class Samples(NamedTuple):
    """Labelled network inputs."""

    name: str
    inputs: np.ndarray  # (N, 28, 28) uint8
    labels: np.ndarray  # (N,) int64; -1: not a digit
    sources: np.ndarray  # (N,) str


@dataclass(frozen=True)
class Scores:
    """Figures of samples of digits; shares in [0, 1]."""

    name: str
    count: int
    accuracy: float
    accuracy_by_digit: list[float | None]  # None: no such digit among the samples
    accuracy_by_source: dict[str, float]
    accuracy_over_sources: float  # their mean, all sources weighted equally
    worst_source: str
    accepted: float
    calibration_error: float  # expected, 15 bins
    negative_log_likelihood: float
    confusion: list[list[int]]  # row: drawn digit; column: answer, without blanks


@dataclass(frozen=True)
class Rejection:
    """How well non-digits are distinguished from digits; shares in [0, 1]."""

    name: str
    digits: str  # name of the samples of digits
    count: int
    auroc: float
    accepted: float  # at the checkpoint's threshold
    accepted_at_99: float  # at the threshold that accepts 99 % of the digits


@dataclass(frozen=True)
class Spread:
    """Accuracy of several trainings with different seeds; shares in [0, 1]."""

    name: str
    runs: int
    mean: float
    deviation: float  # standard deviation of single runs
    lowest: float
    highest: float


def draw_samples(drawings: Iterable[Drawing], placement: str, seed: int = 0) -> Samples:
    """Network inputs of drawings placed on the pad in one of the `PLACEMENTS`."""
    random = np.random.default_rng(seed)
    inputs, labels, sources = [], [], []
    for drawing in drawings:
        inputs.append(preprocess(PLACEMENTS[placement].render(drawing.strokes, random)))
        labels.append(int(drawing.label) if drawing.is_digit else -1)
        sources.append(drawing.source)
    return Samples(placement, np.stack(inputs), np.array(labels), np.array(sources))


def read_pictures(folder: Path | str) -> Samples:
    """Network inputs of a folder of pictures with one subfolder per digit, 0 to 9.

    Raises:
        FileNotFoundError: there are no such pictures.
    """
    files = [
        (path, digit)
        for digit in range(NUM_CLASSES)
        for path in sorted(Path(folder).glob(f"{digit}/*"))
        if path.suffix.lower() in PICTURES
    ]
    if not files:
        raise FileNotFoundError(f"no pictures in {folder}; wanted {folder}/0/*.png to 9/*.png")
    inputs = np.stack([preprocess(open_picture(path)) for path, _ in files])
    labels = np.array([digit for _, digit in files])
    return Samples(Path(folder).name, inputs, labels, np.full(len(labels), ""))


def mnist_samples(name: str, digits: Digits) -> Samples:
    """MNIST's pictures, which already are network inputs."""
    sources = np.full(len(digits.labels), "")
    return Samples(name, digits.images.numpy(), digits.labels.numpy(), sources)


def generated_scribbles(count: int = 2_000, seed: int = 0) -> Samples:
    """Scribbles and doodles of kinds that no training draws."""
    inputs = generate_unseen(count, seed)
    return Samples("unseen scribbles", inputs, np.full(count, -1), np.full(count, ""))


def score(recognizer: Recognizer, samples: Samples) -> Scores:
    """Measure accuracy and calibration on digits."""
    predictions = recognizer.recognize_inputs(samples.inputs)
    answers = list_answers(predictions)
    right, seen = answers == samples.labels, answers >= 0
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    confusion = np.zeros((NUM_CLASSES, NUM_CLASSES), np.int64)
    np.add.at(confusion, (samples.labels[seen], answers[seen]), 1)
    own = probabilities[np.arange(len(answers)), samples.labels].astype(np.float64)
    by_source = {
        str(source): float(right[samples.sources == source].mean())
        for source in np.unique(samples.sources)
    }
    return Scores(
        name=samples.name,
        count=len(answers),
        accuracy=float(right.mean()),
        accuracy_by_digit=[
            float(right[samples.labels == digit].mean()) if digit in samples.labels else None
            for digit in range(NUM_CLASSES)
        ],
        accuracy_by_source=by_source,
        accuracy_over_sources=float(np.mean(list(by_source.values()))),
        worst_source=min(by_source, key=lambda source: by_source[source]),
        accepted=float(np.mean([p.verdict == "digit" for p in predictions])),
        calibration_error=calibration_error(probabilities[seen], samples.labels[seen]),
        negative_log_likelihood=float(-np.log(own.clip(1e-12)).mean()),
        confusion=confusion.tolist(),
    )


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: the mean gap between stated probability and accuracy.

    Args:
        probabilities: (N, 10) float in [0, 1].
        labels: (N,) int64, 0 to 9.
    Source: Guo et al. 2017, 15 bins of equal width.
    """
    stated = probabilities.max(axis=1).astype(np.float64)
    gaps = (probabilities.argmax(axis=1) == labels) - stated
    bins = np.digitize(stated, np.linspace(0, 1, CALIBRATION_BINS + 1))
    return float(np.abs(np.bincount(bins, gaps)).sum() / len(labels))


def list_answers(predictions: Sequence[Prediction]) -> np.ndarray:
    """The most probable digits, whatever the verdict, (N,) int64; -1: blank."""
    return np.array([-1 if p.verdict == "blank" else p.probabilities.argmax() for p in predictions])


def score_runs(recognizers: Sequence[Recognizer], samples: Samples) -> Spread:
    """Measure the accuracy of at least two checkpoints with different seeds."""
    accuracies = []
    for recognizer in recognizers:
        answers = list_answers(recognizer.recognize_inputs(samples.inputs))
        accuracies.append(float((answers == samples.labels).mean()))
    mean, deviation = float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))
    return Spread(samples.name, len(accuracies), mean, deviation, min(accuracies), max(accuracies))


def score_rejection(recognizer: Recognizer, digits: Samples, others: Samples) -> Rejection:
    """Measure how well non-digits are distinguished from digits."""
    digit_confidence, other_confidence = (
        confidence(recognizer.logits(samples.inputs)) for samples in (digits, others)
    )
    threshold = np.quantile(digit_confidence, 1 - COMPARED_AT)
    verdicts = [prediction.verdict for prediction in recognizer.recognize_inputs(others.inputs)]
    return Rejection(
        name=others.name,
        digits=digits.name,
        count=len(others.labels),
        auroc=area_under_roc(digit_confidence, other_confidence),
        accepted=verdicts.count("digit") / len(verdicts),
        accepted_at_99=float((other_confidence >= threshold).mean()),
    )


def area_under_roc(digits: np.ndarray, others: np.ndarray) -> float:
    """AUROC: the share of pairs where the digit has more confidence; ties count half."""
    ranked = np.sort(others)
    below, up_to = (np.searchsorted(ranked, digits, side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(others))
