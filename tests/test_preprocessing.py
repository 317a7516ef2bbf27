import io

import cv2
import numpy as np
import pytest
from drawings import DRAWINGS
from PIL import Image

from finalnet import draw_strokes
from finalnet.preprocessing import CENTER, normalize, preprocess, preprocess_batch, shrink_whole
from finalnet.strokes import render_strokes

THREE = np.asarray(draw_strokes(DRAWINGS["3 round"][1]))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two network inputs, in grey levels of 255.

    The centre of mass is rounded to whole pixels, so slight noise may shift a picture by one pixel.
    The best of the nine possible shifts counts.
    """
    shifts = [np.roll(other, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(float(np.abs(one.astype(float) - shifted).mean()) for shifted in shifts)


def photograph(drawing: np.ndarray, seed: int, light_ink: bool = False) -> np.ndarray:
    """The drawing on unevenly lit, grainy paper, saved as JPEG."""
    random = np.random.default_rng(seed)
    height, width = drawing.shape
    y, x = np.mgrid[0:height, 0:width] / height
    light = 1 - 0.45 * x - 0.25 * y + 0.1 * np.sin(3 * y)  # from 1.0 down to 0.3
    paper, ink = (60, 190) if light_ink else (225, 70)
    grey = (drawing / 255 * (paper - ink) + ink) * light + random.normal(0, 3, drawing.shape)
    color = np.stack([grey, grey * 0.97, grey * 0.9], axis=2).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(color).save(file, "JPEG", quality=80)
    return np.asarray(Image.open(file))


def test_mnist_digit_drawn_large_comes_back_unchanged(mnist_test):
    digits = mnist_test.images.numpy()
    enlarged = (255 - np.kron(digit, np.ones((10, 10), np.uint8)) for digit in digits)
    same = sum(map(np.array_equal, map(preprocess, enlarged), digits))
    assert same >= 9_990


def test_shrinking_the_whole_pad_averages_its_pixels():
    digit = preprocess(THREE)
    assert np.array_equal(shrink_whole(255 - np.kron(digit, np.ones((10, 10), np.uint8))), digit)
    pad = render_strokes([[(40, 40), (90, 60)]], 18)
    expected = cv2.resize(255 - pad, (28, 28), interpolation=cv2.INTER_AREA)
    assert np.abs(shrink_whole(pad).astype(int) - expected).max() <= 1
    assert shrink_whole(pad)[14:].max() == 0  # no ink in the lower half


def test_raw_mnist_is_already_preprocessed(mnist_test):
    digits = mnist_test.images.numpy()
    assert sum(map(np.array_equal, preprocess_batch(list(digits)), digits)) >= 9_990


def test_ink_is_20_px_long_and_its_centre_of_mass_is_in_the_middle():
    network_input = preprocess(THREE)
    left, top, width, height = cv2.boundingRect(network_input)
    assert (max(width, height), network_input.shape) == (20, (28, 28))
    rows = network_input.sum(axis=1) @ np.arange(28) / network_input.sum()
    columns = network_input.sum(axis=0) @ np.arange(28) / network_input.sum()
    assert abs(rows - CENTER) <= 0.5 and abs(columns - CENTER) <= 0.5


@pytest.mark.parametrize("place", [(0, 0), (180, 0), (0, 170), (180, 170)])
def test_the_position_on_the_pad_does_not_matter(place):
    strokes = [[(30, 20), (60, 20), (40, 80)]]
    moved = [[(x + place[0], y + place[1]) for x, y in stroke] for stroke in strokes]
    assert np.array_equal(
        preprocess(render_strokes(moved, 8)), preprocess(render_strokes(strokes, 8))
    )


GREY = Image.fromarray(THREE)
TRANSPARENT = Image.new("RGBA", GREY.size, (0, 0, 0, 0))
TRANSPARENT.paste((0, 0, 0, 255), mask=Image.fromarray(255 - THREE))
WHITE_ON_TRANSPARENT = Image.new("RGBA", GREY.size, (255, 255, 255, 0))
WHITE_ON_TRANSPARENT.paste((255, 255, 255, 255), mask=Image.fromarray(255 - THREE))
PALETTE_WITH_TRANSPARENCY = TRANSPARENT.quantize(8)
SAME_DRAWING = {
    "RGB": GREY.convert("RGB"),
    "RGBA": GREY.convert("RGBA"),
    "LA": GREY.convert("LA"),
    "P": GREY.convert("P"),
    "CMYK": GREY.convert("CMYK"),
    "16 bit": Image.fromarray(THREE.astype(np.uint16) * 257),
    "10 of 16 bit": Image.fromarray(THREE.astype(np.uint16) * 4),
    "12 of 16 bit": Image.fromarray(THREE.astype(np.uint16) * 16),
    "32 bit": Image.fromarray(THREE.astype(np.int32) * 257),
    "float up to 1": Image.fromarray((THREE / 255).astype(np.float32)),
    "premultiplied": GREY.convert("LA").convert("La"),
    "float": Image.fromarray(THREE.astype(np.float32)),
    "array": THREE,
    "array with a channel": THREE[:, :, None],
    "array with a channel first": THREE[None],
    "floats": (THREE / 255).astype(np.float32),
    "floats with a channel": THREE[:, :, None] / 255,
    "colour array": np.stack([THREE] * 3, axis=2),
    "colour array with alpha": np.asarray(GREY.convert("RGBA")),
    "light on dark": 255 - THREE,
    "faint": 255 - (255 - THREE) // 8,
    "faint on dark": 40 + (255 - THREE) // 8,
    "yellow on white": np.stack([np.full_like(THREE, 255)] * 2 + [THREE], axis=2),
    "red on blue": np.stack([255 - THREE, np.zeros_like(THREE), THREE], axis=2),
    "transparent paper": TRANSPARENT,
    "white ink on transparent paper": WHITE_ON_TRANSPARENT,
    "twice as wide paper": np.pad(THREE, ((0, 0), (0, 280)), constant_values=255),
    "four times as large": np.kron(THREE, np.ones((4, 4), np.uint8)),
}


@pytest.mark.parametrize("kind", SAME_DRAWING)
def test_the_same_drawing_in_any_image_format_gives_the_same_input(kind):
    assert difference(preprocess(SAME_DRAWING[kind]), preprocess(THREE)) < 1.5


@pytest.mark.parametrize(
    "image",
    [GREY.convert("1"), PALETTE_WITH_TRANSPARENCY, GREY.resize((70, 70))],
    ids=["1 bit", "palette with transparency", "small"],
)
def test_a_coarser_image_gives_nearly_the_same_input(image):
    assert difference(preprocess(image), preprocess(THREE)) < 8


def test_dark_ink_that_covers_most_of_the_paper_is_still_ink():
    image = np.full((100, 100), 255, np.uint8)
    image[5:95, 5:95] = 0
    network_input = preprocess(image)
    assert (network_input == 255).sum() == 20 * 20


@pytest.mark.parametrize("light_ink", [False, True])
@pytest.mark.parametrize("name", ["0 slashed", "2 plain", "5 two strokes", "7 crossed"])
def test_a_photographed_sheet_gives_nearly_the_same_input(name, light_ink):
    drawing = np.asarray(draw_strokes(DRAWINGS[name][1], size=600))
    for seed in range(3):
        photographed = preprocess(photograph(drawing, seed, light_ink))
        assert difference(photographed, preprocess(drawing)) < 8


def test_a_photograph_of_an_empty_sheet_is_blank():
    for seed in range(5):
        assert not preprocess(photograph(np.full((500, 400), 255, np.uint8), seed)).any()


def test_jpeg_noise_around_the_ink_does_not_move_it():
    for quality in (90, 60, 30):
        file = io.BytesIO()
        GREY.save(file, "JPEG", quality=quality)
        assert difference(preprocess(Image.open(file)), preprocess(THREE)) < 8


@pytest.mark.parametrize("level", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (280, 280), (3, 3, 3), (9, 5, 4)])
def test_paper_without_ink_is_blank(shape, level):
    assert not preprocess(np.full(shape, level, np.uint8)).any()


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (3, 2000), (2000, 3), (5000, 1200)])
def test_any_size_and_aspect_is_read(size):
    image = np.full(size, 255, np.uint8)
    image[size[0] // 2, size[1] // 2] = 0
    assert preprocess(image).shape == (28, 28)


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        ("digit.png", TypeError, "expected a PIL image or an array, got str"),
        (None, TypeError, "got NoneType"),
        (np.full((28, 28), 255.0), ValueError, "must lie in 0..1, got 255 to 255; pass 0..255 as"),
        (np.full((28, 28), np.nan), ValueError, "must lie in 0..1, got nan"),
        (
            np.zeros((28, 28), int),
            ValueError,
            "must be uint8 in 0..255 or float in 0..1, got int64",
        ),
        (np.zeros((2, 3, 28, 28), np.uint8), ValueError, r"got \(2, 3, 28, 28\)"),
        (np.zeros((28, 28, 2), np.uint8), ValueError, r"\(1, H, W\), got \(28, 28, 2\)"),
        (np.zeros((0, 28), np.uint8), ValueError, "the image is empty: 28x0 px"),
        (np.zeros((4001, 4000), np.uint8), ValueError, "at most 16 are read"),
        (Image.new("L", (5000, 4000)), ValueError, "the image has 20 megapixels"),
    ],
)
def test_the_error_for_an_unsupported_image_says_what_is_wrong(image, error, message):
    with pytest.raises(error, match=message):
        preprocess(image)


def test_normalised_inputs_have_mean_0_and_standard_deviation_1(mnist_validation):
    inputs = normalize(mnist_validation.images.numpy())
    assert inputs.shape == (5_000, 28, 28) and inputs.dtype == np.float32
    assert abs(inputs.mean()) < 0.02 and abs(inputs.std() - 1) < 0.02


def test_a_batch_gives_the_same_inputs_as_single_calls():
    images = [THREE, GREY.resize((90, 50)), 255 - THREE]
    assert np.array_equal(preprocess_batch(images), [preprocess(image) for image in images])
    assert preprocess_batch([]).shape == (0, 28, 28)


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_pictures_of_any_small_size_are_preprocessed(channels):
    for height in range(1, 6):  # OpenCV takes some arrays of 4x1 for colours
        for width in range(1, 6):
            pixels = np.full((height, width, *channels), 255, np.uint8)
            pixels[0, 0] = 0
            assert preprocess(pixels).shape == (28, 28)
