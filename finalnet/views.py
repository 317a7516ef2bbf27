"""28x28 to views: the same drawing as a finer and as a bolder pen would have drawn it.

The network answers all of them in one pass, and the mean of its logits is the answer.
"""

import cv2
import numpy as np

# Shares of the way to a pen one pixel finer (below 0) or bolder on every side.
PENS = (0.0, -0.5, -0.8, 0.5)
ONE_PIXEL = np.ones((3, 3), np.uint8)


def make_views(network_inputs: np.ndarray) -> np.ndarray:
    """Network inputs (N, 28, 28) uint8 in all their views, the input first: (N, 4, 28, 28)."""
    views = [[change_pen(image, amount) for amount in PENS] for image in network_inputs]
    return np.array(views, np.uint8).reshape(-1, len(PENS), *network_inputs.shape[1:])


def change_pen(image: np.ndarray, amount: float) -> np.ndarray:
    """Make the ink of an (H, W) uint8 picture finer (amount down to -1) or bolder (up to 1)."""
    reshape = cv2.dilate if amount > 0 else cv2.erode
    return cv2.addWeighted(image, 1 - abs(amount), reshape(image, ONE_PIXEL), abs(amount), 0)
