"""Train the network as tutorials do, for comparison: python -m finalnet tutorial

It trains on MNIST alone, without augmentation. On the page, its input is the whole pad shrunk to
28x28.
"""

import argparse
from pathlib import Path

import torch
from tqdm import tqdm

from finalnet.checkpoint import BUNDLED, TUTORIAL, find_checkpoint
from finalnet.model import to_tensor
from finalnet.training.arguments import TrainingArguments
from finalnet.training.data import Digits, add_data_dir, load_mnist
from finalnet.training.learner import Learner
from finalnet.training.loop import measure_average
from finalnet.training.precision import settle
from finalnet.training.states import State, take_state, write_states


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=BUNDLED,
        help=f"checkpoint folder to write {TUTORIAL} into; default: the bundled one",
    )
    add_data_dir(parser)
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, mps, cuda or a GPU such as cuda:1; default: auto",
    )
    parser.add_argument(
        "--epochs", type=int, default=10, help="passes over MNIST's training images; default: 10"
    )


def run(options: argparse.Namespace) -> None:
    """Train on MNIST alone, and write the network into a checkpoint folder.

    Raises:
        FileNotFoundError, ValueError: an option is invalid; the message says which and why.
    """
    arguments = settle(TrainingArguments(epochs=options.epochs, device=options.device))
    folder = find_checkpoint(options.checkpoint)
    digits, validation = (load_mnist(s, options.data_dir) for s in ("train", "validation"))
    state = train_as_tutorials_do(arguments, digits, validation)
    write_states(folder / TUTORIAL, [state])
    print(f"MNIST validation accuracy {state.validation_accuracy:.2%}, in {folder / TUTORIAL}")


def train_as_tutorials_do(
    arguments: TrainingArguments, digits: Digits, validation: Digits
) -> State:
    """Train on the digits without augmentation; every epoch sees all of them."""
    device = torch.device(arguments.device)
    torch.manual_seed(arguments.seed)
    inputs, labels = to_tensor(digits.images).to(device), digits.labels.to(device)
    batches = len(labels[:: arguments.batch_size])
    steps = batches * arguments.epochs
    learner = Learner(arguments, device, arguments.precision, steps)
    with tqdm(total=steps, unit="step", dynamic_ncols=True, mininterval=1) as bar:
        for _ in range(arguments.epochs):
            for rows in torch.randperm(len(labels)).to(device).split(arguments.batch_size):
                learner.step(inputs[rows], labels[rows])
                bar.update()
    accuracy = measure_average(learner, digits, validation)
    return take_state("trained on MNIST alone", learner.averaged, accuracy)
