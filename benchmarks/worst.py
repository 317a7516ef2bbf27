"""What the most expensive requests cost others: python -m benchmarks.worst [--seconds 20]

Prints the CPU time of each request. Then measures how long a visitor waits who sends one drawing
after the other, alternately alone and next to twenty clients that send these requests.
"""

import argparse
import asyncio
import io
import json
import sys
import time

import cv2
import numpy as np
from PIL import Image

from benchmarks.latency import running
from benchmarks.load import APP, Client, Score, ask_strokes
from finalnet import Recognizer

SIDE = 1120  # px
WAITING = 20  # clients that send the most expensive requests
PAUSE = 0.02  # s between the visitor's drawings
ROUNDS = 3  # of each measurement


def draw_noise() -> np.ndarray:
    """Noise; as a PNG of 188 kB it once took 16 to 38 s."""
    picture = np.where(np.random.default_rng(0).random((SIDE, SIDE)) < 0.12, 0, 255)
    picture[:20] = picture[-20:] = picture[:, :20] = picture[:, -20:] = 255
    return picture.astype(np.uint8)


def draw_squares() -> np.ndarray:
    is_ink = (np.arange(4000) % 8 < 4) & (np.arange(4000) >= 24) & (np.arange(4000) < 3976)
    return np.where(is_ink[:, None] & is_ink, 0, 255).astype(np.uint8)


def draw_comb() -> np.ndarray:
    picture = np.full((SIDE, SIDE), 255, np.uint8)
    picture[20:-20, 20:-20:3] = picture[20:24, 20:-20] = 0
    return picture


def draw_waves() -> np.ndarray:
    """Ten wavy lines of connected ink, which may be cut anywhere."""
    picture, x = np.full((SIDE, SIDE), 255, np.uint8), np.arange(30, SIDE - 30)
    for line in range(10):
        y = 60 + 102 * line + 10 * np.sin(x * np.pi / 20)
        cv2.polylines(picture, [np.stack([x, y], 1).astype(np.int32)], False, 0, 3)
    return picture


PICTURES = {draw.__name__: draw for draw in (draw_noise, draw_squares, draw_comb, draw_waves)}
STROKES = {
    "in a row": [[(30 * i, 0), (30 * i, 10)] for i in range(500)],
    "in a column": [[(0, 10 * i), (3, 10 * i + 8)] for i in range(500)],
    "on a diagonal": [[(i, i), (i + 0.6, i + 0.7)] for i in range(500)],
    "on one another": [[(0, 0), (10, 10)]] * 500,
    "two hundred digits that nearly touch": [
        [(4 * i + 3 * (k / 59), 25 * line + 10 * (k % 2)) for k in range(60)]
        for line in range(10)
        for i in range(20)
    ],
}


def cost(recognizer, drawing) -> float:
    """CPU seconds to read a drawing, or to reject it as too large."""
    start = time.process_time()
    try:
        recognizer.read_number(drawing)
    except ValueError as error:
        assert "at most" in str(error)
    return time.process_time() - start


def encode(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


async def wait_beside(url: str, bad: list[tuple[str, bytes]], seconds: float) -> Score:
    """Waits of a visitor next to `WAITING` clients that send one bad request after the other."""
    end = time.perf_counter() + seconds
    waits: list[float] = []

    async def send_bad(number: int) -> None:
        client = Client(url)
        while time.perf_counter() < end:
            await client.ask("POST", *bad[number % len(bad)], "image/png")
            number += 1
        client.close()

    bad_clients = [asyncio.create_task(send_bad(number)) for number in range(WAITING if bad else 0)]
    await asyncio.sleep(1)  # until they queue
    client, errors = Client(url), 0
    while (start := time.perf_counter()) < end:
        errors += not await ask_strokes(client, len(waits))
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(PAUSE)
    client.close()
    await asyncio.gather(*bad_clients)
    return Score(len(waits) / seconds, sorted(waits), errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="per measurement; there are six")
    seconds = parser.parse_args().seconds
    recognizer = Recognizer.load()
    drawings = {name: draw() for name, draw in PICTURES.items()} | STROKES
    for name, drawing in drawings.items():
        costs = [cost(recognizer, drawing) for _ in range(ROUNDS)]
        print(f"{name}: {min(costs):.2f} CPU seconds")
    bad = [("/api/read_number", encode(draw())) for draw in PICTURES.values()]
    for strokes in STROKES.values():
        bad.append(("/api/read_number_strokes", json.dumps({"strokes": strokes}).encode()))
    with running([sys.executable, *APP]) as (url, *_):
        for _ in range(ROUNDS):
            alone = asyncio.run(wait_beside(url, [], seconds))
            beside = asyncio.run(wait_beside(url, bad, seconds))
            print(
                f"visitor alone: p50 {alone.at(0.5):.1f} ms, p99 {alone.at(0.99):.1f} ms; next to "
                f"{WAITING} bad clients: {beside.at(0.5):.1f}, {beside.at(0.99):.1f} ms, "
                f"{beside.at(0.99) / alone.at(0.99):.1f} times; {beside.errors} errors"
            )


if __name__ == "__main__":
    main()
