"""28x28 to views: the same drawing with finer and bolder pens.

The network reads all views in one pass, and the answer is the mean of their logits. A checkpoint
lists its views as "pens" in `config.json`, because its threshold is valid only for them. A pen is
a number from -1 to 1: the share of the way to ink one pixel finer (negative) or bolder (positive)
on every side.
"""

from collections.abc import Sequence

import cv2
import numpy as np

# For older checkpoints, which do not record their views; all used these.
UNRECORDED_PENS = (0.0, -0.5, -0.8, 0.5)
MAX_VIEWS = 8
ONE_PIXEL = np.ones((3, 3), np.uint8)


def make_views(network_inputs: np.ndarray, pens: Sequence[float]) -> np.ndarray:
    """Redraw network inputs (N, 28, 28) uint8 with each of the pens: (N, pens, 28, 28) uint8."""
    views = [[change_pen(image, amount) for amount in pens] for image in network_inputs]
    return np.array(views, np.uint8).reshape(-1, len(pens), *network_inputs.shape[1:])


def change_pen(image: np.ndarray, amount: float) -> np.ndarray:
    """Make the ink of an (H, W) uint8 picture finer (amount -1 to 0) or bolder (0 to 1)."""
    reshape = cv2.dilate if amount > 0 else cv2.erode
    return cv2.addWeighted(image, 1 - abs(amount), reshape(image, ONE_PIXEL), abs(amount), 0)
