"""What the worst pictures and strokes cost that a search found: a second of a core at the most."""

import time

import cv2
import numpy as np
import pytest

SECONDS = 2.5  # of a core; 0.1 to 0.7 on 2 cores of a server, and CI's are slower and busy
SIDE = 1120  # px


def draw_noise() -> np.ndarray:
    """A PNG of 188 kB, which once took 16 to 38 s."""
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
    """Ten lines of ink that may be cut anywhere."""
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
    """Seconds of a core; refused or read is all the same."""
    start = time.process_time()
    try:
        recognizer.read_number(drawing)
    except ValueError as error:
        assert "at most" in str(error)
    return time.process_time() - start


@pytest.mark.parametrize("name", PICTURES)
def test_the_worst_pictures_cost_no_more_than_a_second(recognizer, name):
    assert cost(recognizer, PICTURES[name]()) < SECONDS


@pytest.mark.parametrize("name", STROKES)
def test_the_worst_strokes_cost_no_more_than_a_second(recognizer, name):
    assert cost(recognizer, STROKES[name]) < SECONDS
