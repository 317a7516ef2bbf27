"""Reading seven-segment displays of random sizes, colours and slants."""

import numpy as np
import pytest
from displays import show

from finalnet.pictures.displays import redraw_segments
from finalnet.pictures.ink import find_ink


@pytest.mark.parametrize("slant", [0, 5, 10])
def test_displays_with_random_segments_are_read(recognizer, slant):
    random = np.random.default_rng(slant)
    right = 0
    for index in range(30):
        text = "".join(map(str, random.integers(0, 10, 1 + index % 5)))
        if index % 3 == 2 and len(text) > 1:
            place = random.integers(1, len(text))
            text = text[:place] + random.choice([".", ":"]) + text[place:]
        read = recognizer.read_number(show(text, random, slant=slant)).text
        right += read == text
    print(f"{right} of 30")
    assert right >= 28


def test_a_single_digit_on_a_display_is_recognised(recognizer):
    random = np.random.default_rng(1)
    right = [
        recognizer.recognize(show(str(index % 10), random, slant=5)).digit == index % 10
        for index in range(30)
    ]
    assert sum(right) >= 27


def test_segments_that_are_off_are_ignored(recognizer):
    random = np.random.default_rng(2)
    shown = [show("17", random, slant=slant) for slant in range(12)]
    assert [recognizer.read_number(picture).text for picture in shown] == ["17"] * 12


@pytest.mark.parametrize("digit", range(10))
def test_handwriting_is_not_taken_for_a_display(mnist_test, digit):
    images, labels = mnist_test
    for image in images[labels == digit][:20]:
        large = np.kron(image, np.ones((6, 6), np.uint8))
        assert redraw_segments(find_ink(255 - large)) is None
