"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

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

from finalnet.checkpoint import COMMITTED, CURVES, IS_INSTALLED, load_checkpoint
from finalnet.drawings import Drawing, read_drawings
from finalnet.model import FinalNet, to_network
from finalnet.network import NUM_CLASSES
from finalnet.recognizer import view_logits
from finalnet.training.calibration import calibrate
from finalnet.training.curves import write_curves
from finalnet.training.data import DATA_DIR, Digits, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.logs import LOGS, Log, check_log, open_log
from finalnet.training.loop import (
    GOING_ON,
    QUICK,
    TrainingArguments,
    measure_accuracy,
    train,
)
from finalnet.training.pool import growing_pool
from finalnet.training.precision import settle
from finalnet.training.runs import Run, add_ray, check_ray, run_all, to_command, to_option
from finalnet.training.unfinished import Kept, read_state, unfinished_path, write_state
from finalnet.training.writing import check_output, versions, write_checkpoint

VALIDATION_SEED = 2**31  # of generated digits that no training draws
HELP = {
    "epochs": "how often all of MNIST is seen",
    "generated_digits": "digits that the program draws",
    "generated_others": "drawings that are no digit, for it to learn to say so",
    "generated_per_epoch": "of both, how many are seen in an epoch",
    "real_digits": "drawings of digits made anew of people's",
    "real_others": "drawings of letters and signs made anew of people's",
    "batch_size": "images in a step",
    "learning_rate": "the highest of AdamW, for biases, norms and the last layer",
    "muon_rate": "the highest of Muon, for the kernels",
    "weight_decay": "by how much weights shrink, of both",
    "dropout": "share of the last features that is left out",
    "ema_span": "share of the training over which weights are averaged",
    "seed": "the same gives the same network on the same machine",
    "device": "auto, cpu, mps, cuda or cuda:1",
    "precision": "auto, float32 or bfloat16",
}
PRESETS = {None: TrainingArguments(), "quick": QUICK}
# Where the package is installed, its own folder is not one to write to.
OUTPUT = Path("checkpoints", "finalnet") if IS_INSTALLED else COMMITTED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, help=f"the checkpoint folder; by default {OUTPUT}"
    )
    parser.add_argument(
        "--drawings",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="people's drawings to train on as well, JSON lines, gzip or plain",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the training of --output that was stopped, as it was begun",
    )
    parser.add_argument(
        "--seeds",
        type=seed_range,
        metavar="FIRST-LAST",
        help="train once with each of these seeds, as many at once as there are cores, into "
        "OUTPUT-seed-FIRST and so on",
    )
    add_ray(parser)
    parser.add_argument(
        "--log-to", choices=LOGS, help="where to log each epoch as well, where it is installed"
    )
    add_training_arguments(parser)


def seed_range(text: str) -> range:
    """The seeds 0 to 4 of "0-4"."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    seeds = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"wanted seeds such as 3 or 0-4, got {text!r:.40}")
    return seeds


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """An option for each of the `TrainingArguments`, and the network to go on from."""
    parser.add_argument(
        "--from",
        type=Path,
        dest="start",
        metavar="CHECKPOINT",
        help="a checkpoint folder to go on from",
    )
    parser.add_argument(
        "--preset",
        choices=["quick"],
        help="other defaults: quick trains on MNIST alone, to 99 %% in half a minute",
    )
    for field in fields(TrainingArguments):
        going_on = getattr(GOING_ON, field.name)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            help=f"{HELP[field.name]}; default: {field.default}"
            + (f"; with --from {going_on}" if going_on != field.default else ""),
        )


def run(options: argparse.Namespace) -> None:
    """Train, calibrate, measure on MNIST's test set, and write the checkpoint.

    Raises:
        FileNotFoundError, ValueError: an option makes no sense; the message says which and why.
    """
    if options.seeds is not None:
        return train_seeds(options)
    if options.ray:
        raise ValueError("--ray trains several networks at once; say which with --seeds")
    log = open_log(options.log_to, options.output)
    check_output(options.output)
    unfinished = unfinished_path(options.output)
    resumed = read_state(unfinished) if options.resume else None
    if resumed:
        take_options(options, resumed["options"])
        torch.set_num_threads(resumed["threads"])  # or sums have other last bits
    elif unfinished.exists():
        print(f"replacing the unfinished training in {unfinished}; --resume would go on with it")
    try:
        train_and_write(options, unfinished, resumed, log)
    except (KeyboardInterrupt, OSError):
        if unfinished.exists():
            go_on = f"python train.py --resume --output {options.output}"
            print(f"stopped, nothing is lost; go on with: {go_on}", file=sys.stderr)
        raise
    unfinished.unlink(missing_ok=True)


def train_seeds(options: argparse.Namespace) -> None:
    """Train with each of the seeds into a folder of its own, and print how they compare."""
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
        load_mnist("test", options.data_dir)  # which may fetch it, or say what is wrong
        if not options.ray:  # timed now: side by side, two might choose differently
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
        print("stopped, nothing is lost; the same command with --resume goes on", file=sys.stderr)
        raise
    print(write_seeds(outputs), end="")


def write_seeds(outputs: dict[int, Path]) -> str:
    """Validation and test accuracy of each seed's checkpoint folder, as a Markdown table."""
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
    options: argparse.Namespace, unfinished: Path, resumed: Kept | None, log: Log
) -> None:
    """Do it, and keep the state of the training in a file until it is done."""
    arguments = training_arguments(options)
    settled = replace(arguments, **resumed["settled"]) if resumed else settle(arguments)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    start_model = load_start(options.start)
    digits, validation, test = (
        load_mnist(split, options.data_dir) for split in ("train", "validation", "test")
    )
    told = {
        "options": give_options(options),
        "settled": {"device": settled.device, "precision": settled.precision},
        "threads": torch.get_num_threads(),
    }

    def keep(state: Kept) -> None:
        try:
            write_state(unfinished, told | state)
        except OSError as error:
            tqdm.write(f"the state of the training cannot be kept ({error}); it goes on without")

    # They cost as much as half an epoch, which a preset that is to be quick has not.
    keep_states = not options.preset
    with growing_pool(arguments, drawings) as pool:
        model, history, precision, states = train(
            settled, digits, validation, pool, start_model, keep_states, resumed, keep, log
        )
    trained = time.perf_counter()
    if arguments.generated_others:  # only then has it learned to be undecided
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
        "drawings": count_drawings(drawings),
        "start": describe_start(options.start),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(options.output, model, metrics, states)
    write_curves(options.output / CURVES, history)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {options.output}")


def give_options(options: argparse.Namespace) -> dict[str, Any]:
    """What a training was told, from whatever folder it is resumed."""
    arguments = {field.name: getattr(options, field.name) for field in fields(TrainingArguments)}
    return arguments | {
        "preset": options.preset,
        "data_dir": str(options.data_dir.resolve()),
        "drawings": [str(path.resolve()) for path in options.drawings],
        "start": str(options.start.resolve()) if options.start else None,
    }


def take_options(options: argparse.Namespace, kept: dict[str, Any]) -> None:
    """Take all but the output from a training that is gone on with.

    Raises:
        ValueError: another option than the output is named, and is another than it was.
    """
    for name, before in kept.items():
        now = give_options(options)[name]
        if now not in (None, [], before) and name != "data_dir":
            raise ValueError(
                f"the training began with {to_option(name)} {before}, not {now}; leave "
                "that out, or begin anew without --resume"
            )
    moved = options.data_dir if options.data_dir != DATA_DIR else None
    for name, value in kept.items():
        setattr(options, name, value)
    options.data_dir = moved or Path(kept["data_dir"])
    options.drawings = [Path(path) for path in kept["drawings"]]
    options.start = Path(kept["start"]) if kept["start"] else None


def training_arguments(options: argparse.Namespace) -> TrainingArguments:
    """Those of the command line; raises ValueError where they make no sense."""
    named = {field.name: getattr(options, field.name) for field in fields(TrainingArguments)}
    if options.preset and options.start:
        raise ValueError("--preset and --from both set the defaults; leave one out")
    defaults = GOING_ON if options.start else PRESETS[options.preset]
    return replace(defaults, **{name: v for name, v in named.items() if v is not None})


def load_start(folder: Path | None) -> FinalNet | None:
    """The network to go on from; raises as `load_checkpoint` does."""
    if folder is None:
        return None
    load_checkpoint(folder)  # says what is wrong with it
    return FinalNet.from_pretrained(folder)


def describe_start(folder: Path | None) -> dict[str, Any] | None:
    """How the network that was gone on from was trained, as far as its folder tells."""
    if folder is None:
        return None
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    told = ("arguments", "drawings", "seconds", "versions")
    return {"weights": weights[:12]} | {key: metrics[key] for key in told if key in metrics}


def calibration_digits(validation: Digits) -> tuple[np.ndarray, Tensor]:
    """MNIST's validation digits, and as many generated ones that no training draws."""
    drawn = generate(generate_digits, len(validation.labels), VALIDATION_SEED)
    inputs = np.concatenate([validation.images.numpy(), drawn])
    return inputs, torch.cat([validation.labels, torch.arange(len(drawn)) % NUM_CLASSES])


def count_drawings(drawings: Sequence[Drawing]) -> dict[str, int]:
    """How many drawings of people there are to train on, and of how many people."""
    used = [drawing for drawing in drawings if drawing.is_digit or drawing.is_no_digit]
    return {
        "digits": sum(drawing.is_digit for drawing in used),
        "others": sum(drawing.is_no_digit for drawing in used),
        "writers": len({(drawing.source, drawing.writer) for drawing in used}),
    }
