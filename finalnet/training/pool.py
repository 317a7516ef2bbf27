"""What stands beside MNIST: generated drawings and those of people, drawn during the training."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from finalnet.drawings import Drawing
from finalnet.training.data import Digits
from finalnet.training.handwriting import (
    Chunk,
    draw_ahead,
    generate_digits,
    generate_others,
    interleave,
    split_again,
    split_work,
)
from finalnet.training.loop import Pool, TrainingArguments


def plan_pool(arguments: TrainingArguments, drawings: Sequence[Drawing]) -> list[Chunk]:
    """What is drawn to stand beside MNIST; each kind is as frequent at the start as at the end."""
    seed = arguments.seed
    digits = [drawing for drawing in drawings if drawing.is_digit]
    others = [drawing for drawing in drawings if drawing.is_no_digit]
    return interleave(
        [
            split_work(generate_digits, arguments.generated_digits, seed),
            split_work(generate_others, arguments.generated_others, seed),
            split_again(digits, arguments.real_digits, seed),
            split_again(others, arguments.real_others, seed),
        ]
    )


@contextmanager
def growing_pool(arguments: TrainingArguments, drawings: Sequence[Drawing] = ()) -> Iterator[Pool]:
    """Generated drawings, and those of people drawn anew; other processes draw them meanwhile."""
    chunks = plan_pool(arguments, drawings)
    with draw_ahead(chunks) as pictures:
        yield Pool(
            sum(len(chunk.labels) for chunk in chunks),
            (
                Digits(torch.from_numpy(images), torch.from_numpy(chunk.labels))
                for chunk, images in zip(chunks, pictures, strict=True)
            ),
        )
