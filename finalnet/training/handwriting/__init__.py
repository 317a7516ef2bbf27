"""Generated handwriting: pictures of digits, and of what is not a digit."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.others import OTHERS, OTHERS_SHARES, UNSEEN
from finalnet.training.handwriting.pen import draw_varied

MAX_WORKERS = 8  # each imports torch
CHUNK = 1_000  # drawings from one seed; a multiple of ten, so that digits stay in turn


def generate(drawer: Callable[[int, int], np.ndarray], count: int, seed: int) -> np.ndarray:
    """`drawer(count, seed)` on all processor cores; the same pictures whatever their number."""
    counts = [CHUNK] * (count // CHUNK) + [count % CHUNK] * (count % CHUNK > 0)
    seeds = np.random.SeedSequence(seed).generate_state(len(counts))
    workers = min(len(counts), os.cpu_count() or 1, MAX_WORKERS)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return np.concatenate(list(pool.map(drawer, counts, seeds.tolist())))


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
