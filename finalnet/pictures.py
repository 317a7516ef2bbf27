"""Image files: opened with care, because they come from anywhere."""

from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from finalnet.preprocessing import MAX_PIXELS

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
MAX_CHUNKS = 20_000  # of a PNG; encoders write one for 8 kB, which makes 2,500 of 20 MB


def open_picture(file: Path | str | BinaryIO | None) -> Image.Image:
    """Open an image file, upright as its EXIF data says.

    Args:
        file: its path, or what it holds as a binary file object.
    Raises:
        ValueError: not an image, damaged, above 16 megapixels or 20,000 px a side by its header,
            or cut into so many parts that reading it would take seconds; nothing of such a
            picture is decoded.
    """
    if not file:
        raise ValueError(f"no image came; send an image file: {KINDS}")
    if _count_chunks(file) > MAX_CHUNKS:
        raise ValueError(
            f"the PNG has more than {MAX_CHUNKS:,} chunks, which take long to read; save it again"
        )
    is_heic = _is_heic(file)
    try:
        picture = Image.open(file, formats=FORMATS)
    except Exception:  # Pillow's decoders raise whatever they like on damaged files
        if is_heic and "HEIF" not in FORMATS:
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
        if picture.format == "JPEG" and _count_scans(file) > MAX_SCANS:
            raise ValueError(
                f"the JPEG has more than {MAX_SCANS} scans, which take long to read; "
                "save it as a baseline JPEG"
            )
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:
            raise ValueError("the image file is damaged; save it again and resend it") from None


def _is_heic(file: Path | str | BinaryIO) -> bool:
    """Whether a file says that it is HEIC, or a kind of HEIF that may be it."""
    start = _read(file)[:12]
    return start[4:8] == b"ftyp" and start[8:] in HEIC_BRANDS


def _count_scans(file: Path | str | BinaryIO) -> int:
    """Scans of a JPEG, its thumbnail's among them."""
    # In what is compressed, FF is followed by 00 or by the number of a restart.
    return _read(file).count(b"\xff\xda")


def _count_chunks(file: Path | str | BinaryIO) -> int:
    """Chunks of a PNG, as far as there are not too many; 0 of anything else."""
    content = _read(file)
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return 0
    count, place = 0, 8
    while place + 8 <= len(content) and count <= MAX_CHUNKS:
        place += 12 + int.from_bytes(content[place : place + 4], "big")
        count += 1
    return count


def _read(file: Path | str | BinaryIO) -> bytes:
    """All that a file holds; nothing of one that is not there, which the decoder then reports."""
    if isinstance(file, str | Path):
        try:
            return Path(file).read_bytes()
        except OSError:
            return b""
    content = file.read()
    file.seek(0)
    return content
