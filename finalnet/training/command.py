"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

import argparse
import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch

from finalnet.checkpoint import COMMITTED, IS_INSTALLED
from finalnet.model import to_network
from finalnet.network import NUM_CLASSES
from finalnet.recognizer import view_logits
from finalnet.training.calibration import calibrate
from finalnet.training.curves import write_curves
from finalnet.training.data import DATA_DIR, load_mnist
from finalnet.training.handwriting import generate, generate_digits
from finalnet.training.loop import (
    TrainingArguments,
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
    for field in fields(TrainingArguments):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default, help=" ")


def run(options: argparse.Namespace) -> None:
    """Train, calibrate, measure on MNIST's test set, and write the checkpoint.

    Raises:
        FileNotFoundError, ValueError: an option makes no sense; the message says which and why.
    """
    names = [field.name for field in fields(TrainingArguments)]
    arguments = TrainingArguments(**{name: getattr(options, name) for name in names})
    device = pick_device(arguments.device)
    check_output(options.output)
    digits, validation, test = (
        load_mnist(split, options.data_dir) for split in ("train", "validation", "test")
    )
    start = time.perf_counter()
    model, history, precision = train(arguments, digits, validation)
    if arguments.generated_others:  # only then has it learned to be undecided
        # As many generated digits as MNIST ones, none of them drawn in training.
        drawn = generate(generate_digits, len(validation.labels), VALIDATION_SEED)
        inputs = np.concatenate([validation.images.numpy(), drawn])
        labels = torch.cat([validation.labels, torch.arange(len(drawn)) % NUM_CLASSES])
        model = calibrate(model, inputs, labels)
    answers = view_logits(to_network(model), test.images.numpy()).argmax(axis=1)
    metrics = {
        "test_accuracy": float((answers == test.labels.numpy()).mean()),
        "test_accuracy_of_one_view": measure_accuracy(model, test),
        "validation_accuracy": history[-1].validation_accuracy,
        "seconds": time.perf_counter() - start,
        "device": str(device),
        "precision": precision,
        "arguments": asdict(arguments),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(options.output, model, metrics)
    write_curves(options.output)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {options.output}")
