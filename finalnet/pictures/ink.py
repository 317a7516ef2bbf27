"""Pixels to ink: what has another colour than the paper, whichever is the darker."""

import cv2
import numpy as np

from finalnet.pictures.photograph import ink_of_photograph
from finalnet.pictures.pixels import PictureLike, border_of, lay_on, to_pixels
from finalnet.pictures.printed import NO_FORM, Form, erase_printed

MIN_CONTRAST = 12  # grey levels of 255 between paper and its strongest ink; less is blank
EVEN_PAPER = 4  # grey levels; a border that typically varies more is a photographed sheet
SAME_PAPER = 0.15  # of a border in exactly one colour: no photograph, however much is ink
CLOSE_COLOR = 24  # grey levels up to which a border has the colour of its middle
CLEAR_BORDER = 0.75  # of a border in one colour: that is the paper's
CORNER = 0.06  # of the shorter side, the size of a corner


def find_ink(image: PictureLike) -> np.ndarray:
    """Separate ink from paper.

    Args:
        image: as for `preprocess`.
    Returns:
        (H, W) uint8, paper 0, ink up to 255; all zero when there is no ink. Pictures with a side
        above `WORKING_SIZE` come back shrunk to it.
    Raises:
        TypeError, ValueError: as for `preprocess`.
    """
    return _find_ink(image, False)[0]


def find_writing(image: PictureLike) -> tuple[np.ndarray, Form]:
    """`find_ink` without printed lines and segments of displays, and what was printed."""
    return _find_ink(image, True)


def _find_ink(image: PictureLike, is_form: bool) -> tuple[np.ndarray, Form]:
    color, alpha = to_pixels(image)
    if alpha is None:
        return _ink(color, is_form)
    # Transparent paper takes the colour on which the ink shows: white, else black.
    found = _ink(lay_on(255, color, alpha), is_form)
    return found if found[0].any() else _ink(lay_on(0, color, alpha), is_form)


def _ink(pixels: np.ndarray, is_form: bool) -> tuple[np.ndarray, Form]:
    """Ink of opaque pixels: (H, W) uint8, paper 0, strongest ink 255; and what was printed."""
    border = border_of(pixels)
    paper = _find_paper(pixels, border)
    # A quarter of the border may be ink, of more the lit part of a sheet in shadow.
    spread = _find_deviation(border, np.median(border, axis=0), 75)
    is_drawn = (border == paper).all(axis=1).mean() >= SAME_PAPER
    if spread > EVEN_PAPER and not is_drawn:
        return ink_of_photograph(pixels, is_form)
    typical = _find_deviation(border, paper)
    # Any colour that is not the paper's is ink, so yellow on white counts as black does.
    ink = cv2.absdiff(pixels, np.full_like(pixels, paper))
    if ink.ndim == 3:
        ink = ink.max(axis=2)
    strongest = int(ink.max())
    if strongest < MIN_CONTRAST:
        return np.zeros_like(ink), NO_FORM
    if 0 < typical <= EVEN_PAPER:
        # Six times the median deviation is four standard deviations of the grain.
        ink = np.where(ink > 6 * typical, ink, 0).astype(np.uint8)
    # MNIST's own digits peak at 254 or 255 and must pass unchanged.
    ink = ink if strongest >= 254 else cv2.convertScaleAbs(ink, alpha=255 / strongest)
    return erase_printed(ink, ink) if is_form else (ink, NO_FORM)


def _find_deviation(border: np.ndarray, paper: np.ndarray, percent: float = 50) -> float:
    """How many grey levels so many of a border's pixels differ at the most from a colour."""
    return float(np.percentile(np.abs(border - paper.astype(np.float32)).max(axis=1), percent))


def _find_paper(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The colour of the paper, (channels,) uint8: the border's, as far as it is not ink."""
    paper = np.median(border, axis=0)
    if (np.abs(border - paper).max(axis=1) <= CLOSE_COLOR).mean() >= CLEAR_BORDER:
        return paper.astype(np.uint8)
    # A picture cut close to its ink: ink rarely reaches into the corners.
    height, width = pixels.shape[:2]
    side = max(1, round(CORNER * min(height, width)))
    rows, columns = np.r_[:side, -side:0] % height, np.r_[:side, -side:0] % width
    corners = pixels[np.ix_(rows, columns)].reshape(len(rows) * len(columns), -1)
    lightness = np.concatenate([border, corners]).mean(axis=1)
    dark, light = np.percentile(border.mean(axis=1), (5, 95))
    is_light = lightness > (dark + light) / 2
    at_corner = is_light[len(border) :].mean()
    on_border = is_light[: len(border)].mean()
    chosen = is_light[: len(border)] == (2 * at_corner + on_border > 1.5)
    paper = np.median(border[chosen], axis=0) if chosen.any() else paper
    return paper.astype(np.uint8)
