"""Image files: opened with care, because they come from anywhere."""

from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from finalnet.preprocessing import MAX_PIXELS

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]  # Pillow's others run foreign programs
KINDS = "PNG, JPEG, WebP, GIF, BMP or TIFF"


def open_picture(file: Path | str | BinaryIO | None) -> Image.Image:
    """Open an image file, upright as its EXIF data says.

    Args:
        file: its path, or what it holds as a binary file object.
    Raises:
        ValueError: not an image, damaged, or above 16 megapixels by its header; nothing of a too
            large picture is decoded.
    """
    if not file:
        raise ValueError(f"no image came; send an image file: {KINDS}")
    try:
        picture = Image.open(file, formats=FORMATS)
    except Exception:  # Pillow's decoders raise whatever they like on damaged files
        raise ValueError(f"the file is not an image that can be read; send {KINDS}") from None
    with picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(
                f"the image has {picture.width}x{picture.height} px, at most "
                f"{MAX_PIXELS / 1e6:.0f} megapixels are read; make it smaller"
            )
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:
            raise ValueError("the image file is damaged; save it again and resend it") from None
