"""28x28 to views: the same drawing as a finer and as a bolder pen would have drawn it.

The network answers all of them in one pass, and the mean of its logits is the answer. Which views
there are belongs to a checkpoint, whose threshold holds for them alone: they stand in its
`config.json` as pens, shares of the way to a pen one pixel finer (below 0) or bolder on every side.
"""

from collections.abc import Sequence

import cv2
import numpy as np

# Of checkpoints from before the views were recorded, which all had these.
UNRECORDED_PENS = (0.0, -0.5, -0.8, 0.5)
MAX_VIEWS = 8
ONE_PIXEL = np.ones((3, 3), np.uint8)


def make_views(network_inputs: np.ndarray, pens: Sequence[float]) -> np.ndarray:
    """Network inputs (N, 28, 28) uint8 as each of the pens would draw them: (N, pens, 28, 28)."""
    views = [[change_pen(image, amount) for amount in pens] for image in network_inputs]
    return np.array(views, np.uint8).reshape(-1, len(pens), *network_inputs.shape[1:])


def change_pen(image: np.ndarray, amount: float) -> np.ndarray:
    """Make the ink of an (H, W) uint8 picture finer (amount down to -1) or bolder (up to 1)."""
    reshape = cv2.dilate if amount > 0 else cv2.erode
    return cv2.addWeighted(image, 1 - abs(amount), reshape(image, ONE_PIXEL), abs(amount), 0)
