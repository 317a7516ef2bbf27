"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

import argparse
import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch

from finalnet.checkpoint import COMMITTED, check_output, versions, write_checkpoint
from finalnet.model import NUM_CLASSES
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

VALIDATION_SEED = 2**31  # of generated digits that no training draws


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    parser.add_argument("--output", type=Path, default=COMMITTED, help="the checkpoint folder")
    for field in fields(TrainingArguments):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default, help=" ")
    return parser.parse_args()


def main() -> None:
    options = vars(parse_arguments())
    data_dir, output = options.pop("data_dir"), options.pop("output")
    try:
        arguments = TrainingArguments(**options)
        device = pick_device(arguments.device)
        check_output(output)
        digits, validation = load_mnist("train", data_dir), load_mnist("validation", data_dir)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
    start = time.perf_counter()
    model, history, precision = train(arguments, digits, validation)
    if arguments.generated_others:  # only then has it learned to be undecided
        # As many generated digits as MNIST ones, none of them drawn in training.
        drawn = generate(generate_digits, len(validation.labels), VALIDATION_SEED)
        inputs = np.concatenate([validation.images.numpy(), drawn])
        labels = torch.cat([validation.labels, torch.arange(len(drawn)) % NUM_CLASSES])
        model = calibrate(model, inputs, labels)
    test = load_mnist("test", data_dir)
    answers = view_logits(model, test.images.numpy()).argmax(dim=1)
    metrics = {
        "test_accuracy": (answers == test.labels).double().mean().item(),
        "test_accuracy_of_one_view": measure_accuracy(model, test),
        "validation_accuracy": history[-1].validation_accuracy,
        "seconds": time.perf_counter() - start,
        "device": str(device),
        "precision": precision,
        "arguments": asdict(arguments),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(output, model, metrics)
    write_curves(output)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {output}")


if __name__ == "__main__":
    main()
