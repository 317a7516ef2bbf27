"""The API on plain routes, and the examples in docs/http.md."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import missing
from drawings import DRAWINGS
from PIL import Image
from serving import ROOT

from finalnet import draw_strokes

THREE = DRAWINGS["3 round"][1]
TWO_DIGITS = [[[10, 10], [12, 90]], [[70, 10], [71, 90]]]


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def http(app_url):
    with httpx.Client(base_url=app_url, timeout=60) as client:
        yield client


def test_a_picture_and_its_strokes_get_the_recognisers_answer(http, recognizer):
    expected = recognizer.recognize(draw_strokes(THREE))
    drawing = {"strokes": THREE}
    for answer in (
        http.post("/api/recognize", content=png(draw_strokes(THREE))).json(),
        http.post("/api/recognize_strokes", json=drawing).json(),
    ):
        assert (answer["verdict"], answer["digit"]) == ("digit", 3)
        assert answer["revision"] == http.get("/readyz").json()["revision"]
        np.testing.assert_allclose(answer["probabilities"], expected.probabilities, atol=1e-5)


def test_a_number_has_its_text_and_the_boxes_of_its_digits(http):
    answer = http.post("/api/read_number_strokes", json={"strokes": TWO_DIGITS}).json()
    assert answer["text"] == "11"
    assert [digit["character"] for digit in answer["digits"]] == ["1", "1"]
    assert answer["digits"][1]["box"][0] == pytest.approx(70, abs=5)
    picture = http.post("/api/read_number", content=png(draw_strokes(THREE))).json()
    assert picture["text"] == "3"


def test_an_empty_drawing_is_blank(http):
    assert http.post("/api/recognize_strokes", json={"strokes": []}).json()["verdict"] == "blank"
    assert http.post("/api/read_number_strokes", json={"strokes": []}).json()["text"] == ""


def test_two_points_at_one_place_are_read(http):
    """Gaps are measured in heights, and these strokes have none."""
    answer = http.post("/api/read_number_strokes", json={"strokes": [[[5, 5]], [[5, 5]]]})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("recognize", b"", 422, "no image was sent"),
        ("recognize", b"text", 422, "not an image that can be read"),
        ("read_number", b"text", 422, "not an image that can be read"),
        ("recognize_strokes", b"{", 400, "the body must be JSON"),
        ("recognize_strokes", b"[]", 422, 'the body must be {"strokes": [[[x, y], ...], ...]}'),
        ("recognize_strokes", b'{"strokes": [], "more": 1}', 422, "got ['more', 'strokes']"),
        ("recognize_strokes", b'{"strokes": "x"}', 422, "strokes must be a list of strokes, got"),
        ("recognize_strokes", b'{"strokes": [[[1]]]}', 422, "a point is [x, y]"),
        ("read_number_strokes", b'{"strokes": {"path": "/"}}', 422, "must be a list of strokes"),
        ("read_number_strokes", b'{"strokes": [3]}', 422, "stroke 1 must be a list"),
        ("read_number_strokes", b'{"strokes": 7}', 422, "must be a list of strokes, got int 7"),
        ("read_number_strokes", b'{"strokes": true}', 422, "must be a list of strokes, got bool"),
        ("read_number_strokes", b'{"strokes": 3.5}', 422, "must be a list of strokes, got float"),
        ("read_number_strokes", b'{"strokes": null}', 422, "must be a list of strokes, got None"),
        (
            "read_number_strokes",
            json.dumps({"strokes": [[[1, 2]] * 5001]}).encode(),
            422,
            "too many points: 5,001, at most 5,000",
        ),
    ],
)
def test_an_invalid_call_gets_a_4xx_that_says_what_was_wanted_and_what_came(
    http, path, body, status, message
):
    answer = http.post(f"/api/{path}", content=body)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_a_form_gets_415_and_the_way_to_send_the_file(http):
    answer = http.post("/api/recognize", files={"image": png(draw_strokes(THREE))})
    assert answer.status_code == 415 and "--data-binary" in answer.json()["error"]


def snippets(language: str, app_url: str) -> list[str]:
    """The documented examples in a language, with the address of the running app."""
    page = (ROOT / "docs" / "http.md").read_text()
    found = re.findall(rf"```{language}\n(.*?)```", page, re.S)
    return [snippet.replace("http://127.0.0.1:7860", app_url) for snippet in found]


@pytest.mark.parametrize(
    ("language", "command", "answers"),
    [
        ("sh", ["bash", "-e", "-c"], ['"digit": 1', '"text": "1"', '"revision": "']),
        ("js", ["node", "--input-type=module", "-e"], ["1"]),
        ("python", [sys.executable, "-c"], ["'digit': 1", "'verdict': 'digit'"]),
    ],
)
def test_the_documented_examples_run_unchanged(app_url, tmp_path: Path, language, command, answers):
    if shutil.which(command[0]) is None:
        missing(f"no {command[0]} on the PATH", "install it")
    draw_strokes(DRAWINGS["1 bar"][1]).save(tmp_path / "digit.png")
    (snippet,) = snippets(language, app_url)
    ended = subprocess.run(
        [*command, snippet], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    for answer in answers:
        assert answer in ended.stdout
