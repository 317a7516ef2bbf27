"""Pixels to ink: everything that differs in colour from the paper, darker or lighter."""

import cv2
import numpy as np

from finalnet.pictures.forms import NO_FORM, Form
from finalnet.pictures.photograph import ink_of_photograph
from finalnet.pictures.pixels import PictureLike, border_of, lay_on, subtract, to_pixels
from finalnet.pictures.printed import erase_printed

MIN_CONTRAST = 12  # of 255 grey levels, between paper and strongest ink; less is blank
EVEN_PAPER = 4  # grey levels; a border that varies more belongs to a photograph
SAME_PAPER = 0.15  # share of the border in exactly one colour from which it is no photograph
CLOSE_COLOR = 24  # grey levels within which border pixels count as one colour
CLEAR_BORDER = 0.75  # share of the border in one colour from which that is the paper
CORNER = 0.06  # of the shorter side: side of the squares sampled in the corners


def find_ink(image: PictureLike) -> np.ndarray:
    """Separate ink from paper.

    Args:
        image: as for `preprocess`.
    Returns:
        (H, W) uint8, paper 0, ink up to 255; all zero when there is no ink. Pictures larger than
        `WORKING_SIZE` are shrunk.
    Raises:
        TypeError, ValueError: as for `preprocess`.
    """
    return _find_ink(image, False)[0]


def find_writing(image: PictureLike) -> tuple[np.ndarray, Form]:
    """`find_ink` without printed lines and with displays redrawn; also returns the form found."""
    return _find_ink(image, True)


def _find_ink(image: PictureLike, is_form: bool) -> tuple[np.ndarray, Form]:
    color, alpha = to_pixels(image)
    if alpha is None:
        return _ink(color, is_form)
    # Put transparent pictures on white; if no ink shows there, on black.
    found = _ink(lay_on(255, color, alpha), is_form)
    return found if found[0].any() else _ink(lay_on(0, color, alpha), is_form)


def _ink(pixels: np.ndarray, is_form: bool) -> tuple[np.ndarray, Form]:
    """Ink of opaque pixels, (H, W) uint8, paper 0, strongest ink 255; and the printed form."""
    border = border_of(pixels)
    paper = _find_paper(pixels, border)
    is_drawn = (border == paper).all(axis=1).mean() >= SAME_PAPER
    # Up to a quarter of the border may be ink, hence the 75th percentile. More than that is the
    # lit part of a sheet in shadow.
    if not is_drawn and _find_deviation(border, np.median(border, axis=0), 75) > EVEN_PAPER:
        return ink_of_photograph(pixels, is_form)
    typical = _find_deviation(border, paper)
    # The largest channel difference counts, so yellow on white is as strong as black.
    ink = subtract(pixels, paper)
    strongest = int(ink.max())
    if strongest < MIN_CONTRAST:
        return np.zeros_like(ink), NO_FORM
    if 0 < typical <= EVEN_PAPER:
        # Six times the median deviation is four standard deviations of the grain.
        ink = np.where(ink > 6 * typical, ink, 0).astype(np.uint8)
    # MNIST digits peak at 254 or 255 and must pass unchanged.
    ink = ink if strongest >= 254 else cv2.convertScaleAbs(ink, alpha=255 / strongest)
    return erase_printed(ink, ink) if is_form else (ink, NO_FORM)


def _find_deviation(border: np.ndarray, paper: np.ndarray, percent: float = 50) -> float:
    """A percentile of the border's difference from a colour, in grey levels."""
    return float(np.percentile(np.abs(border - paper.astype(np.float32)).max(axis=1), percent))


def _find_paper(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The colour of the paper, (channels,) uint8, estimated from the border without its ink."""
    paper = np.median(border, axis=0)
    if (np.abs(border - paper).max(axis=1) <= CLOSE_COLOR).mean() >= CLEAR_BORDER:
        return paper.astype(np.uint8)
    # The picture is cropped close to its ink. Ink rarely reaches the corners.
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
