"""Measure on held-out writers: python -m finalnet crossvalidate --drawings FILE

Leaves out each source of drawings in turn, trains on the rest with the recipe of `train.py`, and
measures on that source.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from finalnet.checkpoint import EVALUATION, find_checkpoint
from finalnet.drawings import Drawing, read_drawings
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.evaluation.report import draw_confusion, file_name, save_figure, update_metrics
from finalnet.evaluation.scores import (
    Rejection,
    Scores,
    draw_samples,
    score,
    score_rejection,
)
from finalnet.model import FinalNet, to_network
from finalnet.recognizer import Recognizer
from finalnet.training.arguments import TrainingArguments
from finalnet.training.calibration import calibrate
from finalnet.training.command import (
    add_training_arguments,
    calibration_digits,
    describe_start,
    load_start,
    training_arguments,
)
from finalnet.training.data import Digits, add_data_dir, load_mnist
from finalnet.training.handwriting import Chunk, draw_ahead
from finalnet.training.loop import Pool, train
from finalnet.training.pool import plan_pool
from finalnet.training.precision import settle
from finalnet.training.runs import Run, add_ray, check_ray, run_all, to_command
from finalnet.training.writing import write_card

MOST = 2_000  # drawings of one source that are measured, of each kind
SCORES = "scores.json"
PICTURES = "pictures.npy"  # of all drawings, (N, 28, 28) uint8
MARKS = ("<!-- held-out writers -->\n", "<!-- end of held-out writers -->\n")

Drawn = tuple[Chunk, np.ndarray]  # what was to be drawn, and its pictures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--drawings", type=Path, nargs="+", required=True, help="files of drawings, as for `train`"
    )
    parser.add_argument(
        "--sources", nargs="+", help="sources to hold out; default: all that have digits"
    )
    add_data_dir(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("crossvalidation"),
        help="folder of the networks; networks that it already holds are not trained again; "
        "default: crossvalidation",
    )
    parser.add_argument("--record", type=Path, help="checkpoint folder to store the figures in")
    parser.add_argument("--table", type=Path, help="Markdown file in which to replace the table")
    add_ray(parser)
    add_training_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Train and measure with each source held out; print and store the table.

    Raises:
        FileNotFoundError, ValueError: a file or an option is invalid; the message says why.
    """
    check_ray(options.ray)
    arguments = training_arguments(options)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    sources = options.sources or sorted({d.source for d in drawings if d.is_digit})
    for source in sources:
        if not any(drawing.source == source and drawing.is_digit for drawing in drawings):
            files = ", ".join(map(str, options.drawings))
            raise ValueError(f"no digits of the source {source!r} in {files}")
    settings = asdict(arguments) | {"start": describe_start(options.start)}
    del settings["device"], settings["precision"]  # not part of the recipe
    missing = [s for s in sources if not is_done(options.output / s, settings)]
    if len(missing) > 1 or (missing and options.ray):
        train_apart(options, arguments, drawings, missing)
    elif missing:
        train_without(missing[0], options, arguments, drawings, settings)
    figures = summarize(options.output, sources)
    table = write_table(*figures)
    print(table, end="")
    if options.table:
        put_table(options.table, table)
    if options.record:
        record(options.record, arguments, *figures)


def train_apart(
    options: argparse.Namespace,
    arguments: TrainingArguments,
    drawings: Sequence[Drawing],
    sources: Sequence[str],
) -> None:
    """Train all networks at once: run this command for each source by itself."""
    changes: dict[str, Any] = dict.fromkeys(("output", "table", "record", "ray"))
    if not options.ray:
        settled = settle(arguments)  # timed now: side by side, two might choose differently
        changes |= {"device": settled.device, "precision": settled.precision}
        draw_all(plan_pool(arguments, drawings), options.output)  # once, for all of them
    runs = [
        Run(
            source,
            to_command("crossvalidate", options, **changes, sources=[source]),
            options.output,
            options.output / source,
        )
        for source in sources
    ]
    run_all(runs, options.ray)


def train_without(
    source: str,
    options: argparse.Namespace,
    arguments: TrainingArguments,
    drawings: Sequence[Drawing],
    settings: dict[str, Any],
) -> None:
    """Train without a source, measure on it, and store network and figures."""
    torch.set_num_threads(1)  # as beside others, so that the figures are the same
    digits, validation = (load_mnist(s, options.data_dir) for s in ("train", "validation"))
    unseen, start = calibration_digits(validation), load_start(options.start)
    pool = without(draw_all(plan_pool(arguments, drawings), options.output), source)
    model, history, *_ = train(settle(arguments), digits, validation, pool, start)
    model = calibrate(model, *unseen)
    scores = measure(model, [d for d in drawings if d.source == source])
    scores["validation_accuracy"] = history[-1].validation_accuracy
    keep(options.output / source, model, {"settings": settings, **scores})


def is_done(folder: Path, settings: dict[str, Any]) -> bool:
    """Whether a folder holds the result of a training with these settings.

    Raises:
        ValueError: it holds the result of other settings.
    """
    path = folder / SCORES
    if not path.exists():
        return False
    before = json.loads(path.read_text(encoding="utf-8"))["settings"]
    changed = [name for name, value in settings.items() if before.get(name) != value]
    if changed:
        raise ValueError(
            f"{folder} was trained with other arguments ({', '.join(changed)}); "
            "name another folder with --output, or delete it"
        )
    return True


def draw_all(chunks: list[Chunk], folder: Path) -> list[Drawn]:
    """The pictures of every chunk, shared by all trainings; reuses those in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PICTURES
    if not path.exists():
        with draw_ahead(chunks) as drawn:
            bar = tqdm(drawn, total=len(chunks), unit="thousand drawings")
            new = path.with_name(f"new-{PICTURES}")
            np.save(new, np.concatenate(list(bar)))
            new.rename(path)
    ends = np.cumsum([len(chunk.labels) for chunk in chunks])
    pictures = np.load(path, mmap_mode="r")
    if len(pictures) != ends[-1]:
        raise ValueError(f"{path} was drawn with other arguments; delete it, or its folder")
    return list(zip(chunks, np.split(pictures, ends[:-1]), strict=True))


def without(drawn: list[Drawn], source: str) -> Pool:
    """Everything drawn, except for one source."""
    kept = [chunk.sources != source for chunk, _ in drawn]

    def drawings() -> Iterator[Digits]:
        for (chunk, images), rows in zip(drawn, kept, strict=True):
            yield Digits(
                torch.from_numpy(np.array(images[rows])), torch.from_numpy(chunk.labels[rows])
            )

    return Pool(sum(int(rows.sum()) for rows in kept), drawings())


def measure(model: FinalNet, drawings: Sequence[Drawing]) -> dict[str, Any]:
    """Measure a network on drawings that it has not seen."""
    recognizer = Recognizer(to_network(model))
    digits = choose([drawing for drawing in drawings if drawing.is_digit])
    samples = [draw_samples(digits, placement) for placement in PLACEMENTS]
    letters = choose([d for d in drawings if d.is_no_digit and d.label.isalpha()])
    rejections = []
    if letters:
        others = draw_samples(letters, "random placement")._replace(name="drawn letters")
        rejections.append(score_rejection(recognizer, samples[0], others))
    return {
        "digits": [asdict(score(recognizer, sample)) for sample in samples],
        "not digits": [asdict(rejection) for rejection in rejections],
    }


def choose(drawings: list[Drawing]) -> list[Drawing]:
    """At most `MOST` drawings, chosen at random, the same each time."""
    if len(drawings) <= MOST:
        return drawings
    chosen = np.random.default_rng(0).choice(len(drawings), MOST, replace=False)
    return [drawings[index] for index in sorted(chosen.tolist())]


def keep(folder: Path, model: FinalNet, scores: dict[str, Any]) -> None:
    """Write a network and, last, its figures."""
    model.save_pretrained(folder)
    (folder / SCORES).write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def summarize(folder: Path, sources: Sequence[str]) -> tuple[list[Scores], list[Rejection]]:
    """Combine the figures of all sources, as if they came from one network."""
    scores = [json.loads((folder / s / SCORES).read_text(encoding="utf-8")) for s in sources]
    digits = [
        combine_scores(dict(zip(sources, rows, strict=True)))
        for rows in zip(*([Scores(**row) for row in s["digits"]] for s in scores), strict=True)
    ]
    rejections = [Rejection(**row) for s in scores for row in s["not digits"]]
    names = dict.fromkeys(rejection.name for rejection in rejections)
    return digits, [combine_rejections([r for r in rejections if r.name == name]) for name in names]


def combine_scores(by_source: dict[str, Scores]) -> Scores:
    """Combine the figures of several networks, each measured on its own source."""
    scores = list(by_source.values())
    counts = [score.count for score in scores]
    confusion = np.sum([score.confusion for score in scores], axis=0)
    accuracies = {source: score.accuracy for source, score in by_source.items()}

    def mean(name: str) -> float:
        return float(np.average([getattr(score, name) for score in scores], weights=counts))

    return Scores(
        name=scores[0].name,
        count=sum(counts),
        accuracy=mean("accuracy"),
        accuracy_by_digit=(confusion.diagonal() / confusion.sum(axis=1)).tolist(),
        accuracy_by_source=accuracies,
        accuracy_over_sources=float(np.mean(list(accuracies.values()))),
        worst_source=min(accuracies, key=accuracies.__getitem__),
        accepted=mean("accepted"),
        calibration_error=mean("calibration_error"),
        negative_log_likelihood=mean("negative_log_likelihood"),
        confusion=confusion.tolist(),
    )


def combine_rejections(rejections: list[Rejection]) -> Rejection:
    counts = [rejection.count for rejection in rejections]

    def mean(name: str) -> float:
        return float(np.average([getattr(r, name) for r in rejections], weights=counts))

    return replace(
        rejections[0],
        count=sum(counts),
        auroc=mean("auroc"),
        accepted=mean("accepted"),
        accepted_at_99=mean("accepted_at_99"),
    )


def write_table(digits: list[Scores], rejections: list[Rejection]) -> str:
    """The figures as a Markdown table, one column per source."""
    sources = list(digits[0].accuracy_by_source)
    lines = [
        ["right", *sources, "mean", "accepted", "calibration error"],
        ["---"] * (len(sources) + 4),
    ]
    for row in digits:
        shares = [*row.accuracy_by_source.values(), row.accuracy_over_sources]
        shares += [row.accepted, row.calibration_error]
        lines.append([row.name, *(f"{share:.2%}" for share in shares)])
    for other in rejections:
        empty = [""] * (len(sources) + 1)
        lines.append([f"{other.count:,} {other.name}", *empty, f"{other.accepted:.2%}", ""])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("%", " %")


def put_table(path: Path, table: str) -> None:
    """Replace the table between its marks in a Markdown file; ValueError if there are none."""
    text = path.read_text(encoding="utf-8")
    start, end = (text.find(mark) for mark in MARKS)
    if not 0 <= start < end:
        marks = " and ".join(mark.strip() for mark in MARKS)
        raise ValueError(f"{path} has no place for the table; add the lines {marks}")
    start += len(MARKS[0])
    path.write_text(text[:start] + table + text[end:], encoding="utf-8")


def record(
    checkpoint: Path,
    arguments: TrainingArguments,
    digits: list[Scores],
    rejections: list[Rejection],
) -> None:
    """Store the figures in a checkpoint folder and in its model card.

    Raises:
        FileNotFoundError: there is no checkpoint in the folder.
    """
    folder = find_checkpoint(checkpoint) / EVALUATION
    folder.mkdir(exist_ok=True)
    save_figure(draw_confusion(digits[0]), folder / f"{file_name(digits[0].name)}-confusion.png")
    update_metrics(
        folder / "metrics.json",
        {
            "digits": [asdict(score) for score in digits],
            "not digits": [asdict(rejection) for rejection in rejections],
            "held-out writers": {"seed": arguments.seed, "epochs": arguments.epochs},
        },
    )
    write_card(checkpoint)
