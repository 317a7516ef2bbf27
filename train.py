"""Train FinalNet on MNIST and write its checkpoint: python train.py"""

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from finalnet.checkpoint import COMMITTED, versions, write_checkpoint
from finalnet.data import DATA_DIR, load_mnist
from finalnet.training import TrainingArguments, measure_accuracy, pick_device, train


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
    arguments = TrainingArguments(**options)
    try:
        device = pick_device(arguments.device)
        digits, validation = load_mnist("train", data_dir), load_mnist("validation", data_dir)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
    model, history = train(arguments, digits, validation)
    metrics = {
        "test_accuracy": measure_accuracy(model, load_mnist("test", data_dir)),
        "validation_accuracy": history[-1].validation_accuracy,
        "seconds": history[-1].seconds,
        "device": str(device),
        "arguments": asdict(arguments),
        "versions": versions(),
        "history": [asdict(epoch) for epoch in history],
    }
    write_checkpoint(output, model, metrics)
    print(f"MNIST test accuracy {metrics['test_accuracy']:.2%}, checkpoint in {output}")


if __name__ == "__main__":
    main()
