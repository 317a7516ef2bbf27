import subprocess
import sys

import cv2
import numpy as np
import pytest
from drawings import DRAWINGS, NOT_DIGITS
from PIL import Image

import finalnet
from finalnet import Recognizer, draw_strokes
from finalnet.strokes import render_strokes


def place(strokes, left: float, top: float, size: float):
    """Move strokes from a 100x100 box to a square on the pad, in pad pixels."""
    return [[(left + x * size / 100, top + y * size / 100) for x, y in s] for s in strokes]


PLACES = {
    "large": (10, 10, 260, 20),
    "small": (120, 120, 50, 5),
    "top left": (0, 0, 90, 8),
    "top right": (190, 0, 90, 8),
    "bottom left": (0, 190, 90, 8),
    "bottom right": (190, 190, 90, 8),
    "at the top edge": (90, -8, 100, 10),
    "at the bottom edge": (90, 188, 100, 10),
    "thin pen": (60, 50, 180, 7),
    "thick pen": (60, 50, 180, 26),
}


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("place_name", PLACES)
def test_a_digit_is_recognised_at_any_place_size_and_pen_width(recognizer, name, place_name):
    digit, strokes = DRAWINGS[name]
    left, top, size, pen_width = PLACES[place_name]
    image = render_strokes(place(strokes, left, top, size), pen_width)
    dark_on_light, light_on_dark = recognizer.recognize_batch([image, 255 - image])
    assert (dark_on_light.verdict, dark_on_light.digit) == ("digit", digit)
    assert light_on_dark.digit == digit


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_digit_cropped_to_its_ink_is_recognised(recognizer, mnist_test, is_dark):
    digits, pictures = mnist_test.images.numpy()[:300], []
    for digit in digits:
        left, top, width, height = cv2.boundingRect(digit)
        large = np.kron(digit[top : top + height, left : left + width], np.ones((8, 8), np.uint8))
        pictures.append(255 - large if is_dark else large)
    predictions = recognizer.recognize_batch(pictures)
    labels = mnist_test.labels.numpy()[:300]
    right = np.mean([p.digit == label for p, label in zip(predictions, labels, strict=True)])
    assert right >= 0.97


@pytest.mark.parametrize("name", ["0 oval", "2 plain", "4 open", "7 plain", "8 one stroke"])
@pytest.mark.parametrize("width", [1, 3])
def test_a_digit_in_a_printed_frame_is_recognised(recognizer, name, width):
    digit, strokes = DRAWINGS[name]
    image = render_strokes(place(strokes, 60, 60, 160), 12)
    cv2.rectangle(image, (40, 40), (240, 240), 60, width)
    for picture in (image, 255 - image):
        assert recognizer.recognize(picture).digit == digit
        assert recognizer.read_number(picture).text == str(digit)


def test_a_prediction_has_the_documented_types_shapes_and_ranges(recognizer):
    prediction = recognizer.recognize(draw_strokes(DRAWINGS["7 crossed"][1]))
    assert (prediction.verdict, prediction.digit) == ("digit", 7)
    assert prediction.probabilities.shape == (10,)
    assert prediction.probabilities.dtype == np.float32
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.network_input.shape == (28, 28)
    assert prediction.network_input.dtype == np.uint8
    assert prediction.network_input[0, 0] == 0 and prediction.network_input.max() == 255
    digits, probabilities = zip(*prediction.top(3), strict=True)
    assert digits[0] == 7 and list(probabilities) == sorted(probabilities, reverse=True)
    assert all(type(digit) is int and type(p) is float for digit, p in prediction.top(10))


def test_a_blank_pad_gives_no_digit(recognizer):
    prediction = recognizer.recognize(draw_strokes([]))
    assert (prediction.verdict, prediction.digit, prediction.top(3)) == ("blank", None, [])
    assert not prediction.probabilities.any() and not prediction.network_input.any()


@pytest.mark.parametrize("k", [0, 11, -1, 2.5, "3", True, None])
def test_top_k_outside_1_to_10_is_refused(recognizer, k):
    prediction = recognizer.recognize(draw_strokes(DRAWINGS["1 bar"][1]))
    with pytest.raises(ValueError, match="k must be a whole number from 1 to 10"):
        prediction.top(k)


def test_a_batch_of_different_pictures_gives_predictions_in_order(recognizer):
    names, sizes = ["3 round", "8 two circles", "1 flag"], [90, 280, 500]
    images = [draw_strokes(DRAWINGS[n][1], size=size) for n, size in zip(names, sizes, strict=True)]
    images.insert(1, Image.new("RGB", (40, 60), "white"))
    predictions = recognizer.recognize_batch(images)
    assert [p.digit for p in predictions] == [3, None, 8, 1]
    for image, prediction in zip(images, predictions, strict=True):
        alone = recognizer.recognize(image).probabilities
        np.testing.assert_allclose(alone, prediction.probabilities, atol=1e-5)
    assert recognizer.recognize_batch([]) == []


def test_a_completely_black_page_is_blank(recognizer):
    blackened = render_strokes([[(0, y), (280, y)] for y in range(0, 290, 10)], pen_width=20)
    for image in (np.zeros((280, 280), np.uint8), blackened):
        assert recognizer.recognize(image).verdict == "blank"


@pytest.mark.parametrize("name", NOT_DIGITS)
def test_scribbles_and_letters_are_unsure(recognizer, name):
    prediction = recognizer.recognize(draw_strokes(NOT_DIGITS[name]))
    assert (prediction.verdict, prediction.digit) == ("unsure", None)
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("pen_width", [6, 18, 48])
def test_a_dot_is_not_a_digit(recognizer, pen_width):
    assert recognizer.recognize(render_strokes([[(90, 200)]], pen_width)).verdict == "unsure"


def test_a_page_filled_except_for_its_edge_is_not_a_digit(recognizer):
    filled = render_strokes([[(30, y), (250, y)] for y in range(30, 255, 10)], pen_width=20)
    assert recognizer.recognize(filled).verdict == "unsure"


def test_below_the_threshold_the_verdict_is_unsure_and_the_probabilities_are_unchanged():
    recognizer = Recognizer.load()
    image = draw_strokes(DRAWINGS["3 round"][1])
    sure = recognizer.recognize(image)
    recognizer.network.rejection_threshold = 2.0  # above any probability
    unsure = recognizer.recognize(image)
    assert (unsure.verdict, unsure.digit) == ("unsure", None)
    assert np.array_equal(unsure.probabilities, sure.probabilities)
    assert unsure.top(1)[0][0] == 3


def test_the_public_names_are_explicit():
    names = {"FinalNet", "Number", "Prediction", "Recognizer", "draw_strokes"}
    assert set(finalnet.__all__) == names


def test_recognising_needs_neither_torchvision_nor_gradio_nor_matplotlib():
    code = (
        "import sys, finalnet; r = finalnet.Recognizer.load();"
        "r.recognize(finalnet.draw_strokes([[(0, 0), (0, 9)]]));"
        "print([m for m in ('torchvision', 'gradio', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
