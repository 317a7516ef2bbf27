"""Generated handwriting: pictures of digits, and of what is not a digit."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.others import OTHERS, OTHERS_SHARES, UNSEEN
from finalnet.training.handwriting.pen import draw_varied

MAX_WORKERS = 8  # processes
CHUNK = 1_000  # drawings from one seed; a multiple of ten, so that digits stay in turn

Drawer = Callable[[int, int], np.ndarray]


class Chunk(NamedTuple):
    """Some drawings: `drawer(drawings, seed)`."""

    drawer: Drawer
    drawings: int
    seed: int


def generate(drawer: Drawer, count: int, seed: int) -> np.ndarray:
    """`drawer(count, seed)` on all processor cores; the same pictures whatever their number."""
    with draw_ahead(split_work(drawer, count, seed)) as pictures:
        return np.concatenate(list(pictures))


def split_work(drawer: Drawer, count: int, seed: int) -> list[Chunk]:
    """`count` drawings in chunks, each of a seed of its own."""
    counts = [CHUNK] * (count // CHUNK) + [count % CHUNK] * (count % CHUNK > 0)
    seeds = np.random.SeedSequence(seed).generate_state(len(counts)).tolist()
    return [Chunk(drawer, *pair) for pair in zip(counts, seeds, strict=True)]


@contextmanager
def draw_ahead(chunks: list[Chunk]) -> Iterator[Iterator[np.ndarray]]:
    """The pictures of each chunk in turn; other processes draw the next while one is used."""
    workers = max(1, min(len(chunks), os.cpu_count() or 1, MAX_WORKERS))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_step_back)
    try:
        yield pool.map(_draw, chunks)
    finally:
        pool.shutdown(cancel_futures=True)


def _step_back() -> None:
    """Leave the processor to the training wherever both want it."""
    if hasattr(os, "nice"):
        os.nice(10)


def _draw(chunk: Chunk) -> np.ndarray:
    return chunk.drawer(chunk.drawings, chunk.seed)


def generate_digits(count: int, seed: int) -> np.ndarray:
    """Draw `count` digits in turn, 0 to 9 and again: (count, 28, 28) uint8 network inputs."""
    random = np.random.default_rng(seed)
    return np.stack([draw_varied(DIGITS[i % 10](random), random) for i in range(count)])


def generate_others(count: int, seed: int) -> np.ndarray:
    """Draw `count` things that are not digits: (count, 28, 28) uint8 network inputs."""
    random = np.random.default_rng(seed)
    kinds = random.choice(len(OTHERS), count, p=OTHERS_SHARES)
    return np.stack([draw_varied(OTHERS[kind](random), random) for kind in kinds])


def generate_unseen(count: int, seed: int) -> np.ndarray:
    """Draw scribbles of kinds that are kept for measuring: (count, 28, 28) uint8."""
    random = np.random.default_rng(seed)
    return np.stack([draw_varied(UNSEEN[i % len(UNSEEN)](random), random) for i in range(count)])
