"""Limits and access control, over real HTTP against the real app."""

import json
import re
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from drawings import DRAWINGS
from serving import ROOT, running_app
from starlette.exceptions import HTTPException

from finalnet.server.limits import Rates

THREE = DRAWINGS["3 round"][1]
FILE = {"_type": "gradio.FileData"}
ENDPOINTS = ["recognize", "read_number", "recognize_strokes", "read_number_strokes"]
GRADIO = "/gradio_api/"


@pytest.fixture(scope="module")
def http(app_url):
    with httpx.Client(base_url=app_url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """An app that reads no more than two drawings a second for a client elsewhere."""
    with running_app(tmp_path_factory.mktemp("limited"), "--rate", "2") as app:
        yield app
        assert "Traceback" not in app.text()


def ask(http, **options) -> httpx.Response:
    return http.post("/api/recognize_strokes", json={"strokes": THREE}, **options)


def is_well(http) -> bool:
    return ask(http).json()["digit"] == 3


class Neighbour:
    """Another client, which calls every 100 ms."""

    def __enter__(self):
        self.waits: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __init__(self, url: str) -> None:
        self._url = url

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._stop.wait(0.1):
                start = time.monotonic()
                assert is_well(client)
                self.waits.append(time.monotonic() - start)

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=http://192.0.2.1/"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=../../etc/passwd"),
        ("GET", "/gradio_api/proxy=http://192.0.2.1/"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/dev/reload"),
        ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/user"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("GET", "/docs"),
        ("GET", "/gradio_api/mcp/schema"),
        ("GET", "/gradio_api/vibe-code"),
        ("POST", "/login"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/stream/x"),
        ("POST", "/gradio_api/vibe-edit"),
    ],
)
def test_unneeded_routes_of_gradio_answer_404(http, method, path):
    answer = http.request(method, path)
    assert answer.status_code == 404 and "there is nothing at" in answer.json()["error"]


def test_a_wrong_method_gets_405_and_the_allowed_methods(http):
    answer = http.get("/api/recognize")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert http.post("/gradio_api/call/v2/recognize", json={}).status_code == 405


@pytest.mark.parametrize("name", ["lambda", "answer_picture", "describe", "predict", "nothing"])
def test_only_public_functions_are_callable_by_name(http, name):
    answer = http.post(f"{GRADIO}run/{name}", json={"data": []})
    assert answer.status_code == 404 and "call one of recognize" in answer.json()["error"]


def test_private_functions_cannot_be_queued(http):
    for number in range(12):
        body = {"data": [None], "fn_index": number, "session_hash": "somebody"}
        answer = http.post(f"{GRADIO}queue/join", json=body)
        assert answer.status_code in (200, 404)
        if answer.status_code == 404:
            assert "no such endpoint" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/recognize_strokes", f"{GRADIO}call/recognize_strokes"])
def test_an_oversized_body_is_refused_without_delaying_other_clients(http, app_url, path):
    body = json.dumps({"strokes": [[[1.5, 2.5]] * 1000] * 1000})
    with Neighbour(app_url) as neighbour:
        start = time.monotonic()
        answer = http.post(path, content=body)
        chunked = http.post(path, content=iter([body.encode()]))
        assert time.monotonic() - start < 6
        time.sleep(0.3)
    for refused in (answer, chunked):
        assert refused.status_code == 413 and "2,000,000 bytes" in refused.json()["error"]
    assert max(neighbour.waits) < 1


def test_many_points_are_read_without_delaying_other_clients(http, app_url):
    strokes = [[[x % 97, x * y % 89] for x in range(1000)] for y in range(1, 21)]
    with Neighbour(app_url) as neighbour:
        for _ in range(3):
            answer = http.post("/api/recognize_strokes", json={"strokes": strokes})
            assert answer.status_code == 200
        time.sleep(0.3)
    assert max(neighbour.waits) < 0.5
    refused = http.post("/api/recognize_strokes", json={"strokes": [*strokes, [[1, 1]]]})
    assert refused.status_code == 422 and "too many points" in refused.json()["error"]
    assert http.post(f"{GRADIO}run/recognize_strokes", json={"data": [strokes]}).is_success


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("way", ["run", "call"])
def test_no_address_is_fetched(http, name, way):
    address = "http://192.0.2.1/three.png"  # nobody has it; a fetch would take long
    start = time.monotonic()
    for file in ({"path": address}, {"path": "/x", "url": address}, {"url": address}):
        answer = http.post(f"{GRADIO}{way}/{name}", json={"data": [{**file, "meta": FILE}]})
        if name.endswith("_strokes"):  # which take no objects
            assert answer.status_code == (422 if way == "run" else 200)
            assert way == "call" or "must be a list of strokes" in answer.json()["error"]
        else:
            assert answer.status_code == 422 and "no address is fetched" in answer.json()["error"]
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "must be JSON"),
        (b"[1]", 422, "must be"),
        (b"{}", 422, '"data" must be a list of 1 (strokes), got NoneType'),
        (b'{"data": []}', 422, '"data" must be a list of 1 (strokes), got 0 values'),
        (b'{"data": [1, 2]}', 422, "got 2 values"),
        (b"[" * 5000, 400, "must be JSON"),
        (b'{"data": [' + b"[" * 900 + b"]" * 900 + b"]}", 422, "a point is"),
    ],
)
def test_an_invalid_call_gets_a_clear_error(http, body, status, message):
    answer = http.post(f"{GRADIO}run/recognize_strokes", content=body)
    assert answer.status_code == status
    assert message in answer.json()["error"]
    assert is_well(http)


def half_sent(url: str, start: bytes) -> socket.socket:
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(start)
    return connection


def test_incomplete_requests_time_out_without_delaying_other_clients(app_url):
    post = b"POST /api/recognize_strokes HTTP/1.1\r\nHost: x\r\n"
    with Neighbour(app_url) as neighbour:
        halves = [half_sent(app_url, post + b"Content-Le") for _ in range(150)]
        halves += [half_sent(app_url, post + b"Content-Length: 9\r\n\r\n{") for _ in range(150)]
        for half in halves:
            half.settimeout(30)
            answer = b""
            while b"send it again" not in answer and (part := half.recv(1000)):
                answer += part
            assert answer.startswith(b"HTTP/1.1 408") and b"send it again" in answer
            half.close()
    assert max(neighbour.waits) < 1


def test_an_incomplete_second_request_on_a_connection_times_out_too(app_url):
    with half_sent(app_url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        connection.settimeout(30)
        answer = b""
        while b"lives" not in answer:
            answer += connection.recv(1000)
        connection.sendall(b"GET /healthz HT")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_request_keeps_its_id_if_the_id_is_valid(http):
    assert ask(http, headers={"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert ask(http, headers={"X-Request-Id": "<script>"}).headers["x-request-id"] != "<script>"
    assert http.get("/nothing").headers["x-request-id"]


def test_a_client_that_calls_too_often_learns_when_to_try_again(limited):
    with httpx.Client(base_url=limited.url) as http:
        stranger = {"X-Forwarded-For": "203.0.113.7"}  # as from a proxy on this machine
        answers = [ask(http, headers=stranger) for _ in range(12)]
        assert [a.status_code for a in answers[:8]] == [200] * 8
        refused = [a for a in answers if a.status_code == 429]
        assert refused and int(refused[0].headers["retry-after"]) >= 1
        assert "at most 2 calls a second" in refused[0].json()["error"]
        assert ask(http, headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 200
        assert all(ask(http).status_code == 200 for _ in range(20))  # from this machine
        time.sleep(1)
        assert ask(http, headers=stranger).status_code == 200


def test_uploads_and_unfetched_answers_do_not_accumulate(limited):
    with httpx.Client(base_url=limited.url, timeout=60) as http:
        picture = b"\x89PNG not quite"
        for number in range(30):
            (path,) = http.post(
                f"{GRADIO}upload", files={"files": (f"{number}.png", picture + bytes([number]))}
            ).json()
            http.post(f"{GRADIO}run/recognize", json={"data": [{"path": path, "meta": FILE}]})
        assert [p for p in limited.files.rglob("*") if p.is_file()] == []
        before = limited.memory()
        for number in range(40):
            body = {"data": [THREE], "session_hash": f"s{number}", "more": "x" * 1_900_000}
            http.post(f"{GRADIO}run/recognize_strokes", json=body)
        for _ in range(700):
            assert http.post(f"{GRADIO}call/recognize_strokes", json={"data": [THREE]}).is_success
        assert limited.memory() - before < 80e6
        for _ in range(20):
            assert http.post(f"{GRADIO}upload", files={"files": b"x" * 15_000_000}).is_success
        assert limited.memory() - before < 250e6  # the last 100 MB of 300 are kept
        assert is_well(http)


def test_uploads_count_the_same_for_clients_that_accept_gzip(limited):
    with httpx.Client(base_url=limited.url, timeout=60) as http:
        paths: list[str] = []
        for _ in range(26):
            files = [("files", (f"{n}.txt", b"x" * 10)) for n in range(8)]
            headers = {"Accept-Encoding": "gzip"}
            answer = http.post(f"{GRADIO}upload", files=files, headers=headers)
            assert answer.status_code == 200 and len(answer.json()) == 8
            paths += answer.json()
        for path, message in ((paths[7], "a file uploaded"), (paths[8], "not an image")):
            refused = http.post(f"{GRADIO}run/recognize", json={"data": [{"path": path}]})
            assert message in refused.json()["error"]  # the last 200 files are kept


def test_a_client_cannot_fetch_the_answer_to_another_clients_call(http):
    call = http.post(f"{GRADIO}call/recognize_strokes", json={"data": [THREE]}).json()["event_id"]
    (number,) = (
        f["id"]
        for f in http.get("/config").json()["dependencies"]
        if f["api_name"] == "recognize_strokes"
    )
    for session in ("", "mine"):
        body = {"data": [THREE], "fn_index": number, "session_hash": session}
        queued = http.post(f"{GRADIO}queue/join", json=body).json()["event_id"]
        for stranger in ({}, {"session_hash": ""}, {"session_hash": "None"}):
            if session:
                events = http.get(f"{GRADIO}queue/data", params=stranger).text
                assert "close_stream" in events and "event_id" not in events
        events = http.get(f"{GRADIO}queue/data", params={"session_hash": session}).text
        assert queued in events and call not in events and "close_stream" in events
    assert "complete" in http.get(f"{GRADIO}call/recognize_strokes/{call}").text


def test_the_pages_own_functions_cannot_be_called_by_number(http):
    """Gradio's own route answers {"data": [null], "fn_index": 1} with a traceback."""
    config = http.get("/config").json()
    public = {f["id"] for f in config["dependencies"] if f["api_name"] in ENDPOINTS}
    assert len(public) == len(ENDPOINTS)
    for number in {*range(12), -1, 10**30} - public:
        answer = http.post(f"{GRADIO}run/predict", json={"data": [None], "fn_index": number})
        assert answer.status_code == 404 and "no such endpoint" in answer.json()["error"]
    for number in (True, None, "1", [1], 1.0):
        answer = http.post(f"{GRADIO}run/predict", json={"data": [], "fn_index": number})
        assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info"])
def test_no_page_contains_a_path_of_the_servers_disk(http, path):
    text = http.get(path).text
    assert str(ROOT) not in text and sys.prefix not in text and "file=" not in text


def test_the_pages_files_have_their_types_and_are_cached_by_version(http):
    (base,) = set(re.findall(r"files/[0-9a-f]{12}/", http.get("/").text))
    for name, kind in {
        "sketchpad.js": "text/javascript; charset=utf-8",
        "recognizer/worker.js": "text/javascript; charset=utf-8",
        "vendor/lean-qr.js": "text/javascript; charset=utf-8",
        "checkpoint/config.json": "application/json",
        "checkpoint/model.safetensors": "application/octet-stream",
    }.items():
        answer = http.get(f"/{base}{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert "immutable" in answer.headers["cache-control"]
        # During an update, another version gets the current file, uncached.
        assert http.get(f"/files/other/{name}").headers["cache-control"] == "no-cache"
    for name in ("page.py", "checkpoint/README.md", "../page.py", "%2e%2e/page.py", ""):
        assert http.get(f"/{base}{name}").status_code == 404


ELSEWHERE = {"Origin": "https://example.org"}


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/api/recognize_strokes", {"json": {"strokes": THREE}}, 200),
        ("/api/recognize_strokes", {"json": {}}, 422),
        ("/api/recognize", {"content": b"x" * 20_000_001}, 413),
        ("/api/nothing", {"json": {}}, 404),
        (f"{GRADIO}run/recognize_strokes", {"json": {"data": [THREE]}}, 200),
    ],
)
def test_a_page_of_any_origin_may_read_answers(http, path, options, status):
    answer = http.post(path, headers=ELSEWHERE, **options)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = ELSEWHERE | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    allowed = http.options(path, headers=preflight)
    assert allowed.status_code == 200
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "content-type" in allowed.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in allowed.headers
    page = http.get("/", headers=ELSEWHERE).headers
    assert "access-control-allow-credentials" not in page


def test_a_path_with_encoded_dots_answers_404(http):
    answer = http.get("/gradio_api/file=/x/%2e%2e/y/config.json")
    assert answer.status_code == 404 and "there is nothing at" in answer.json()["error"]


def calls_until_refused(rates: Rates, client: str, most: int = 30) -> int:
    for count in range(most):
        try:
            rates.take(client)
        except HTTPException:
            return count
    return most


def test_each_client_has_its_own_limit_and_this_machine_has_none_unless_it_can_be_faked():
    rates = Rates(1.0)
    assert calls_until_refused(rates, "::ffff:192.0.2.1") == 4
    assert calls_until_refused(rates, "192.0.2.1") == 0  # the same client
    assert calls_until_refused(rates, "::ffff:192.0.2.2") == 4
    assert calls_until_refused(rates, "2001:db8::1") == 4
    assert calls_until_refused(rates, "2001:db8::2") == 0  # in the same network
    assert calls_until_refused(rates, "127.0.0.1") == calls_until_refused(rates, "::1") == 30
    assert calls_until_refused(Rates(1.0, spare_own=False), "127.0.0.1") == 4
