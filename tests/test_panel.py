"""Reading digits in plots and in a square on a wide margin."""

import io

import numpy as np
import pytest
from photographs import fill_form, write_by_hand
from PIL import Image

from finalnet.pictures.panel import find_panel
from finalnet.preprocessing import preprocess
from finalnet.strokes import draw_strokes, render_strokes

COLOR_MAPS = ["gray", "gray_r", "viridis", "magma", "Blues"]


def write_small(digit: int, random: np.random.Generator) -> np.ndarray:
    """A handwritten digit in MNIST's format, (28, 28) uint8."""
    return preprocess(draw_strokes(write_by_hand(digit, random)))


def plot(digit: np.ndarray, color_map: str, random: np.random.Generator) -> Image.Image:
    """A matplotlib figure with axes, without axes, with a title, or with a colour bar."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    size = random.uniform(1.5, 6)
    face = str(random.choice(["white", "#eaeaf2"]))
    figure, axes = plt.subplots(figsize=(size * random.uniform(0.8, 1.5), size), facecolor=face)
    shown = axes.imshow(digit, cmap=color_map)
    around = random.choice(["axes", "nothing", "title", "bar"])
    if around == "nothing":
        axes.axis("off")
    elif around == "title":
        axes.set_title("label: 5")
    elif around == "bar":
        figure.colorbar(shown)
    file = io.BytesIO()
    tight = "tight" if random.random() < 0.3 else None
    figure.savefig(file, dpi=int(random.choice([72, 100, 150])), bbox_inches=tight)
    plt.close(figure)
    return Image.open(file)


@pytest.mark.parametrize("color_map", COLOR_MAPS)
def test_a_digit_in_a_matplotlib_figure_is_read(recognizer, color_map):
    pytest.importorskip("matplotlib")
    random = np.random.default_rng(COLOR_MAPS.index(color_map))
    recognised = read = 0
    for digit in range(10):
        picture = plot(write_small(digit, random), color_map, random)
        recognised += recognizer.recognize(picture).digit == digit
        number = recognizer.read_number(picture)
        read += number.text == str(digit)
        for box in number.boxes:  # in pixels of the whole picture
            assert box.left > 0 and box.left + box.width < picture.width
    print(f"{recognised} and {read} of 10")
    assert min(recognised, read) >= 9


def place_square(digit: int, random: np.random.Generator) -> tuple[Image.Image, tuple[int, int]]:
    """A dark square with a bright digit, on white; also returns its top left corner."""
    side, margin = random.integers(60, 400), random.integers(30, 300)
    square = Image.fromarray(write_small(digit, random)).resize((side, side))
    picture = Image.new("L", (side + 2 * margin, side + margin), 255)
    corner = (int(random.integers(5, 2 * margin - 5)), int(random.integers(5, margin - 5)))
    picture.paste(square, corner)
    return picture, corner


def test_a_bright_digit_in_a_dark_square_on_a_wide_margin_is_read(recognizer):
    random = np.random.default_rng(0)
    right = 0
    for digit in range(10):
        picture, (left, top) = place_square(digit, random)
        right += recognizer.recognize(picture).digit == digit
        number = recognizer.read_number(picture)
        right += number.text == str(digit)
        (box,) = number.boxes
        assert box.left > left and box.top > top
    print(f"{right} of 20")
    assert right >= 19


def test_a_square_with_writing_next_to_it_is_not_a_panel():
    random = np.random.default_rng(1)
    for digit in range(5):
        picture = np.asarray(place_square(digit, random)[0])
        assert find_panel(picture) is not None
        height = len(picture)
        drawn = [stroke * height / 2 + height / 4 for stroke in write_by_hand(digit, random)]
        written = render_strokes(drawn, height / 30, height, height)
        assert find_panel(np.hstack([picture, written])) is None


def test_tables_and_several_frames_are_not_a_panel():
    for seed in range(3):
        for rows, layout in ((["12345"], "boxes"), (["123", "456", "789"], "shared")):
            assert find_panel(fill_form(rows, seed, layout, level=True).picture) is None
