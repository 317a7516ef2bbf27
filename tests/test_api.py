"""The API, called by a real Gradio client."""

import struct
import zlib

import numpy as np
import pytest
from drawings import DRAWINGS
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from serving import ROOT

from finalnet import draw_strokes
from finalnet.server.routes import FUNCTIONS

THREE = DRAWINGS["3 round"][1]


@pytest.fixture(scope="module")
def client(app_url) -> Client:
    return Client(app_url, verbose=False)


def test_recognize_reads_an_image_file(client, recognizer, tmp_path):
    path = tmp_path / "three.png"
    draw_strokes(THREE).save(path)
    result = client.predict(handle_file(path), api_name="/recognize")
    expected = recognizer.recognize(draw_strokes(THREE))
    assert set(result) == {"verdict", "digit", "top", "probabilities", "revision"}
    assert (result["verdict"], result["digit"]) == ("digit", 3)
    assert [row["digit"] for row in result["top"]] == [digit for digit, _ in expected.top(3)]
    np.testing.assert_allclose(result["probabilities"], expected.probabilities, atol=1e-5)


def test_recognize_strokes_reads_json(client):
    result = client.predict(THREE, api_name="/recognize_strokes")
    assert (result["verdict"], result["digit"]) == ("digit", 3)
    assert result["top"][0]["digit"] == 3
    assert result["top"][0]["probability"] == max(result["probabilities"])


def test_no_strokes_are_blank(client):
    result = client.predict([], api_name="/recognize_strokes")
    assert (result["verdict"], result["digit"], result["top"]) == ("blank", None, [])


def test_a_rotated_photograph_is_put_upright(client, tmp_path):
    path = tmp_path / "turned.jpg"
    picture = draw_strokes(DRAWINGS["7 plain"][1]).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to view
    picture.save(path, exif=exif)
    assert client.predict(handle_file(path), api_name="/recognize")["digit"] == 7


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ("seven", "Strokes must be a list of strokes, got str 'seven'"),
        ({"strokes": []}, "Strokes must be a list of strokes, got dict"),
        ([[[1, 2], [3]]], "Stroke 1, point 2: a point is"),
        ([[["x", 2]]], "x and y must be numbers, got str 'x'"),
        ([[[1e300, 2]]], "must lie within"),
    ],
)
def test_invalid_strokes_get_a_clear_error(client, strokes, message):
    with pytest.raises(AppError, match=message):
        client.predict(strokes, api_name="/recognize_strokes")
    assert client.predict(THREE, api_name="/recognize_strokes")["digit"] == 3


def png_header(width: int, height: int) -> bytes:
    """A PNG that ends after its header, so that it cannot be decoded."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    return data + struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 10**6) + b"IDAT"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not an image at all", "The file is not an image that can be read; send PNG"),
        (png_header(10_000, 10_000), "10000x10000 px, at most 16 megapixels are read"),
        (png_header(100, 100), "The image file is damaged"),
        (b"", "No image was sent"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image that can be read"),
    ],
    ids=["text", "100 megapixels", "cut off", "empty", "postscript"],
)
def test_invalid_files_get_a_clear_error(client, tmp_path, content, message):
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(AppError, match=message) as error:
        client.predict(handle_file(path), api_name="/recognize")
    assert "Traceback" not in str(error.value) and "/site-packages/" not in str(error.value)
    assert client.predict(THREE, api_name="/recognize_strokes")["digit"] == 3


def test_a_missing_file_gets_a_clear_error(client):
    with pytest.raises(AppError, match="No image was sent; send an image file"):
        client.predict(None, api_name="/recognize")


def test_the_api_page_documents_all_endpoints(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {f"/{name}" for name in FUNCTIONS}
    guide = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    assert all(f"/api/{name}" in guide for name in FUNCTIONS)
    assert endpoints["/recognize"]["parameters"][0]["parameter_name"] == "image"
    strokes = endpoints["/recognize_strokes"]["parameters"][0]
    assert strokes["parameter_name"] == "strokes"
    assert strokes["python_type"]["type"] == "list[list[list[float]]]"
