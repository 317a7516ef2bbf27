"""Image to network input: every drawing is placed where MNIST would have placed it.

One pipeline serves the pad, uploads, the API, training and the tests:

    picture -> pixels -> ink -> crop -> 20 px -> centre of mass -> 28x28 -> normalised
"""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from finalnet.pictures.displays import redraw_segments
from finalnet.pictures.printed import DISPLAY, NO_FORM, Form, erase_lines

INPUT_SIZE = 28  # px, side of the network's input
DIGIT_SIZE = 20  # px, longer side of the ink inside it
# Centre 14.0, not 13.5: MNIST's own convention (the oracle in tests/test_preprocessing.py).
CENTER = 14.0  # px, index of the pixel that holds the centre of mass
MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels in [0, 1]

MAX_PIXELS = 16_000_000  # of a picture; more are refused
WHITES = (1, 255, 1023, 4095, 16383, 65535)  # floats, and 8, 10, 12, 14 and 16 bits
WORKING_SIZE = 1120  # px, a longer side is shrunk to this before the ink is looked for
MIN_CONTRAST = 12  # grey levels of 255 between paper and its strongest ink; less is blank
PHOTOGRAPH_CONTRAST = 20  # the same, of a paper at 255, where light is uneven
EVEN_PAPER = 4  # grey levels; a border that typically varies more is a photographed sheet
SAME_PAPER = 0.15  # of a border in exactly one colour: no photograph, however much is ink
CLOSE_COLOR = 24  # grey levels up to which a border has the colour of its middle
CLEAR_BORDER = 0.75  # of a border in one colour: that is the paper's
CORNER = 0.06  # of the shorter side, the size of a corner
PAPER_SIZE = 240  # px, longer side of the picture on which uneven paper is estimated
WIDEST_PEN = 49  # px of those; what is wider is paper, whatever its brightness
WIDTHS = (5, 9, 17, 33, WIDEST_PEN)  # px of those, of what may be ink, narrow first
MUCH = 0.04  # of what is as narrow as the widest pen
SPECK = 0.02  # of the largest piece of ink in a photograph; smaller pieces are dirt

PictureLike = Image.Image | np.ndarray


def preprocess(image: PictureLike) -> np.ndarray:
    """Turn a picture of one digit into what FinalNet sees.

    Args:
        image: PIL image of any mode, or array (H, W), (H, W, 3), (H, W, 4), (H, W, 1) or
            (1, H, W), uint8 in [0, 255] or float in [0, 1]; dark ink on light paper or light ink
            on dark paper.
    Returns:
        (28, 28) uint8, paper 0, ink 255; all zero when there is no ink.
    Raises:
        TypeError: neither a PIL image nor an array.
        ValueError: an array of another dtype or shape, an empty or a too large picture.
    """
    return center_ink(find_ink(image))


def shrink_whole(image: np.ndarray) -> np.ndarray:
    """What a tutorial's network sees: the whole pad shrunk, wherever the ink is on it.

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
    """uint8 network inputs to float32 of MNIST's mean 0 and standard deviation 1."""
    return (network_inputs / np.float32(255) - np.float32(MEAN)) / np.float32(STD)


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


def lay_on(paper: int, color: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """A picture with an alpha channel on white (255) or black (0) paper: (H, W) or (H, W, 3)."""
    if alpha is None:
        return color
    opacity = (alpha / 255)[:, :, None]
    return np.rint(color * opacity + paper * (1 - opacity)).astype(np.uint8)


def center_ink(ink: np.ndarray) -> np.ndarray:
    """Crop the ink, bring its longer side to 20 px and its centre of mass to the middle.

    Args:
        ink: (H, W) uint8, paper 0, ink up to 255.
    Returns:
        (28, 28) uint8, paper 0, ink 255; all zero when there is no ink.
    Source: LeCun et al. 1998; the centre was measured on MNIST's test set.
    """
    frame = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0:
        return frame
    digit = _resize(ink[top : top + height, left : left + width], DIGIT_SIZE)
    height, width = digit.shape
    mass = digit.sum(dtype=np.float64)
    y = round(CENTER - digit.sum(axis=1) @ np.arange(height) / mass) if mass else 0
    x = round(CENTER - digit.sum(axis=0) @ np.arange(width) / mass) if mass else 0
    y = min(max(y, 0), INPUT_SIZE - height)
    x = min(max(x, 0), INPUT_SIZE - width)
    frame[y : y + height, x : x + width] = digit
    return frame


def _resize(pixels: np.ndarray, longer_side: int) -> np.ndarray:
    """Bring the longer side to a length, averaging areas when that shrinks the picture."""
    height, width = pixels.shape[:2]
    scale = longer_side / max(height, width)
    if scale == 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(pixels, size, interpolation=method)


def to_pixels(image: PictureLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Any picture as uint8 (H, W) or (H, W, 3), with its (H, W) alpha channel if it has one.

    Pictures with a side above `WORKING_SIZE` come back shrunk to it.
    """
    if isinstance(image, Image.Image):
        _check_size(image.height, image.width)
        pixels = _decode(image)
    elif isinstance(image, np.ndarray):
        pixels = check_array(image)
    else:
        raise TypeError(f"expected a PIL image or an array, got {type(image).__name__}")
    if max(pixels.shape[:2]) > WORKING_SIZE:
        pixels = _resize(pixels, WORKING_SIZE)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return pixels[:, :, :3], pixels[:, :, 3]
    return pixels, None


def check_array(image: np.ndarray) -> np.ndarray:
    """An array of any accepted kind as uint8 (H, W), (H, W, 3) or (H, W, 4)."""
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
                f"{image.min():.3g} to {image.max():.3g}; give 0..255 as uint8"
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
    """A PIL image of any mode as uint8 (H, W), (H, W, 3) or (H, W, 4)."""
    if image.mode in ("L", "RGB", "RGBA"):
        return np.asarray(image)
    if image.mode.startswith(("I", "F")):
        pixels = np.nan_to_num(np.asarray(image, dtype=np.float32))
        # The mode does not say what white is: 1 and all of these bits are in use.
        strongest = pixels.max(initial=0)
        white = next((white for white in WHITES if strongest <= white), WHITES[-1])
        return np.clip(pixels * (255 / white), 0, 255).astype(np.uint8)
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        return np.asarray(image.convert("RGBA"))
    return np.asarray(image.convert("L" if image.mode == "1" else "RGB"))


def _ink(pixels: np.ndarray, is_form: bool) -> tuple[np.ndarray, Form]:
    """Ink of opaque pixels: (H, W) uint8, paper 0, strongest ink 255; and what was printed."""
    border = _border(pixels)
    paper = _find_paper(pixels, border)
    # A quarter of the border may be ink, of more the lit part of a sheet in shadow.
    spread = _find_deviation(border, np.median(border, axis=0), 75)
    is_drawn = (border == paper).all(axis=1).mean() >= SAME_PAPER
    if spread > EVEN_PAPER and not is_drawn:
        return _ink_of_photograph(pixels, is_form)
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
    return _find_writing(ink, ink) if is_form else (ink, NO_FORM)


def _find_writing(ink: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, Form]:
    """What is written: no printed lines, and no gaps in the digits of a display."""
    # Segments of digits side by side lie as lines do.
    drawn = redraw_segments(ink)
    return erase_lines(ink, contrast) if drawn is None else (drawn, DISPLAY)


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


def _border(pixels: np.ndarray) -> np.ndarray:
    """The outermost ring of pixels, (n, channels)."""
    ring = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return ring.reshape(len(ring), -1)


def _ink_of_photograph(pixels: np.ndarray, is_form: bool) -> tuple[np.ndarray, Form]:
    """Ink on unevenly lit paper: the paper is estimated at every place and divided out."""
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
        # As sharp as it is, or lines side by side would be one.
        sharp = sign * (sharp / paper - 1)
        lined = _ramp(sharp, threshold)
        clean, form = _find_writing(lined, sharp)
        if form.is_display:
            return clean, form
        if form.lines:
            sharp = np.where(clean < lined, sharp * (clean / np.maximum(lined, 1)), sharp)
            contrast = cv2.GaussianBlur(sharp.astype(np.float32), (0, 0), blur)
            mask = np.where(contrast * 255 > threshold, 255, 0).astype(np.uint8)
    mask = cv2.dilate(_without_dirt(mask), np.ones((3, 3), np.uint8))
    return np.where(mask > 0, _ramp(contrast, threshold), 0).astype(np.uint8), form


def _ramp(contrast: np.ndarray, threshold: float) -> np.ndarray:
    """Ink of contrasts: around the threshold, so that its edges stay antialiased."""
    return np.clip(255 * (contrast * 255 / threshold - 0.5), 0, 255).astype(np.uint8)


def _paper(grey: np.ndarray, operation: int) -> np.ndarray:
    """Brightness of the paper at every pixel: what is left when all that is narrow is filled.

    Edges of what is wide, such as a shadow or the sheet itself, stay where they are.
    """
    small = cv2.medianBlur(np.rint(_resize(grey, PAPER_SIZE)).astype(np.uint8), 3)
    filled = cv2.morphologyEx(small, operation, np.ones((WIDEST_PEN, WIDEST_PEN), np.uint8))
    paper = np.maximum(cv2.GaussianBlur(filled, (0, 0), 1), 1).astype(np.float32)
    return cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _is_ink_dark(grey: np.ndarray) -> bool:
    """Whether ink is darker than its paper, or lighter, as on a board.

    What is narrow is ink: strokes are narrower than what they enclose, and shadows are wide. So the
    narrowest that there is much of decides.
    """
    small = cv2.medianBlur(np.rint(_resize(grey, PAPER_SIZE)).astype(np.uint8), 3)
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
    """Drop specks, and what hangs in from the edge when there is ink that does not."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    height, width = mask.shape
    left, top, across, down, area = stats.T
    inside = (left > 0) & (top > 0) & (left + across < width) & (top + down < height)
    inside[0] = False  # the paper itself
    kept = inside if inside.any() else np.arange(len(stats)) > 0
    if kept.any():
        kept = kept & (area >= SPECK * area[kept].max())
    return np.where(kept[labels], 255, 0).astype(np.uint8)
