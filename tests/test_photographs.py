"""Reading numbers in photographs."""

import numpy as np
import pytest
from photographs import fill_form, photograph, rule_page

from finalnet.pictures.sheet import find_sheet

KINDS = {
    "level": {},
    "on a desk": {"on_desk": True},
    "tilted a little": {"tilt": 8},
    "tilted to the left": {"tilt": -15},
    "on a desk, tilted": {"on_desk": True, "tilt": 15},
    "on a desk, tilted far": {"on_desk": True, "tilt": -25},
    "squared": {"squares": True},
    "in a shadow": {"shadow": True},
    "all at once": {"on_desk": True, "squares": True, "shadow": True, "tilt": 10},
}
COUNT = 12
FORMS = {  # rows and columns, and options of `fill_form`
    "in boxes": ((1, 5), {"layout": "boxes"}),
    "in boxes, scanned": ((1, 5), {"layout": "boxes", "level": True}),
    "in a frame": ((1, 1), {"layout": "boxes"}),
    "in a frame, scanned": ((1, 1), {"layout": "boxes", "level": True}),
    "in boxes with shared sides": ((2, 5), {"layout": "shared"}),
    "on a comb": ((1, 4), {"layout": "comb"}),
    "on combs, scanned": ((2, 4), {"layout": "comb", "level": True}),
    "in a table": ((3, 3), {"layout": "shared"}),
    "in a tilted table": ((3, 3), {"layout": "shared", "tilt": 10}),
    "in a sudoku": ((9, 9), {"layout": "shared"}),
    "on ruled lines": ((3, 5), {"layout": "ruled"}),
    "in coloured boxes": ((2, 5), {"layout": "boxes", "colored": True}),
    "between dotted lines": ((2, 5), {"layout": "shared", "dotted": True}),
}


def write_lines(random: np.random.Generator, kind: int) -> list[str]:
    lengths = [[4], [3, 4], [4, 3, 5], [2, 5]][kind]
    lines = ["".join(map(str, random.integers(0, 10, length))) for length in lengths]
    return [f"{lines[0]} {lines[0][::-1]}", *lines[1:]] if kind == 3 else lines


def read(recognizer, lines, seed, turns=0, **options) -> tuple[int, float]:
    """Number of completely right lines, and share of digits inside their box."""
    taken = photograph(lines, seed, **options)
    picture = np.ascontiguousarray(np.rot90(taken.picture, turns))
    number = recognizer.read_number(picture)
    found = number.text.split("\n")
    right = sum(line in found for line in lines)
    if right < len(lines):
        return right, 0
    height, width = taken.picture.shape[:2]
    inside = 0
    for box, (x, y) in zip(number.boxes, taken.places, strict=True):
        if turns == 1:
            x, y = y, width - x
        elif turns == 3:
            x, y = height - y, x
        across, down = x - box.left, y - box.top
        inside += 0 <= across <= box.width and 0 <= down <= box.height
    return right, inside / len(number.boxes)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_read_in_photographs_with_boxes_around_the_digits(recognizer, kind):
    random = np.random.default_rng(1)
    right = total = 0
    for seed in range(COUNT):
        lines = write_lines(random, seed % 4)
        whole, inside = read(recognizer, lines, seed, **KINDS[kind])
        right, total = right + whole, total + len(lines)
        assert whole < len(lines) or inside == 1
    print(f"{right} of {total} lines")
    assert right >= 0.9 * total


@pytest.mark.parametrize("kind", FORMS)
def test_digits_in_printed_forms_are_read(recognizer, kind):
    (rows, columns), options = FORMS[kind]
    random = np.random.default_rng(3)
    right = total = 0
    for seed in range(max(2, 12 // rows)):
        digits = random.integers(0, 10, (rows, columns))
        shown = random.random((rows, columns)) < (0.6 if rows == 9 else 1)
        lines = [
            "".join(str(d) if s else " " for d, s in zip(*row, strict=True))
            for row in zip(digits, shown, strict=True)
        ]
        number = recognizer.read_number(fill_form(lines, seed, **options).picture)
        found = [line.replace(" ", "") for line in number.text.split("\n")]
        wanted = [line.replace(" ", "") for line in lines if line.strip()]
        right, total = right + sum(line in found for line in wanted), total + len(wanted)
    print(f"{right} of {total} lines")
    # With nine cells per row, more digits touch a line.
    assert right >= (0.8 if columns == 9 else 0.9) * total


@pytest.mark.parametrize("shadows", [0, 1, 2])
def test_a_ruled_notebook_page_is_read_in_shadows(recognizer, shadows):
    random = np.random.default_rng(4)
    right = total = 0
    for seed in range(10):
        lines = write_lines(random, seed % 3)
        found = recognizer.read_number(rule_page(lines, seed, shadows).picture).text.split("\n")
        right, total = right + sum(line in found for line in lines), total + len(lines)
    print(f"{right} of {total} lines")
    assert right >= (0.9 if shadows < 2 else 0.8) * total  # two edges may enclose a bright corner


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("on_desk", [False, True])
def test_a_photograph_rotated_by_90_degrees_is_read(recognizer, turns, on_desk):
    random = np.random.default_rng(2)
    right = total = 0
    for seed in range(8):
        lines = write_lines(random, seed % 4)
        whole, inside = read(recognizer, lines, seed, turns, on_desk=on_desk)
        right, total = right + whole, total + len(lines)
        assert whole < len(lines) or inside == 1
    print(f"{right} of {total} lines")
    assert right >= 0.9 * total


@pytest.mark.parametrize("tilt", [0, 10])
def test_scattered_numbers_on_a_sheet_are_separate_lines(recognizer, tilt):
    reads = [
        read(recognizer, ["204", "67"], seed, scattered=True, tilt=tilt)[0] for seed in range(6)
    ]
    print(f"{sum(reads)} of 12 lines")
    assert sum(reads) >= 0.9 * 12


def test_only_a_sheet_with_four_visible_corners_is_found(recognizer):
    taken = photograph(["123"], 0, on_desk=True, tilt=15)
    sheet = find_sheet(taken.picture)
    assert sheet is not None
    height, width = sheet.picture.shape[:2]
    assert (width, height) == pytest.approx((780 * 0.97, 593 * 0.97), rel=0.03)
    level = recognizer.read_number(sheet.picture)
    assert level.text == recognizer.read_number(taken.picture).text == "123"
    assert find_sheet(photograph(["123"], 0, shadow=True).picture) is None
    for level_grey in (0, 255):
        assert find_sheet(np.full((200, 300), level_grey, np.uint8)) is None
