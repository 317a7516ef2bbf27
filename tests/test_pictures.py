"""Pictures as they come from a browser, without one."""

import base64
import re
from importlib.util import find_spec
from io import BytesIO

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from test_picture_input import ROTATED, encode, year

from finalnet.pictures import open_picture
from finalnet.preprocessing import MAX_PIXELS
from finalnet.web.picture_input import MAX_DATA_URL, Mark, PictureInput, make_marks


def to_data_url(picture: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(encode(picture)).decode()


@pytest.fixture
def picture_input() -> PictureInput:
    return PictureInput()


def test_it_gives_the_picture_upright(picture_input):
    picture = year(["7 crossed"])
    given = picture_input.preprocess({"source": to_data_url(picture)})
    assert np.array_equal(given, picture)
    exif = Image.Exif()
    exif[274] = ROTATED
    turned = encode(year(), "JPEG", exif=exif)
    source = "data:image/jpeg;base64," + base64.b64encode(turned).decode()
    assert picture_input.preprocess({"source": source}).size == (280, 1120)
    assert picture_input.preprocess(None) is None


def test_its_example_is_a_picture(picture_input):
    assert picture_input.preprocess(picture_input.example_payload()).size == (28, 28)


def test_it_takes_marks(picture_input):
    marks = [Mark(0.1, 0.2, 0.3, 0.4, "7")]
    shown = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "text": "7"}
    assert picture_input.postprocess(marks) == {"marks": [shown]}
    assert picture_input.postprocess([]) == {"marks": []}
    assert picture_input.postprocess(None) is None


def test_marks_are_shares_of_the_picture(recognizer):
    picture = year(["1 bar", "1 bar"])
    number = recognizer.read_number(picture)
    marks = make_marks(number, picture)
    assert [mark.text for mark in marks] == ["1", "1"]
    for mark, box in zip(marks, number.boxes, strict=True):
        shares = np.array(mark[:4])
        np.testing.assert_allclose(shares * [560, 280, 560, 280], box)


PNG = "data:image/png;base64,"
TOO_LARGE = Image.new("1", (MAX_PIXELS // 1000 + 1, 1000))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("seven", "The picture input sends .* got 'seven'"),
        (7, "got 7"),
        ([], r"got \[\]"),
        ({}, "got None"),
        ({"marks": []}, "got None"),
        ({"source": None}, "got None"),
        ({"source": 7}, "got 7"),
        ({"source": "/etc/passwd"}, "got '/etc/passwd'"),
        ({"source": "https://example.org/7.png"}, "got 'https"),
        ({"source": "data:text/plain;base64,c2V2ZW4="}, "got 'data:text"),
        ({"source": "data:image/png,seven"}, "got 'data"),
        ({"source": PNG + "seven!"}, "must be in base64"),
        ({"source": PNG + "sieben\u00e9"}, "must be in base64"),
        ({"source": PNG}, "not an image that can be read; send PNG"),
        ({"source": PNG + base64.b64encode(b"seven").decode()}, "not an image"),
        ({"source": PNG + base64.b64encode(encode(year())[:300]).decode()}, "is damaged"),
        ({"source": to_data_url(TOO_LARGE)}, "at most 16 megapixels are read; make it smaller"),
        ({"source": PNG + "A" * MAX_DATA_URL}, "At most 20 MB .* got 20.0 MB; make"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_picture_is_refused(picture_input, payload, message):
    with pytest.raises(gr.Error) as refusal:
        picture_input.preprocess(payload)
    assert re.search(message, refusal.value.message)


def test_an_avif_opens():
    assert open_picture(BytesIO(encode(year(["7 crossed"]), "AVIF"))).size == (280, 280)


@pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="pillow-heif reads it")
@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_what_an_iphone_saves_is_named_with_what_to_do(brand):
    with pytest.raises(ValueError, match="in HEIC.* as JPEG .*install pillow-heif"):
        open_picture(BytesIO(b"\0\0\0\x18ftyp" + brand + b"\0" * 100))


def test_a_picture_opens_from_a_file_object_and_from_a_path(tmp_path):
    picture = year(["7 crossed"])
    path = tmp_path / "7.png"
    picture.save(path)
    assert np.array_equal(open_picture(BytesIO(encode(picture))), picture)
    assert np.array_equal(open_picture(path), picture)
