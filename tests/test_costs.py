"""What the worst pictures and strokes cost that a search found: a second of a core at the most."""

import pytest

from benchmarks.worst import PICTURES, STROKES, cost

SECONDS = 2.5  # of a core; 0.1 to 0.7 on 2 cores of a server, and CI's are slower and busy


@pytest.mark.parametrize("name", PICTURES)
def test_the_worst_pictures_cost_no_more_than_a_second(recognizer, name):
    assert cost(recognizer, PICTURES[name]()) < SECONDS


@pytest.mark.parametrize("name", STROKES)
def test_the_worst_strokes_cost_no_more_than_a_second(recognizer, name):
    assert cost(recognizer, STROKES[name]) < SECONDS
