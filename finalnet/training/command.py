"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from finalnet.checkpoint import COMMITTED, IS_INSTALLED
from finalnet.drawings import Drawing, read_drawings
from finalnet.model import to_network
from finalnet.network import NUM_CLASSES
from finalnet.recognizer import view_logits
from finalnet.training.calibration import calibrate
from finalnet.training.curves import write_curves
from finalnet.training.data import DATA_DIR, Digits, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.loop import (
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
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the checkpoint folder")
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
    """An option for each of the `TrainingArguments`."""
    for field in fields(TrainingArguments):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default, help=" ")


def run(options: argparse.Namespace) -> None:
    """Train, calibrate, measure on MNIST's test set, and write the checkpoint.

    Raises:
        FileNotFoundError, ValueError: an option makes no sense; the message says which and why.
    """
    arguments = training_arguments(options)
    device = pick_device(arguments.device)
    check_output(options.output)
    drawings = [drawing for path in options.drawings for drawing in read_drawings(path)]
    digits, validation, test = (
        load_mnist(split, options.data_dir) for split in ("train", "validation", "test")
    )
    start = time.perf_counter()
    with growing_pool(arguments, drawings) as pool:
        model, history, precision = train(arguments, digits, validation, pool)
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
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(options.output, model, metrics)
    write_curves(options.output)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {options.output}")


def training_arguments(options: argparse.Namespace) -> TrainingArguments:
    """Those of the command line; raises ValueError where they make no sense."""
    names = [field.name for field in fields(TrainingArguments)]
    return TrainingArguments(**{name: getattr(options, name) for name in names})


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
        "sources": len({drawing.source for drawing in used}),
    }
