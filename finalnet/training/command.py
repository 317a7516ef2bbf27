"""Train FinalNet and write its checkpoint: python train.py"""

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from finalnet.checkpoint import BUNDLED, CURVES, IS_INSTALLED, load_checkpoint
from finalnet.drawings import Drawing, read_drawings
from finalnet.model import FinalNet, to_network
from finalnet.network import NUM_CLASSES
from finalnet.recognizer import view_logits
from finalnet.training.arguments import FINE_TUNING, QUICK, TrainingArguments
from finalnet.training.calibration import calibrate
from finalnet.training.curves import write_curves
from finalnet.training.data import DATA_DIR, Digits, add_data_dir, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.logs import LOGS, Log, check_log, open_log
from finalnet.training.loop import measure_accuracy, train
from finalnet.training.pool import growing_pool
from finalnet.training.precision import settle
from finalnet.training.runs import Run, add_ray, check_ray, run_all, to_command, to_option
from finalnet.training.unfinished import Progress, read_progress, unfinished_path, write_progress
from finalnet.training.writing import check_output, versions, write_checkpoint

VALIDATION_SEED = 2**31  # generates digits that no training sees
HELP = {
    "epochs": "passes over MNIST's training images",
    "generated_digits": "generated drawings of digits in the whole training",
    "generated_others": "generated drawings that are not digits, in the whole training",
    "generated_per_epoch": "generated drawings of both kinds in an epoch",
    "real_digits": "variations of people's digits in the whole training, with --drawings",
    "real_others": "variations of people's letters and signs, with --drawings",
    "batch_size": "images per step",
    "learning_rate": "peak rate of AdamW, which trains biases, norms and the last layer",
    "muon_rate": "peak rate of Muon, which trains the other kernels",
    "weight_decay": "weight decay of both optimizers",
    "dropout": "probability of dropping each feature before the last layer",
    "ema_span": "average the weights over this share of the training",
    "seed": "seed of all random numbers; a seed repeats its result on the same machine",
    "device": "auto, cpu, mps, cuda or a GPU such as cuda:1",
    "precision": "auto (the faster one), float32 or bfloat16",
}
PRESETS = {None: TrainingArguments(), "quick": QUICK}
# An installed package does not write into its own folder.
OUTPUT = Path("checkpoints", "finalnet") if IS_INSTALLED else BUNDLED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, help=f"checkpoint folder to write; default: {OUTPUT}"
    )
    parser.add_argument(
        "--drawings",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="also train on people's drawings (JSON lines, may be gzip)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the interrupted training of --output with its own options",
    )
    parser.add_argument(
        "--seeds",
        type=seed_range,
        metavar="FIRST-LAST",
        help="train with each of these seeds, one per core at a time, into OUTPUT-seed-FIRST etc.",
    )
    add_ray(parser)
    parser.add_argument(
        "--log-to", choices=LOGS, help="also log each epoch to this tool, if it is installed"
    )
    add_training_arguments(parser)


def seed_range(text: str) -> range:
    """Parse "0-4" as the seeds 0 to 4."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    seeds = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"wanted seeds such as 3 or 0-4, got {text!r:.40}")
    return seeds


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--from`, `--preset`, and an option for each of the `TrainingArguments`."""
    parser.add_argument(
        "--from",
        type=Path,
        dest="start",
        metavar="CHECKPOINT",
        help="start from the weights of this checkpoint folder",
    )
    parser.add_argument(
        "--preset",
        choices=["quick"],
        help="quick: train on MNIST alone, to 99 %% in half a minute",
    )
    for field in fields(TrainingArguments):
        fine_tuning = getattr(FINE_TUNING, field.name)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            help=f"{HELP[field.name]}; default: {field.default}"
            + (f"; with --from {fine_tuning}" if fine_tuning != field.default else ""),
        )


def run(options: argparse.Namespace) -> None:
    """Train, calibrate, measure on MNIST's test set, and write the checkpoint.

    Raises:
        FileNotFoundError, ValueError: an option is invalid; the message says which and why.
    """
    if options.seeds is not None:
        return train_seeds(options)
    if options.ray:
        raise ValueError("--ray trains several networks at once; name their seeds with --seeds")
    log = open_log(options.log_to, options.output)
    check_output(options.output)
    unfinished = unfinished_path(options.output)
    resumed = read_progress(unfinished) if options.resume else None
    if resumed:
        take_options(options, resumed["options"])
        torch.set_num_threads(resumed["threads"])  # another number changes the last bits of sums
    elif unfinished.exists():
        print(f"replacing the unfinished training in {unfinished}; --resume would continue it")
    try:
        train_and_write(options, unfinished, resumed, log)
    except (KeyboardInterrupt, OSError):
        if unfinished.exists():
            go_on = f"python train.py --resume --output {options.output}"
            print(f"stopped, nothing is lost; continue with: {go_on}", file=sys.stderr)
        raise
    unfinished.unlink(missing_ok=True)


def train_seeds(options: argparse.Namespace) -> None:
    """Train with each seed into its own folder, and print a table of their accuracy."""
    check_ray(options.ray)
    check_log(options.log_to)
    outputs = {
        s: options.output.with_name(f"{options.output.name}-seed-{s}") for s in options.seeds
    }
    left_out: dict[str, Any] = dict.fromkeys(("output", "seeds", "ray", "resume"))
    if not options.resume:
        arguments = training_arguments(options)
        for output in outputs.values():
            check_output(output)
            unfinished_path(output).unlink(missing_ok=True)
        load_mnist("test", options.data_dir)  # downloads it or fails now, not in every training
        if not options.ray:  # timed here: trainings side by side could choose differently
            settled = settle(arguments)
            left_out |= {"device": settled.device, "precision": settled.precision}
    runs = [
        Run(f"seed {seed}", to_command("train", options, **left_out, seed=seed), output, output)
        for seed, output in outputs.items()
        if not (options.resume and (output / "metrics.json").exists())
    ]
    try:
        run_all(runs, options.ray)
    except KeyboardInterrupt:
        print(
            "stopped, nothing is lost; continue with the same command and --resume", file=sys.stderr
        )
        raise
    print(write_seeds(outputs), end="")


def write_seeds(outputs: dict[int, Path]) -> str:
    """Format the validation and test accuracy of each seed's checkpoint as a Markdown table."""
    names = ("validation_accuracy", "test_accuracy")
    metrics = [
        json.loads((output / "metrics.json").read_text("utf-8")) for output in outputs.values()
    ]
    shares = np.array([[each[name] for name in names] for each in metrics])
    lines = [["seed", "MNIST validation", "MNIST test"], ["---"] * 3]
    for seed, row in zip(outputs, shares, strict=True):
        lines.append([str(seed), *(f"{share:.2%}" for share in row)])
    if len(shares) > 1:
        spread = zip(shares.mean(axis=0), shares.std(axis=0, ddof=1), strict=True)
        lines.append(
            ["mean", *(f"{mean:.2%} ± {100 * deviation:.2f}" for mean, deviation in spread)]
        )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("%", " %")


def train_and_write(
    options: argparse.Namespace, unfinished: Path, resumed: Progress | None, log: Log
) -> None:
    """Train and write the checkpoint; after each epoch, save the progress for `--resume`."""
    arguments = training_arguments(options)
    settled = replace(arguments, **resumed["settled"]) if resumed else settle(arguments)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    start_model = load_start(options.start)
    digits, validation, test = (
        load_mnist(split, options.data_dir) for split in ("train", "validation", "test")
    )
    given = {
        "options": give_options(options),
        "settled": {"device": settled.device, "precision": settled.precision},
        "threads": torch.get_num_threads(),
    }

    def keep(progress: Progress) -> None:
        try:
            write_progress(unfinished, given | progress)
        except OSError as error:
            tqdm.write(f"could not save the progress of the training ({error}); training continues")

    # Snapshots cost as much as half an epoch, too much for the quick preset.
    keep_states = not options.preset
    with growing_pool(arguments, drawings) as pool:
        model, history, precision, states = train(
            settled, digits, validation, pool, start_model, keep_states, resumed, keep, log
        )
    trained = time.perf_counter()
    if arguments.generated_others:  # without them, its confidence says nothing about non-digits
        model = calibrate(model, *calibration_digits(validation))
    answers = view_logits(to_network(model), test.images.numpy()).argmax(axis=1)
    metrics = {
        "test_accuracy": float((answers == test.labels.numpy()).mean()),
        "test_accuracy_of_one_view": measure_accuracy(model, test),
        "validation_accuracy": history[-1].validation_accuracy,
        "seconds": history[-1].seconds + time.perf_counter() - trained,
        "device": settled.device,
        "precision": precision,
        "arguments": asdict(arguments),
        "drawings": describe_drawings(drawings),
        "start": describe_start(options.start),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(options.output, model, metrics, states)
    write_curves(options.output / CURVES, history)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {options.output}")


def give_options(options: argparse.Namespace) -> dict[str, Any]:
    """Options to store with the progress; absolute paths, to resume from any folder."""
    arguments = {field.name: getattr(options, field.name) for field in fields(TrainingArguments)}
    return arguments | {
        "preset": options.preset,
        "data_dir": str(options.data_dir.resolve()),
        "drawings": [str(path.resolve()) for path in options.drawings],
        "start": str(options.start.resolve()) if options.start else None,
    }


def take_options(options: argparse.Namespace, kept: dict[str, Any]) -> None:
    """Set all options but `--output` as they were when the resumed training began.

    Raises:
        ValueError: an option differs from then. `--data-dir` may, because MNIST may have moved.
    """
    for name, before in kept.items():
        now = give_options(options)[name]
        if now not in (None, [], before) and name != "data_dir":
            raise ValueError(
                f"the training began with {to_option(name)} {before}, not {now}; leave "
                "that option out, or start again without --resume"
            )
    moved = options.data_dir if options.data_dir != DATA_DIR else None
    for name, value in kept.items():
        setattr(options, name, value)
    options.data_dir = moved or Path(kept["data_dir"])
    options.drawings = [Path(path) for path in kept["drawings"]]
    options.start = Path(kept["start"]) if kept["start"] else None


def training_arguments(options: argparse.Namespace) -> TrainingArguments:
    """Combine the options with their defaults; raises ValueError for invalid values."""
    named = {field.name: getattr(options, field.name) for field in fields(TrainingArguments)}
    if options.preset and options.start:
        raise ValueError("--preset and --from both set the defaults; leave one out")
    defaults = FINE_TUNING if options.start else PRESETS[options.preset]
    return replace(defaults, **{name: v for name, v in named.items() if v is not None})


def load_start(folder: Path | None) -> FinalNet | None:
    """Load the network to start from; raises what `load_checkpoint` raises."""
    if folder is None:
        return None
    load_checkpoint(folder)  # raises errors that say what is wrong
    return FinalNet.from_pretrained(folder)


def describe_start(folder: Path | None) -> dict[str, Any] | None:
    """Describe how the network of `--from` was trained, as far as its folder records it."""
    if folder is None:
        return None
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    recorded = ("arguments", "drawings", "seconds", "versions")
    return {"weights": weights[:12]} | {key: metrics[key] for key in recorded if key in metrics}


def calibration_digits(validation: Digits) -> tuple[np.ndarray, Tensor]:
    """MNIST's validation digits, and as many generated digits that no training sees.

    Returns:
        (N, 28, 28) uint8 and (N,) int64.
    """
    drawn = generate(generate_digits, len(validation.labels), VALIDATION_SEED)
    inputs = np.concatenate([validation.images.numpy(), drawn])
    return inputs, torch.cat([validation.labels, torch.arange(len(drawn)) % NUM_CLASSES])


def describe_drawings(drawings: Sequence[Drawing]) -> dict[str, Any]:
    """Count the drawings that training uses and the people who drew them; name the sources."""
    used = [drawing for drawing in drawings if drawing.is_digit or drawing.is_no_digit]
    return {
        "digits": sum(drawing.is_digit for drawing in used),
        "others": sum(drawing.is_no_digit for drawing in used),
        "writers": len({(drawing.source, drawing.writer) for drawing in used}),
        "sources": sorted({drawing.source for drawing in used}),
    }
