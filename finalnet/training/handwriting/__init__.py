"""Handwriting to train with: generated drawings, and variations of people's drawings."""

import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from finalnet.drawings import Drawing
from finalnet.network import NUM_CLASSES
from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.others import OTHERS, OTHERS_SHARES, UNSEEN
from finalnet.training.handwriting.pen import draw_again, draw_varied

MAX_WORKERS = 8  # processes
CHUNK = 1_000  # drawings per seed; a multiple of ten, so that the digits stay in turn
NO_DIGIT = -1  # the label of what is not a digit

UNGUARDED = """the drawing processes have ended; in a script, call this under

    if __name__ == "__main__":

because each process imports the script; it cannot import what `python -` reads"""

Drawer = Callable[[int, int], np.ndarray]


class Chunk(NamedTuple):
    """A batch of drawings, which `drawer(len(labels), seed)` draws."""

    drawer: Drawer
    labels: np.ndarray  # (N,) int64, 0 to 9 or NO_DIGIT
    seed: int
    sources: np.ndarray  # (N,) str, of people's drawings; "" for generated ones


def generate(drawer: Drawer, count: int, seed: int) -> np.ndarray:
    """Run `drawer(count, seed)` on all cores; their number does not change the pictures."""
    with draw_ahead(split_work(drawer, count, seed)) as pictures:
        return np.concatenate(list(pictures))


def split_work(drawer: Drawer, count: int, seed: int) -> list[Chunk]:
    """Plan `count` generated drawings in chunks, each with its own seed."""
    chunks = []
    for size, own_seed in _sizes_and_seeds(count, seed):
        labels = np.full(size, NO_DIGIT)
        if drawer is generate_digits:
            labels = np.arange(size) % NUM_CLASSES
        chunks.append(Chunk(drawer, labels, own_seed, np.full(size, "")))
    return chunks


def split_again(drawings: Sequence[Drawing], count: int, seed: int) -> list[Chunk]:
    """Plan `count` variations of people's drawings: all in random order, then all again."""
    if not drawings:
        return []
    random = np.random.default_rng(seed)
    rounds = math.ceil(count / len(drawings))
    order = [index for _ in range(rounds) for index in random.permutation(len(drawings)).tolist()]
    chunks, start = [], 0
    for size, own_seed in _sizes_and_seeds(count, seed):
        chosen = [drawings[index] for index in order[start : start + size]]
        again = partial(generate_again, [drawing.strokes for drawing in chosen])
        labels = [int(drawing.label) if drawing.is_digit else NO_DIGIT for drawing in chosen]
        sources = [drawing.source for drawing in chosen]
        chunks.append(Chunk(again, np.array(labels), own_seed, np.array(sources)))
        start += size
    return chunks


def _sizes_and_seeds(count: int, seed: int) -> list[tuple[int, int]]:
    sizes = [CHUNK] * (count // CHUNK) + [count % CHUNK] * (count % CHUNK > 0)
    seeds = np.random.SeedSequence(seed).generate_state(len(sizes)).tolist()
    return list(zip(sizes, seeds, strict=True))


def interleave(kinds: Sequence[list[Chunk]]) -> list[Chunk]:
    """Merge the chunks of several kinds; each kind is spread evenly from start to end."""
    places = [
        ((number + 0.5) / len(chunks), chunk)
        for chunks in kinds
        for number, chunk in enumerate(chunks)
    ]
    return [chunk for _, chunk in sorted(places, key=itemgetter(0))]


@contextmanager
def draw_ahead(chunks: list[Chunk]) -> Iterator[Iterator[np.ndarray]]:
    """Yield the pictures of each chunk in turn; other processes draw ahead."""
    workers = max(1, min(len(chunks), os.cpu_count() or 1, MAX_WORKERS))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_step_back)
    others = multiprocessing.active_children()
    try:
        with _without_interrupts():
            pictures = pool.map(_draw, chunks)
        yield pictures
    except BrokenProcessPool:
        raise RuntimeError(UNGUARDED) from None
    except BaseException:
        for process in multiprocessing.active_children():
            if process not in others:  # its pictures are no longer needed
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, which a terminal sends to all of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _step_back() -> None:
    """Give way to the training process, and end with it."""
    if hasattr(os, "nice"):
        os.nice(10)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def _draw(chunk: Chunk) -> np.ndarray:
    return chunk.drawer(len(chunk.labels), chunk.seed)


def generate_digits(count: int, seed: int) -> np.ndarray:
    """Draw `count` digits, 0 to 9 in turn: (count, 28, 28) uint8 network inputs."""
    random = np.random.default_rng(seed)
    return np.stack([draw_varied(DIGITS[i % 10](random), random) for i in range(count)])


def generate_others(count: int, seed: int) -> np.ndarray:
    """Draw `count` drawings that are not digits: (count, 28, 28) uint8 network inputs."""
    random = np.random.default_rng(seed)
    kinds = random.choice(len(OTHERS), count, p=OTHERS_SHARES)
    return np.stack([draw_varied(OTHERS[kind](random), random) for kind in kinds])


def generate_unseen(count: int, seed: int) -> np.ndarray:
    """Draw scribbles of kinds that no training uses: (count, 28, 28) uint8."""
    random = np.random.default_rng(seed)
    return np.stack([draw_varied(UNSEEN[i % len(UNSEEN)](random), random) for i in range(count)])


def generate_again(drawings: list[list[np.ndarray]], count: int, seed: int) -> np.ndarray:
    """Draw `count` variations of people's drawings, in turn: (count, 28, 28) uint8."""
    random = np.random.default_rng(seed)
    return np.stack([draw_again(drawings[i % len(drawings)], random) for i in range(count)])
