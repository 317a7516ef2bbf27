"""The drawings beside MNIST, generated or people's; other processes draw them during training."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from finalnet.drawings import Drawing
from finalnet.training.arguments import TrainingArguments
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
from finalnet.training.loop import Pool

# Most variations of one drawing. 380 variations each of 47 drawings in an unusual style cost 0.3
# points on MNIST; 60 variations cost 0.02.
MOST_AGAIN = 60


def plan_pool(arguments: TrainingArguments, drawings: Sequence[Drawing]) -> list[Chunk]:
    """Plan the drawings beside MNIST; each kind is spread evenly over the training."""
    seed = arguments.seed
    digits = [drawing for drawing in drawings if drawing.is_digit]
    others = [drawing for drawing in drawings if drawing.is_no_digit]
    return interleave(
        [
            split_work(generate_digits, arguments.generated_digits, seed),
            split_work(generate_others, arguments.generated_others, seed),
            split_again(digits, min(arguments.real_digits, MOST_AGAIN * len(digits)), seed),
            split_again(others, min(arguments.real_others, MOST_AGAIN * len(others)), seed),
        ]
    )


@contextmanager
def growing_pool(arguments: TrainingArguments, drawings: Sequence[Drawing] = ()) -> Iterator[Pool]:
    """Yield the pool of generated drawings and of variations of people's drawings."""
    chunks = plan_pool(arguments, drawings)
    with draw_ahead(chunks) as pictures:
        yield Pool(
            sum(len(chunk.labels) for chunk in chunks),
            (
                Digits(torch.from_numpy(images), torch.from_numpy(chunk.labels))
                for chunk, images in zip(chunks, pictures, strict=True)
            ),
        )
