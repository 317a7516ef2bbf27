"""Measure on hands left out: python -m finalnet crossvalidate --drawings FILE

For every source of drawings a network is trained without it and measured on it, by the recipe of
`train.py`. So each drawing is read by a network that has seen none of its people.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from finalnet.checkpoint import EVALUATION
from finalnet.drawings import Drawing, read_drawings
from finalnet.evaluation.scores import (
    PLACEMENTS,
    draw_samples,
    generated_scribbles,
    score,
    score_rejection,
)
from finalnet.model import FinalNet, to_network
from finalnet.recognizer import Recognizer
from finalnet.training.calibration import calibrate
from finalnet.training.command import (
    add_training_arguments,
    calibration_digits,
    training_arguments,
)
from finalnet.training.data import DATA_DIR, Digits, load_mnist
from finalnet.training.handwriting import Chunk, draw_ahead
from finalnet.training.loop import Pool, TrainingArguments, plan_pool, train
from finalnet.training.writing import write_card

MOST = 2_000  # drawings of one source that are measured, of each kind
SCORES = "scores.json"
MARKS = ("<!-- hands left out -->\n", "<!-- end of hands left out -->\n")

Drawn = tuple[Chunk, np.ndarray]  # what was to be drawn, and its pictures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--drawings", type=Path, nargs="+", required=True, help="as for `train`")
    parser.add_argument(
        "--sources", nargs="+", help="to leave out; by default all that hold digits"
    )
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("crossvalidation"),
        help="folder of the networks; what is there already is not trained again",
    )
    parser.add_argument("--record", type=Path, help="checkpoint folder to keep the figures in")
    parser.add_argument("--table", type=Path, help="Markdown file with the marks of the table")
    add_training_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Train and measure without each source in turn; print and keep the table.

    Raises:
        FileNotFoundError, ValueError: a file or an option makes no sense; the message says why.
    """
    arguments = training_arguments(options)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    sources = options.sources or sorted({d.source for d in drawings if d.is_digit})
    for source in sources:
        if not any(drawing.source == source and drawing.is_digit for drawing in drawings):
            raise ValueError(f"no digits of the source {source!r} in {options.drawings}")
    missing = [s for s in sources if not is_done(options.output / s, arguments)]
    if missing:
        digits, validation = (load_mnist(s, options.data_dir) for s in ("train", "validation"))
        unseen = calibration_digits(validation)
        drawn = draw_all(plan_pool(arguments, drawings))
        for source in tqdm(missing, unit="source"):
            pool = without(drawn, source)
            model, history, _ = train(arguments, digits, validation, pool)
            model = calibrate(model, *unseen)
            scores = measure(model, [d for d in drawings if d.source == source])
            scores["validation_accuracy"] = history[-1].validation_accuracy
            keep(options.output / source, model, arguments, scores)
    figures = summarize(options.output, sources, arguments.seed)
    table = write_table(figures)
    print(table)
    if options.table:
        put_table(options.table, table)
    if options.record:
        record(options.record, figures)


def is_done(folder: Path, arguments: TrainingArguments) -> bool:
    """Whether a folder holds what these arguments gave.

    Raises:
        ValueError: it holds what others gave.
    """
    path = folder / SCORES
    if not path.exists():
        return False
    before = json.loads(path.read_text(encoding="utf-8"))["arguments"]
    if before != asdict(arguments):
        changed = sorted(k for k, v in asdict(arguments).items() if before.get(k) != v)
        raise ValueError(
            f"{folder} was trained with other arguments ({', '.join(changed)}); "
            "name another folder with --output, or delete it"
        )
    return True


def draw_all(chunks: list[Chunk]) -> list[Drawn]:
    """The pictures of every chunk, which all trainings share."""
    with draw_ahead(chunks) as pictures:
        bar = tqdm(pictures, total=len(chunks), unit="thousand drawings")
        return list(zip(chunks, bar, strict=True))


def without(drawn: list[Drawn], source: str) -> Pool:
    """All that was drawn but what is of one source."""
    kept = [chunk.sources != source for chunk, _ in drawn]

    def drawings() -> Iterator[Digits]:
        for (chunk, images), rows in zip(drawn, kept, strict=True):
            yield Digits(torch.from_numpy(images[rows]), torch.from_numpy(chunk.labels[rows]))

    return Pool(sum(int(rows.sum()) for rows in kept), drawings())


def measure(model: FinalNet, drawings: Sequence[Drawing]) -> dict[str, Any]:
    """What a network makes of drawings that it has not seen."""
    recognizer = Recognizer(to_network(model))
    digits = choose([drawing for drawing in drawings if drawing.is_digit])
    samples = [draw_samples(digits, placement) for placement in PLACEMENTS]
    letters = choose([d for d in drawings if d.is_no_digit and d.label.isalpha()])
    others = [draw_samples(letters, "random placement")._replace(name="letters")] if letters else []
    rejections = [
        score_rejection(recognizer, samples[0], other)
        for other in [*others, generated_scribbles(1_000)]
    ]
    return {
        "digits": [asdict(score(recognizer, sample)) for sample in samples],
        "not digits": [asdict(rejection) for rejection in rejections],
    }


def choose(drawings: list[Drawing]) -> list[Drawing]:
    """`MOST` of them at random, the same each time, or all."""
    if len(drawings) <= MOST:
        return drawings
    chosen = np.random.default_rng(0).choice(len(drawings), MOST, replace=False)
    return [drawings[index] for index in sorted(chosen.tolist())]


def keep(
    folder: Path, model: FinalNet, arguments: TrainingArguments, scores: dict[str, Any]
) -> None:
    """Write a network and, as the last file, what was measured with it."""
    model.save_pretrained(folder)
    text = json.dumps({"arguments": asdict(arguments), **scores}, indent=1) + "\n"
    (folder / SCORES).write_text(text, encoding="utf-8")


def summarize(folder: Path, sources: Sequence[str], seed: int) -> dict[str, Any]:
    """Every figure by source, and their mean, every source counting alike."""
    scores = {
        source: json.loads((folder / source / SCORES).read_text(encoding="utf-8"))
        for source in sources
    }
    rows = []
    for place, placement in enumerate(PLACEMENTS):
        by_source = {s: scores[s]["digits"][place] for s in sources}
        accuracies = {s: row["accuracy"] for s, row in by_source.items()}
        rows.append(
            {
                "name": placement,
                "counts": {s: row["count"] for s, row in by_source.items()},
                "accuracy_by_source": accuracies,
                "accuracy": _mean(accuracies.values()),
                "worst_source": min(accuracies, key=accuracies.__getitem__),
                "accepted": _mean(row["accepted"] for row in by_source.values()),
                "calibration_error": _mean(row["calibration_error"] for row in by_source.values()),
            }
        )
    rejections: dict[str, dict[str, Any]] = {}
    for source in sources:
        for row in scores[source]["not digits"]:
            rejections.setdefault(row["name"], {})[source] = row
    return {
        "seed": seed,
        "digits": rows,
        "not digits": [
            {
                "name": name,
                "count": sum(row["count"] for row in by_source.values()),
                "accepted_by_source": {s: row["accepted"] for s, row in by_source.items()},
                "accepted": _mean(row["accepted"] for row in by_source.values()),
                "auroc": _mean(row["auroc"] for row in by_source.values()),
            }
            for name, by_source in rejections.items()
        ],
        "validation_accuracy": _mean(scores[s]["validation_accuracy"] for s in sources),
    }


def _mean(shares: Any) -> float:
    return float(np.mean(list(shares)))


def write_table(figures: dict[str, Any]) -> str:
    """The figures as a Markdown table, a column a source."""
    rows = figures["digits"]
    sources = list(rows[0]["accuracy_by_source"])
    lines = [
        ["right, in percent", *sources, "mean", "calibration error"],
        ["---"] * (len(sources) + 3),
    ]
    for row in rows:
        shares = [*row["accuracy_by_source"].values(), row["accuracy"], row["calibration_error"]]
        lines.append([row["name"], *(f"{share:.2%}" for share in shares)])
    for row in figures["not digits"]:
        shares = [row["accepted_by_source"].get(source) for source in sources]
        cells = ["" if share is None else f"{share:.1%}" for share in [*shares, row["accepted"]]]
        lines.append([f"{row['name']}: accepted", *cells, ""])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("%", " %")


def put_table(path: Path, table: str) -> None:
    """Put the table between its marks in a Markdown file; raises ValueError if they are missing."""
    text = path.read_text(encoding="utf-8")
    start, end = (text.find(mark) for mark in MARKS)
    if not 0 <= start < end:
        raise ValueError(f"no place for the table in {path}; wanted the lines {MARKS}")
    start += len(MARKS[0])
    path.write_text(text[:start] + table + text[end:], encoding="utf-8")


def record(checkpoint: Path, figures: dict[str, Any]) -> None:
    """Keep the figures in a checkpoint folder and in its model card."""
    path = checkpoint / EVALUATION / "metrics.json"
    path.parent.mkdir(exist_ok=True)
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    metrics["hands left out"] = figures
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    write_card(checkpoint)
