"""Finds the part of a picture that holds the digits: a sheet on a desk, or the panel of a plot."""

from finalnet.pictures.panel import find_panel
from finalnet.pictures.pixels import Part, PictureLike, lay_on, to_pixels
from finalnet.pictures.sheet import find_sheet


def find_part(image: PictureLike) -> Part | None:
    """The sheet or panel of a picture, as `to_pixels` shrinks it; None if all of it counts.

    Raises:
        TypeError, ValueError: as for `preprocess`.
    """
    pixels, alpha = to_pixels(image)
    panel = find_panel(lay_on(255, pixels, alpha))
    return panel or (find_sheet(pixels) if alpha is None else None)
