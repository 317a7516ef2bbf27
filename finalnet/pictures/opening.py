"""Image files: opened with care, because they come from anywhere."""

import re
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from finalnet.pictures.pixels import MAX_PIXELS

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]  # others run foreign programs
try:
    from pillow_heif import register_heif_opener
except ImportError:
    pass
else:
    register_heif_opener()
    FORMATS.append("HEIF")
KINDS = "PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_SIDE = 20_000  # px; every row of a picture has a price of its own
MAX_SCANS = 30  # of a progressive JPEG; encoders write 10 to 14, and each costs a pass over it
# Of chunks, segments or blocks, each of which costs Pillow a few. Encoders of PNG write a chunk for
# 8 kB, which makes 7,500 reads of 20 MB.
MAX_READS = 25_000
# Of JPEG: markers that begin a scan and end the image, those without a length, and those that can
# stand behind a scan: in what is compressed, FF is followed by 00 or by the number of a restart.
SCAN, END = 0xDA, 0xD9
ALONE = {0x01, *range(0xD0, END + 1)}
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def open_picture(file: Path | str | BinaryIO | None) -> Image.Image:
    """Open an image file, upright as its EXIF data says.

    Args:
        file: its path, or what it holds as a binary file object.
    Raises:
        ValueError: not an image, damaged, above 16 megapixels or 20,000 px a side by its header,
            or cut into so many parts that reading it would take seconds; little of such a
            picture is decoded.
    """
    if not file:
        raise ValueError(f"no image came; send an image file: {KINDS}")
    content = b""
    try:
        content = Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
        picture = Image.open(_Parts(content), formats=FORMATS)
    except _TooManyParts:
        raise ValueError(
            "the file is cut into so many parts that they take long to read; save it again"
        ) from None
    except Exception:  # Pillow's decoders raise whatever they like on damaged files
        if _is_heic(content) and "HEIF" not in FORMATS:
            raise ValueError(
                "the picture is in HEIC, as iPhones save them, which cannot be read here; send it "
                "as JPEG (iPhone: Settings, Camera, Formats, Most Compatible), or install "
                "pillow-heif beside finalnet"
            ) from None
        raise ValueError(f"the file is not an image that can be read; send {KINDS}") from None
    with picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(
                f"the image has {picture.width}x{picture.height} px, at most "
                f"{MAX_PIXELS / 1e6:.0f} megapixels are read; make it smaller"
            )
        if max(picture.size) > MAX_SIDE:
            raise ValueError(
                f"the image has {picture.width}x{picture.height} px, a side may have at most "
                f"{MAX_SIDE:,}; cut it"
            )
        # MPO is what Pillow calls a JPEG with further pictures behind it.
        if picture.format in ("JPEG", "MPO") and _count_scans(content) > MAX_SCANS:
            raise ValueError(
                f"the JPEG has more than {MAX_SCANS} scans, which take long to read; "
                "save it as a baseline JPEG"
            )
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:
            raise ValueError("the image file is damaged; save it again and resend it") from None


def _is_heic(content: bytes) -> bool:
    """Whether a file says that it is HEIC, or a kind of HEIF that may be it."""
    return content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS


class _Parts(BytesIO):
    """What an image file holds. Pillow reads every chunk, segment or block of it by itself."""

    def read(self, size: int | None = -1) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise _TooManyParts
        return super().read(size)

    left = MAX_READS


class _TooManyParts(Exception):
    pass


def _count_scans(content: bytes) -> int:
    """Scans of a JPEG, as far as there are not too many; what follows the image is none of it.

    Phones put a video or further pictures there.
    """
    scans, parts, place = 0, 0, 2
    while place + 4 <= len(content) and scans <= MAX_SCANS:
        parts += 1
        if parts > MAX_READS:
            return MAX_SCANS + 1
        marker = content[place + 1]
        if content[place] != 0xFF or marker in (0x00, 0xFF):
            place += 1  # between two segments there may be anything
        elif marker == END and scans:
            break
        elif marker in ALONE:
            place += 2
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == SCAN:
            scans += 1
            found = MARKER.search(content, place)
            place = found.start() if found else len(content)
    return scans
