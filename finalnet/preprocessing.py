"""Image to network input: centres and scales every drawing as MNIST does.

The pad, uploads, the API, training and the tests share this pipeline:

    picture -> pixels -> ink -> crop -> 20 px -> centre of mass -> 28x28 -> normalised
"""

from collections.abc import Sequence

import cv2
import numpy as np

from finalnet.pictures.ink import find_ink
from finalnet.pictures.pixels import PictureLike, resize

INPUT_SIZE = 28  # px, side of the network's input
DIGIT_SIZE = 20  # px, longer side of the ink inside it
# Centre 14.0, not 13.5: MNIST's own convention (the oracle in tests/test_preprocessing.py).
CENTER = 14.0  # px, index of the pixel at the centre of mass
MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels in [0, 1]


def preprocess(image: PictureLike) -> np.ndarray:
    """Turn a picture of one digit into the network's input.

    Args:
        image: PIL image of any mode, or array (H, W), (H, W, 3), (H, W, 4), (H, W, 1) or
            (1, H, W), uint8 in [0, 255] or float in [0, 1]; dark ink on light paper or light ink
            on dark paper.
    Returns:
        (28, 28) uint8, paper 0, ink 255; all zero when there is no ink.
    Raises:
        TypeError: the image is neither a PIL image nor an array.
        ValueError: an array has another dtype or shape; a picture is empty or too large.
    """
    return center_ink(find_ink(image))


def shrink_whole(image: np.ndarray) -> np.ndarray:
    """The input of a tutorial's network: the whole pad, shrunk without centring the ink.

    Args:
        image: (H, H) uint8, H a multiple of 28; paper 255, ink 0.
    Returns:
        (28, 28) uint8, paper 0, ink 255.
    """
    step = len(image) // INPUT_SIZE
    blocks = (255 - image).reshape(INPUT_SIZE, step, INPUT_SIZE, step)
    return np.rint(blocks.mean((1, 3))).astype(np.uint8)


def preprocess_batch(images: Sequence[PictureLike]) -> np.ndarray:
    """`preprocess` for several pictures: (N, 28, 28) uint8."""
    if not images:
        return np.zeros((0, INPUT_SIZE, INPUT_SIZE), np.uint8)
    return np.stack([preprocess(image) for image in images])


def normalize(network_inputs: np.ndarray) -> np.ndarray:
    """Scale uint8 network inputs to float32 in which MNIST has mean 0 and standard deviation 1."""
    return (network_inputs / np.float32(255) - np.float32(MEAN)) / np.float32(STD)


def center_ink(ink: np.ndarray) -> np.ndarray:
    """Crop the ink, scale its longer side to 20 px and move its centre of mass to the middle.

    Args:
        ink: (H, W) uint8, paper 0, ink up to 255.
    Returns:
        (28, 28) uint8, paper 0, ink 255; all zero when there is no ink.
    Source: LeCun et al. 1998; centre measured on the MNIST test set.
    """
    frame = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0:
        return frame
    digit = resize(ink[top : top + height, left : left + width], DIGIT_SIZE)
    height, width = digit.shape
    mass = digit.sum(dtype=np.float64)
    y = round(CENTER - digit.sum(axis=1) @ np.arange(height) / mass) if mass else 0
    x = round(CENTER - digit.sum(axis=0) @ np.arange(width) / mass) if mass else 0
    y = min(max(y, 0), INPUT_SIZE - height)
    x = min(max(x, 0), INPUT_SIZE - width)
    frame[y : y + height, x : x + width] = digit
    return frame
