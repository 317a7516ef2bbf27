"""Opening image files."""

import time
from importlib.util import find_spec
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from test_picture_input import encode, year

from finalnet.pictures.opening import open_picture


def test_an_avif_file_opens():
    assert open_picture(BytesIO(encode(year(["7 crossed"]), "AVIF"))).size == (280, 280)


@pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="pillow-heif reads it")
@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_the_error_for_a_heic_file_says_what_to_do(brand):
    with pytest.raises(ValueError, match="is HEIC.* as JPEG .*install pillow-heif"):
        open_picture(BytesIO(b"\0\0\0\x18ftyp" + brand + b"\0" * 100))


def test_a_picture_opens_from_a_file_object_and_from_a_path(tmp_path):
    picture = year(["7 crossed"])
    path = tmp_path / "7.png"
    picture.save(path)
    assert np.array_equal(open_picture(BytesIO(encode(picture))), picture)
    assert np.array_equal(open_picture(path), picture)


def jpeg(**options) -> bytes:
    return encode(year(["7 crossed"]).convert("RGB"), "JPEG", **options)


def test_a_photograph_with_an_appended_video_or_pictures_is_read():
    video = np.random.default_rng(0).bytes(4_000_000)
    assert video.count(b"\xff\xda") > 40  # looks like 40 scans
    thumbnail = Image.Exif()
    thumbnail[0x9286] = b"\xff\xda" * 40
    for picture in (jpeg(), jpeg(progressive=True), jpeg(exif=thumbnail)):
        assert open_picture(BytesIO(picture + video)).size == (280, 280)
    several = BytesIO()
    year(["7 crossed"]).save(several, "MPO", save_all=True, append_images=[year(["3 round"])] * 40)
    assert open_picture(BytesIO(several.getvalue())).size == (280, 280)


def test_a_jpeg_with_too_many_scans_is_rejected():
    whole = jpeg(progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    for more in (scan * 40, b"\xff\xff" + scan * 40, b"\xff\xe7\0\2" * 3_000_000):
        with pytest.raises(ValueError, match="more than 30 scans"):
            open_picture(BytesIO(whole[:-2] + more + whole[-2:]))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff\xe5\0\2" * 5_000_000,
        b"\xff\xd8" + b"\xff" * 20_000_000,
        b"GIF89a\x10\0\x10\0\0\0\0" + b"!\xfe\0" * 6_600_000,
        b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0teXt" + bytes.fromhex("39d6c2d7")) * 1_600_000,
    ],
    ids=["JPEG of segments", "JPEG of nothing", "GIF of comments", "PNG of chunks"],
)
def test_a_file_with_too_many_parts_is_rejected_quickly(content):
    start = time.process_time()
    with pytest.raises(ValueError, match="so many parts|not an image"):
        open_picture(BytesIO(content))
    assert time.process_time() - start < 0.5
