"""No input crashes the app; an error says what was wanted and what came.

FUZZ_CASES=20000 runs 20,000 cases per test instead of 60.
"""

import io
import json
import os

import httpx
import numpy as np
import pytest
from PIL import Image

from finalnet.pictures.opening import FORMATS, open_picture
from finalnet.preprocessing import preprocess
from finalnet.strokes import draw_strokes

hypothesis = pytest.importorskip("hypothesis", reason="pip install -r requirements-dev.txt")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

CASES = int(os.environ.get("FUZZ_CASES", "60"))
cases = settings(
    max_examples=CASES,
    deadline=10_000,  # ms for one case
    suppress_health_check=list(HealthCheck),
    derandomize=CASES < 1000,
    database=None,
)

numbers = st.one_of(
    st.floats(-300, 300), st.integers(-(10**6), 10**6), st.floats(), st.integers(), st.booleans()
)
things = st.recursive(
    st.one_of(st.none(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
points = st.tuples(numbers, numbers).map(list)
strokes = st.lists(st.lists(points, min_size=1, max_size=12), max_size=6)
good_points = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(list)
good_strokes = st.lists(st.lists(good_points, min_size=1, max_size=12), max_size=6)


def is_clear(error: Exception | str) -> bool:
    """Whether we wrote the error, not a library."""
    words = ("must", "at most", "is not", "damaged", "sent", "has no points", "a point is", "may")
    text = str(error)
    return len(text) > 15 and any(word in text for word in words) and "Traceback" not in text


@cases
@given(st.one_of(strokes, good_strokes, things))
def test_any_strokes_are_drawn_or_refused_with_a_clear_error(drawing):
    try:
        picture = draw_strokes(drawing)
    except ValueError as error:
        assert is_clear(error)
    else:
        assert preprocess(picture).shape == (28, 28)


@cases
@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.sampled_from([(), (3,), (4,)]),
    st.binary(min_size=1, max_size=64),
)
def test_any_array_is_preprocessed(size, channels, content):
    count = int(np.prod(size + channels))
    pixels = np.resize(np.frombuffer(content, np.uint8), count).reshape(size + channels)
    found = preprocess(pixels)
    assert found.shape == (28, 28) and found.dtype == np.uint8


@st.composite
def files(draw) -> bytes:
    """Image files of all kinds, some of them damaged."""
    kind = draw(st.sampled_from(FORMATS))
    size = draw(st.tuples(st.integers(1, 80), st.integers(1, 80)))
    mode = draw(st.sampled_from(["L", "RGB", "1"] if kind != "PNG" else ["L", "RGBA", "P", "I;16"]))
    picture = Image.new(mode, size, draw(st.integers(0, 1)))
    file = io.BytesIO()
    options = {"progressive": draw(st.booleans())} if kind == "JPEG" and mode != "1" else {}
    picture.convert("RGB" if kind in ("JPEG", "WEBP") else mode).save(file, kind, **options)
    content = bytearray(file.getvalue())
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content))) or None])


@cases
@given(st.one_of(files(), st.binary(max_size=200)))
def test_any_file_is_opened_or_refused_with_a_clear_error(content):
    try:
        picture = open_picture(io.BytesIO(content))
        preprocess(picture)
    except ValueError as error:
        assert is_clear(error)


@pytest.fixture(scope="module")
def http(app):
    with httpx.Client(base_url=app.url, timeout=60) as client:
        yield client  # if a connection is lost, the next request fails
    assert "Traceback" not in app.text()


ENDPOINTS = ["recognize_strokes", "read_number_strokes", "recognize", "read_number"]
ROUTES = [
    *(f"/api/{name}" for name in ENDPOINTS),
    *(f"/gradio_api/{way}/{n}" for way in ("run", "api", "call") for n in [*ENDPOINTS, "predict"]),
    "/gradio_api/queue/join",
    "/gradio_api/upload",
    *("/", "/config", "/about.html", "/healthz", "/files/any/stage.js", "/nothing"),  # GET only
]
# Every type of JSON value, alone and in place of a list, a stroke, a point or a number.
values = st.one_of(
    st.sampled_from([None, True, False, 0, 7, -1, 10**30, 3.5, 1e308, "", "7", "\0", [], {}]),
    things,
)
nested = st.integers(0, 4).flatmap(
    lambda depth: values.map(lambda v: json.loads("[" * depth + json.dumps(v) + "]" * depth))
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "data": st.one_of(nested, st.lists(st.one_of(nested, strokes), min_size=1, max_size=1)),
        "fn_index": st.one_of(st.integers(-1, 12), values),
        "session_hash": st.one_of(st.just("one"), values),
        "event_data": values,
    },
)


@cases
@given(
    path=st.sampled_from(ROUTES),
    body=st.one_of(
        st.one_of(nested, strokes, good_strokes).map(lambda s: json.dumps({"strokes": s})),
        calls.map(json.dumps),
        nested.map(json.dumps),
        files(),
        st.binary(max_size=100),
    ),
    kind=st.sampled_from(["application/json", "image/png", "multipart/form-data; boundary=b", ""]),
)
def test_any_body_on_any_route_gets_an_answer_or_a_clear_4xx(http, path, body, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = http.post(path, content=body, headers=headers)
    assert answer.status_code in (200, 400, 404, 405, 415, 422), answer.text
    if answer.status_code != 200:
        error = answer.json()["error"]
        others = ("there is no", "no such endpoint", "takes GET, HEAD, got POST")
        assert is_clear(error) or any(words in error for words in others)
    elif event := answer.json().get("event_id") if answer.text.startswith("{") else None:
        name = path.rpartition("/")[2]
        route, query = ("queue/data", {"session_hash": "one"}) if name == "join" else ("", {})
        result = http.get(f"/gradio_api/{route or f'call/{name}/{event}'}", params=query)
        assert result.status_code == 200
        assert "event: " in result.text or "close_stream" in result.text
