"""Decodes image files from untrusted sources, with limits on size and decoding time."""

import re
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from finalnet.pictures.pixels import MAX_PIXELS

# Pillow runs external programs for some of the other formats.
FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]
try:
    from pillow_heif import register_heif_opener
except ImportError:
    pass
else:
    register_heif_opener()
    FORMATS.append("HEIF")
KINDS = "PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_SIDE = 20_000  # px; decoding has a cost per row
MAX_SCANS = 30  # of a progressive JPEG; encoders write 10 to 14, and each is a pass over the image
# Pillow needs a few reads per chunk, segment or block. PNG encoders write chunks of 8 kB, so a file
# of 20 MB takes 7,500 reads.
MAX_READS = 25_000
# JPEG markers: start of a scan, end of the image, and markers without a length. MARKER finds the
# end of a scan: in compressed data, FF is followed only by 00 or a restart marker (D0 to D7).
SCAN, END = 0xDA, 0xD9
ALONE = {0x01, *range(0xD0, END + 1)}
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def open_picture(file: Path | str | BinaryIO | None) -> Image.Image:
    """Open an image file and rotate it as its EXIF orientation says.

    Args:
        file: a path, or a binary file object with the content of the file.
    Raises:
        ValueError: the file is not an image or is damaged, its header says more than 16
            megapixels or 20,000 px per side, or it has so many parts that reading would take
            seconds. Such a file is rejected before much of it is decoded.
    """
    if not file:
        raise ValueError(f"no image was sent; send an image file: {KINDS}")
    content = b""
    try:
        content = Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
        picture = Image.open(_Parts(content), formats=FORMATS)
    except _TooManyParts:
        raise ValueError(
            "the file has so many parts that reading it would take too long; save it again"
        ) from None
    except Exception:  # Pillow's decoders raise all kinds of exceptions on damaged files
        if _is_heic(content) and "HEIF" not in FORMATS:
            raise ValueError(
                "the picture is HEIC, an iPhone format that cannot be read here; send it as JPEG "
                "(iPhone: Settings, Camera, Formats, Most Compatible), or install pillow-heif "
                "next to finalnet"
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
                f"the image has {picture.width}x{picture.height} px, at most {MAX_SIDE:,} px "
                "per side are read; crop it"
            )
        # MPO is Pillow's name for a JPEG with more pictures appended.
        if picture.format in ("JPEG", "MPO") and _count_scans(content) > MAX_SCANS:
            raise ValueError(
                f"the JPEG has more than {MAX_SCANS} scans, at most {MAX_SCANS} are read; "
                "save it as a baseline JPEG"
            )
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:
            raise ValueError("the image file is damaged; save it again and resend it") from None


def _is_heic(content: bytes) -> bool:
    """Whether the header of a file says HEIC, or HEIF, which may contain HEIC."""
    return content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS


class _Parts(BytesIO):
    """The content of an image file; limits the number of reads.

    Pillow reads every chunk, segment or block separately.
    """

    left = MAX_READS

    def read(self, size: int | None = -1) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise _TooManyParts
        return super().read(size)


class _TooManyParts(Exception):
    pass


def _count_scans(content: bytes) -> int:
    """Count the scans of a JPEG; stops once there are too many.

    Ignores everything after the end of the image, where phones append a video or more pictures.
    """
    scans, parts, place = 0, 0, 2
    while place + 4 <= len(content) and scans <= MAX_SCANS:
        parts += 1
        if parts > MAX_READS:
            return MAX_SCANS + 1
        marker = content[place + 1]
        if content[place] != 0xFF or marker in (0x00, 0xFF):
            place += 1  # padding between segments
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
