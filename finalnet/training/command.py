"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from finalnet.checkpoint import COMMITTED, IS_INSTALLED, load_checkpoint
from finalnet.drawings import Drawing, read_drawings
from finalnet.model import FinalNet, to_network
from finalnet.network import NUM_CLASSES
from finalnet.recognizer import view_logits
from finalnet.training.calibration import calibrate
from finalnet.training.curves import write_curves
from finalnet.training.data import DATA_DIR, Digits, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.loop import (
    GOING_ON,
    TrainingArguments,
    growing_pool,
    measure_accuracy,
    pick_device,
    train,
)
from finalnet.training.writing import check_output, versions, write_checkpoint

VALIDATION_SEED = 2**31  # of generated digits that no training draws
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
    add_training_arguments(parser)


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """An option for each of the `TrainingArguments`, and the network to go on from."""
    parser.add_argument("--start", type=Path, help="a checkpoint folder to go on from")
    for field in fields(TrainingArguments):
        going_on = getattr(GOING_ON, field.name)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            help=f"default: {field.default}"
            + (f"; with --start {going_on}" if going_on != field.default else ""),
        )


def run(options: argparse.Namespace) -> None:
    """Train, calibrate, measure on MNIST's test set, and write the checkpoint.

    Raises:
        FileNotFoundError, ValueError: an option makes no sense; the message says which and why.
    """
    arguments = training_arguments(options)
    device = pick_device(arguments.device)
    check_output(options.output)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    start_model = load_start(options.start)
    digits, validation, test = (
        load_mnist(split, options.data_dir) for split in ("train", "validation", "test")
    )
    start = time.perf_counter()
    with growing_pool(arguments, drawings) as pool:
        model, history, precision, states = train(
            arguments, digits, validation, pool, start_model, keep_states=True
        )
    if arguments.generated_others:  # only then has it learned to be undecided
        model = calibrate(model, *calibration_digits(validation))
    answers = view_logits(to_network(model), test.images.numpy()).argmax(axis=1)
    metrics = {
        "test_accuracy": float((answers == test.labels.numpy()).mean()),
        "test_accuracy_of_one_view": measure_accuracy(model, test),
        "validation_accuracy": history[-1].validation_accuracy,
        "seconds": time.perf_counter() - start,
        "device": str(device),
        "precision": precision,
        "arguments": asdict(arguments),
        "drawings": count_drawings(drawings),
        "start": describe_start(options.start),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(options.output, model, metrics, states)
    write_curves(options.output)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {options.output}")


def training_arguments(options: argparse.Namespace) -> TrainingArguments:
    """Those of the command line; raises ValueError where they make no sense."""
    named = {field.name: getattr(options, field.name) for field in fields(TrainingArguments)}
    defaults = GOING_ON if options.start else TrainingArguments()
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
