"""The page's icon and link preview, drawn with the app's own pen."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from finalnet.strokes import draw_strokes
from finalnet.web.examples import EXAMPLES

ACCENT = "#4f46e5"
ICON_SIZES = (192, 512)  # px
PREVIEW_SIZE = (1200, 630)  # px, the size that sites ask for
BARS = (4, 2, 6, 100, 1, 12, 3, 2, 8, 5)  # %, of the digits 0 to 9 in the preview


def draw_icon(size: int) -> Image.Image:
    """A white 3 on indigo: (size, size), 16 colours."""
    ink = ImageOps.invert(draw_strokes(EXAMPLES[0].strokes, pen_width=0.14, size=size))
    icon = Image.new("RGB", (size, size), ACCENT)
    icon.paste("white", mask=ink)
    return icon.quantize(16)


def draw_preview() -> Image.Image:
    """The 3 on a pad, with ten bars beside it: `PREVIEW_SIZE`, 32 colours."""
    picture = Image.new("RGB", PREVIEW_SIZE, ACCENT)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((65, 65, 565, 565), 32, "white")
    ink = ImageOps.invert(draw_strokes(EXAMPLES[0].strokes, pen_width=0.1, size=440))
    picture.paste("#0b0f19", (95, 95), ink)
    for digit, share in enumerate(BARS):
        top = 74 + 50 * digit
        draw.rounded_rectangle((630, top, 1135, top + 32), 16, "#6d66ea")
        draw.rounded_rectangle((630, top, 662 + 473 * share / 100, top + 32), 16, "white")
    return picture.quantize(32)


def to_png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
