"""Limits the CPU time of the most expensive pictures and strokes that a search has found."""

import pytest

from benchmarks.worst import PICTURES, STROKES, cost

SECONDS = 2.5  # CPU time; 0.1 to 0.7 on a 2-core server, more on slow and busy CI machines


@pytest.mark.parametrize("name", PICTURES)
def test_the_most_expensive_pictures_take_seconds_at_most(recognizer, name):
    assert cost(recognizer, PICTURES[name]()) < SECONDS


@pytest.mark.parametrize("name", STROKES)
def test_the_most_expensive_strokes_take_seconds_at_most(recognizer, name):
    assert cost(recognizer, STROKES[name]) < SECONDS
