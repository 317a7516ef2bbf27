"""Photograph to ink: estimates the brightness of the paper at every pixel and divides by it.

pixels -> grey -> dark or light ink -> paper -> contrast -> ink without printed lines and dirt
"""

import cv2
import numpy as np

from finalnet.pictures.connected import label_ink
from finalnet.pictures.forms import NO_FORM, Form
from finalnet.pictures.pixels import resize
from finalnet.pictures.printed import erase_printed

PHOTOGRAPH_CONTRAST = 20  # least contrast of ink, in grey levels for paper at 255
PAPER_SIZE = 240  # px, longer side of the shrunk picture on which the paper is estimated
WIDEST_PEN = 49  # px of the shrunk picture; anything wider is paper, whatever its brightness
WIDTHS = (5, 9, 17, 33, WIDEST_PEN)  # px of the shrunk picture, possible widths of strokes
MUCH = 0.04  # of the energy up to WIDEST_PEN: enough at a smaller width to decide
SPECK = 0.02  # of the largest piece of ink; smaller pieces are dirt


def ink_of_photograph(pixels: np.ndarray, is_form: bool) -> tuple[np.ndarray, Form]:
    """Separate ink from unevenly lit paper.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        is_form: erase printed lines and redraw displays, see `printed.py`.
    Returns:
        (H, W) uint8, paper 0, ink up to 255, and the printed form.
    """
    sharp = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    blur = max(sharp.shape) / 400  # px
    grey = cv2.GaussianBlur(sharp, (0, 0), blur).astype(np.float32)
    is_dark = _is_ink_dark(grey)
    paper = _paper(grey, cv2.MORPH_CLOSE if is_dark else cv2.MORPH_OPEN)
    sign = -1 if is_dark else 1
    contrast = sign * (grey / paper - 1)
    levels = np.clip(contrast * 255, 0, 255).astype(np.uint8)
    threshold, mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    grain = 255 * 1.4826 * float(np.median(np.abs(contrast - np.median(contrast))))
    strength = float(levels[mask > 0].mean()) if mask.any() else 0
    if strength < max(PHOTOGRAPH_CONTRAST, 6 * grain):
        return np.zeros_like(levels), NO_FORM
    form = NO_FORM
    if is_form:
        # Unblurred, because blur would merge adjacent lines.
        sharp = sign * (sharp / paper - 1)
        lined = _ramp(sharp, threshold)
        clean, form = erase_printed(lined, sharp)
        if form.is_display:
            return clean, form
        if form.lines:
            sharp = np.where(clean < lined, sharp * (clean / np.maximum(lined, 1)), sharp)
            contrast = cv2.GaussianBlur(sharp.astype(np.float32), (0, 0), blur)
            mask = np.where(contrast * 255 > threshold, 255, 0).astype(np.uint8)
    mask = cv2.dilate(_without_dirt(mask), np.ones((3, 3), np.uint8))
    return np.where(mask > 0, _ramp(contrast, threshold), 0).astype(np.uint8), form


def _ramp(contrast: np.ndarray, threshold: float) -> np.ndarray:
    """Contrast to ink, with a linear ramp around the threshold that keeps edges antialiased.

    The threshold is 0 if there are only two grey levels.
    """
    return np.clip(255 * (contrast * 255 / max(threshold, 1) - 0.5), 0, 255).astype(np.uint8)


def _paper(grey: np.ndarray, operation: int) -> np.ndarray:
    """Estimate the brightness of the paper at every pixel by filling everything narrow.

    Wide shapes such as a shadow or the sheet itself keep their edges.
    """
    small = cv2.medianBlur(np.rint(resize(grey, PAPER_SIZE)).astype(np.uint8), 3)
    filled = cv2.morphologyEx(small, operation, np.ones((WIDEST_PEN, WIDEST_PEN), np.uint8))
    paper = np.maximum(cv2.GaussianBlur(filled, (0, 0), 1), 1).astype(np.float32)
    return cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _is_ink_dark(grey: np.ndarray) -> bool:
    """Whether ink is darker than the paper rather than lighter, as on a blackboard.

    Strokes are narrower than the areas they enclose, and shadows are wide. So the smallest width at
    which there is enough contrast decides.
    """
    small = cv2.medianBlur(np.rint(resize(grey, PAPER_SIZE)).astype(np.uint8), 3)
    levels = np.log(np.maximum(small, 1)).astype(np.float32)
    amounts = []
    for width in WIDTHS:
        kernel = np.ones((width, width), np.uint8)
        hats = (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)
        amounts.append([float((cv2.morphologyEx(levels, h, kernel) ** 2).sum()) for h in hats])
    most = max(amounts[-1])
    dark, light = next(pair for pair in amounts if max(pair) >= MUCH * most)
    return dark >= light


def _without_dirt(mask: np.ndarray) -> np.ndarray:
    """Drop specks and, unless that is all there is, pieces that touch the picture's edge."""
    labels, stats = label_ink((mask > 0).astype(np.uint8))
    height, width = mask.shape
    left, top, across, down, area = stats.T
    inside = (left > 0) & (top > 0) & (left + across < width) & (top + down < height)
    inside[0] = False  # the paper itself
    kept = inside if inside.any() else np.arange(len(stats)) > 0
    if kept.any():
        kept = kept & (area >= SPECK * area[kept].max())
    return np.where(kept[labels], 255, 0).astype(np.uint8)
