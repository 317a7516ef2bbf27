"""Groups boxes of ink into lines and words, and tells separators from digits.

    boxes of strokes or of connected ink -> lines -> pieces, left to right, and breaks between them

A piece is a digit or a part of one. splitting.py decides which pieces form a digit.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from finalnet.numbers.boxes import Box, distance, gap, join, rise
from finalnet.numbers.separators import DOT, UNREAD, Mark, name_dots, name_mark
from finalnet.strokes import MAX_STROKES

MAX_DIGITS = 20  # in a line
MAX_LINES = 10
MOST_PIECES = 3  # per digit, separators included; a line with more is refused early
# The gap between two boxes gives the log-odds that they are two digits.
EVEN_GAP = -0.07  # of the digits' height; as frequent inside a digit as between two
GAP_SCALE = 0.05  # of the digits' height; a gap wider by this is e times as often between two
SURE = 8.0  # log-odds above which geometry decides without the network
DIRT = 0.1  # of the largest piece's longer side; smaller pieces are dirt
# Lines and words. Unless stated otherwise, heights of the taller of two boxes.
TALL = 0.4  # of the tallest box; smaller boxes do not determine lines
REACH = 1.2  # widest gap between neighbours on a line; wider ones are bridged in a later step
LEVEL = 0.35  # of the lower box; least vertical overlap of neighbours on a line
STACKED = 0.1  # of their joint height; widest gap between upper and lower part of a digit
SLIMMEST = 2.4  # height / width, at most, of a digit joined from such parts
SPACE = 0.9  # of the line's tallest digit; least gap between words ...
SPACE_GAPS = 3.0  # ... and at least this many times the line's usual gap
# Least gap between a separator and other pieces, in heights of the digits.
STROKES_ROOM = 0.035  # a stroke closer than this may be the second stroke of a digit
INK_ROOM = -0.1  # connected ink never touches other ink, but boxes may overlap


class TextLine(NamedTuple):
    """The pieces of one line, left to right."""

    pieces: list[list[int]]  # indices of the boxes
    breaks: list[str]  # before each piece, and after the last: a separator, " " or ""
    unread: int  # number of dots and signs that are neither parts of digits nor known separators


def find_lines(
    boxes: Sequence[Box], leans: Sequence[float], room: float, homes: Sequence[Box | None] = ()
) -> list[TextLine]:
    """Group boxes into lines, from the top down, and tell separators from digits.

    Args:
        boxes: of strokes, or of connected ink.
        leans: correlation of x with y pointing up, per box, -1 to 1: 1 is a straight slash.
        room: least gap between separators and digits, in heights of the digits.
        homes: the printed cell that contains each box, or None; two cells hold two digits.
    Raises:
        ValueError: more than `MAX_LINES` lines, or more than `MAX_DIGITS` digits on a line.
    """
    # Noisy pictures have thousands of specks.
    order = sorted(range(len(boxes)), key=lambda index: -max(boxes[index][2:]))[:MAX_STROKES]
    homes = homes or [None] * len(boxes)
    groups = group_lines({index: stand(boxes[index], homes[index]) for index in sorted(order)})
    if len(groups) > MAX_LINES:
        raise ValueError(f"the ink is in {len(groups)} lines, at most {MAX_LINES} are read")
    return [lay_out(group, boxes, leans, room, homes) for group in groups]


def stand(box: Box, home: Box | None) -> Box:
    """Replace the height of a box by that of its cell, because digits fill cells differently."""
    if home is None:
        return box
    return Box(box.left, home.top + home.height / 6, box.width, home.height * 2 / 3)


def group_lines(boxes: dict[int, Box]) -> list[list[int]]:
    """Indices of the boxes on each line, from the top down."""
    highest = max((box.height for box in boxes.values()), default=0)
    tall = {index: box for index, box in boxes.items() if box.height >= TALL * highest}
    extents = np.array(list(tall.values()), np.float64).reshape(-1, 4)
    rows = unite([[place] for place in range(len(tall))], are_neighbours(extents))
    for bridges in (are_parts, are_on_level):
        rows = unite(rows, bridges(extents, rows))
    names = list(tall)
    groups = [[names[place] for place in row] for row in rows]
    home = {index: group for group in groups for index in group}
    for index, box in boxes.items():
        if index not in tall:
            nearest = min(tall, key=lambda other: distance(box, tall[other]))
            home[nearest].append(index)
    groups.sort(key=lambda group: join([tall[i] for i in group if i in tall]).middle)
    return groups


def unite(groups: list[list[int]], are_joint: np.ndarray) -> list[list[int]]:
    """Merge groups for which `are_joint`, (n, n) bool, is true above its diagonal."""
    names = np.arange(len(groups))
    for one, other in np.argwhere(np.triu(are_joint, 1)):
        if names[one] != names[other]:
            names[names == names[other]] = names[one]
    united = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    return [sorted(place for index in row for place in groups[index]) for row in united]


def are_neighbours(boxes: np.ndarray) -> np.ndarray:
    """Which pairs of (n, 4) boxes are side by side on a line: (n, n) bool."""
    heights = boxes[:, 3]
    near = _between(boxes, boxes, 0) <= REACH * np.maximum.outer(heights, heights)
    level = _between(boxes, boxes, 1) <= -LEVEL * np.minimum.outer(heights, heights)
    return np.asarray(near & level)


def are_parts(boxes: np.ndarray, rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Which pairs of rows are one line, the shorter holding only parts of the other's digits."""
    is_in = np.zeros((len(rows), len(boxes)), np.float32)
    for number, row in enumerate(rows):
        is_in[number, row] = 1
    lonely = are_of_one_digit(boxes).astype(np.float32) @ is_in.T == 0
    is_all = is_in @ lonely == 0  # whether every box of a row has a partner in the other row
    lengths = is_in.sum(axis=1)
    return np.where(lengths[:, None] <= lengths[None], is_all, is_all.T)


def are_of_one_digit(boxes: np.ndarray) -> np.ndarray:
    """Which pairs of boxes, one above the other, may be one digit, such as an 8 of two circles."""
    low, size = boxes[:, :2].T, boxes[:, 2:].T
    width, height = (
        np.maximum.outer(start + length, start + length) - np.minimum.outer(start, start)
        for start, length in zip(low, size, strict=True)
    )
    touch = _between(boxes, boxes, 1) <= STACKED * height
    above = _between(boxes, boxes, 0) <= -np.minimum.outer(size[0], size[0]) / 2
    return np.asarray(touch & above & (height <= SLIMMEST * width))


def are_on_level(boxes: np.ndarray, rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Which pairs of rows are at the same height, one after the other, however far apart."""
    ends = boxes[[max(row, key=lambda i: boxes[i, 0] + boxes[i, 2]) for row in rows]]
    starts = boxes[[min(row, key=lambda i: boxes[i, 0]) for row in rows]]
    apart = np.less_equal.outer(ends[:, 0] + ends[:, 2], starts[:, 0])
    least = np.minimum.outer(ends[:, 3], starts[:, 3])
    follows = apart & (_between(ends, starts, 1) <= -LEVEL * least)
    is_first = np.less_equal.outer(starts[:, 0], starts[:, 0])
    return np.where(is_first, follows, follows.T)


def _between(boxes: np.ndarray, others: np.ndarray, axis: int) -> np.ndarray:
    """`gap` (axis 0) or `rise` (axis 1) of (n, 4) and (m, 4) boxes: (n, m)."""
    start, length = boxes[:, None, axis], boxes[:, None, axis + 2]
    other_start, other_length = others[None, :, axis], others[None, :, axis + 2]
    return np.maximum(other_start - start - length, start - other_start - other_length)


def lay_out(
    group: Sequence[int],
    boxes: Sequence[Box],
    leans: Sequence[float],
    room: float,
    homes: Sequence[Box | None],
) -> TextLine:
    """Order the pieces of one line and find the separators and spaces between them."""
    highest = max(boxes[index].height for index in group)
    dots = [index for index in group if max(boxes[index][2:]) < DOT * highest]
    pieces = arrange([index for index in group if index not in dots], boxes, homes)
    if len(pieces) > MOST_PIECES * MAX_DIGITS:
        raise ValueError(
            f"the ink is in {len(pieces)} pieces, at most {MAX_DIGITS} digits are read"
        )
    piece_boxes = [join([boxes[index] for index in piece]) for piece in pieces]
    tall = [box for box in piece_boxes if box.height >= TALL * highest]
    names = [
        name_mark(box, leans[piece[0]] if len(piece) == 1 else 0.0, piece_boxes, tall, room)
        for piece, box in zip(pieces, piece_boxes, strict=True)
    ]
    marks = [Mark(box.center, name) for box, name in zip(piece_boxes, names, strict=True) if name]
    digits = [i for i, name in enumerate(names) if not name]
    kept = [piece_boxes[i] for i in digits]
    dot_marks = name_dots([boxes[index] for index in dots], kept)
    marks += dot_marks
    lined = [list(pieces[i]) for i in digits]
    free = len(dots)
    for index in dots:  # a dot that overlaps the box of a digit is a part of it
        for piece, box in zip(lined, kept, strict=True):
            if gap(boxes[index], box) < 0 and -rise(boxes[index], box) >= 0:
                piece.append(index)
                free -= 1
                break
    if len(lined) > MAX_DIGITS:
        raise ValueError(f"the ink is in {len(lined)} pieces, at most {MAX_DIGITS} digits are read")
    rooms = [homes[piece[0]] for piece in lined]
    breaks = find_breaks(kept, marks, rooms)
    named = sum(2 if name == ":" else 1 for _, name in dot_marks)
    read = sum(between not in ("", " ") for between in breaks)
    return TextLine(lined, breaks, max(free - named, 0) + len(marks) - read)


def arrange(
    members: Sequence[int], boxes: Sequence[Box], homes: Sequence[Box | None]
) -> list[list[int]]:
    """Merge boxes that certainly belong to one digit, drop dirt, and sort from left to right.

    Args:
        members: indices of the boxes to arrange.
    Returns:
        Indices of the boxes, one list per piece.
    """
    pieces: list[tuple[Box, list[int]]] = []
    for index in sorted(members, key=lambda index: boxes[index].left):
        box, joined = boxes[index], [index]
        for piece in list(pieces):
            if piece[0].left + piece[0].width <= box.left:
                continue  # the usual case, skipped before the costlier test
            is_apart = are_apart(homes[piece[1][0]], homes[index])
            if log_odds(piece[0], box) < -SURE and not is_apart:
                pieces.remove(piece)
                box, joined = join([piece[0], box]), piece[1] + joined
        pieces.append((box, joined))
    largest = max((max(box.width, box.height) for box, _ in pieces), default=0)
    pieces = [piece for piece in pieces if max(piece[0].width, piece[0].height) >= DIRT * largest]
    pieces.sort(key=lambda piece: piece[0].center)
    return [joined for _, joined in pieces]


def find_breaks(
    digits: Sequence[Box], marks: Sequence[Mark], homes: Sequence[Box | None]
) -> list[str]:
    """The separator, " " or "" before each digit of a line, and after the last."""
    gaps = [gap(*pair) for pair in pairwise(digits)]
    highest = max((box.height for box in digits), default=0)
    clear = sorted(gap for gap in gaps if gap > 0)
    # With a single gap, that gap is the usual one: two digits, however far apart, are one number.
    usual = clear[(len(clear) - 1) // 2] if clear else 0.0
    wide = max(SPACE * highest, SPACE_GAPS * usual)
    breaks = ["", *(" " if gap >= wide else "" for gap in gaps), ""]
    for place, name in marks:
        before = sum(box.center < place for box in digits)
        if 0 < before < len(digits) and are_apart(homes[before - 1], homes[before]):
            continue  # the rest of a printed line between two cells
        # At most one separator fits between two digits; any others are dirt.
        if breaks[before] in ("", " "):
            breaks[before] = " " if name == UNREAD else name
    return breaks if digits else [""]


def log_odds(one: Box, other: Box) -> float:
    """The log-odds that two boxes are two digits, from the gap between them."""
    height = max(one.height, other.height, 1e-6)
    return (gap(one, other) / height - EVEN_GAP) / GAP_SCALE


def are_apart(home: Box | None, other: Box | None) -> bool:
    """Whether two pieces are in different printed cells."""
    return home is not None and other is not None and home != other
