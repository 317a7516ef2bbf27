"""Converts any supported picture to uint8 pixels of limited size."""

from functools import reduce
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

MAX_PIXELS = 16_000_000  # larger pictures are rejected
WHITES = (1, 255, 1023, 4095, 16383, 65535)  # floats, and 8, 10, 12, 14 and 16 bits
WORKING_SIZE = 1120  # px; pictures with a longer side are shrunk to this

PictureLike = Image.Image | np.ndarray


class Part(NamedTuple):
    """A part of a picture, levelled where it was seen at an angle."""

    picture: np.ndarray  # same dtype and channels as the whole picture
    move: np.ndarray  # (3, 3), maps its pixels to those of the whole picture


def to_pixels(image: PictureLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Convert a picture to uint8 pixels, shrunk to `WORKING_SIZE` if it is larger.

    Returns:
        (H, W) or (H, W, 3) uint8, and the (H, W) alpha channel or None.
    Raises:
        TypeError, ValueError: as for `preprocess`.
    """
    pixels = shrink(image)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return pixels[:, :, :3], pixels[:, :, 3]
    return pixels, None


def shrink(image: PictureLike) -> np.ndarray:
    """`to_pixels` with the alpha channel, if any, as the fourth."""
    if isinstance(image, Image.Image):
        _check_size(image.height, image.width)
        pixels = _decode(image)
    elif isinstance(image, np.ndarray):
        pixels = check_array(image)
    else:
        raise TypeError(f"expected a PIL image or an array, got {type(image).__name__}")
    return resize(pixels, WORKING_SIZE) if max(pixels.shape[:2]) > WORKING_SIZE else pixels


def find_scale(image: PictureLike) -> float:
    """How many px of a picture make one px of what `to_pixels` returns."""
    size = image.size if isinstance(image, Image.Image) else check_array(image).shape[:2]
    return max(1.0, max(size) / WORKING_SIZE)


def check_array(image: np.ndarray) -> np.ndarray:
    """Validate an array and convert it to uint8 (H, W), (H, W, 3) or (H, W, 4).

    Raises:
        ValueError: its shape, dtype, range or size is not supported.
    """
    shape = image.shape
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    elif image.ndim == 3 and image.shape[0] == 1 and image.shape[2] not in (3, 4):
        image = image[0]
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] not in (3, 4)):
        raise ValueError(
            "an image array must be (H, W), (H, W, 3), (H, W, 4), (H, W, 1) or (1, H, W), "
            f"got {shape}"
        )
    _check_size(*image.shape[:2])
    if np.issubdtype(image.dtype, np.floating):
        if not (image.min() >= 0 and image.max() <= 1):
            raise ValueError(
                "an image array of floats must lie in 0..1, got "
                f"{image.min():.3g} to {image.max():.3g}; pass 0..255 as uint8"
            )
        return np.rint(image * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f"an image array must be uint8 in 0..255 or float in 0..1, got {image.dtype}"
        )
    return image


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise ValueError(f"the image is empty: {width}x{height} px; it needs at least 1x1")
    if height * width > MAX_PIXELS:
        raise ValueError(
            f"the image has {height * width / 1e6:.0f} megapixels, at most "
            f"{MAX_PIXELS / 1e6:.0f} are read; make it smaller"
        )


def _decode(image: Image.Image) -> np.ndarray:
    """Convert a PIL image of any mode to uint8 (H, W), (H, W, 3) or (H, W, 4)."""
    if image.mode in ("L", "RGB", "RGBA"):
        return np.asarray(image)
    if image.mode.startswith(("I", "F")):
        pixels = np.nan_to_num(np.asarray(image, dtype=np.float32))
        # The mode does not define white, so take the smallest common value that fits.
        strongest = pixels.max(initial=0)
        white = next((white for white in WHITES if strongest <= white), WHITES[-1])
        return np.clip(pixels * (255 / white), 0, 255).astype(np.uint8)
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(image.convert("L" if image.mode == "1" else "RGB"))


def lay_on(paper: int, color: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Blend a picture onto white (255) or black (0) paper by its alpha channel, if it has one."""
    if alpha is None:
        return color
    opacity = (alpha / 255)[:, :, None]
    return np.rint(color * opacity + paper * (1 - opacity)).astype(np.uint8)


def resize(pixels: np.ndarray, longer_side: int) -> np.ndarray:
    """Scale the longer side to a length in px; area averaging when shrinking, else bilinear."""
    height, width = pixels.shape[:2]
    scale = longer_side / max(height, width)
    if scale == 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(pixels, size, interpolation=method)


def subtract(pixels: np.ndarray, color: np.ndarray) -> np.ndarray:
    """The largest difference of any channel from a colour (channels,): (H, W) uint8."""
    # With a number in place of an array, OpenCV takes a picture of 4x1 px for a colour.
    apart = cv2.absdiff(pixels, np.full_like(pixels, color))
    return np.asarray(reduce(cv2.max, cv2.split(apart)))


def border_of(pixels: np.ndarray) -> np.ndarray:
    """The outermost ring of pixels, (n, channels), of a picture (H, W) or (H, W, channels)."""
    ring = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return ring.reshape(len(ring), -1)
