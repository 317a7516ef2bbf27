"""Every 503: the server refuses what would cost others too much, and goes on."""

import os
import signal
import socket
import sys
import threading
from urllib.parse import urlsplit

import httpx
import pytest
from drawings import DRAWINGS
from serving import ROOT, running_app
from test_readers import reader_of

from finalnet.server.limits import MAX_BODIES
from finalnet.server.server import MAX_CONNECTIONS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
THREE = {"json": {"strokes": DRAWINGS["3 round"][1]}}
BODY = 19_000_000  # bytes


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    # As many open files as most systems allow a process that does not ask for more.
    limited = ("sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh", sys.executable, ROOT / "app.py")
    with running_app(tmp_path_factory.mktemp("busy"), command=limited) as app:
        yield app
        assert "Traceback" not in app.text()


@pytest.fixture
def http(app):
    with httpx.Client(base_url=app.url, timeout=60) as http:
        yield http
        assert http.post("/api/recognize_strokes", **THREE).json()["digit"] == 3
        assert http.post("/api/read_number_strokes", **THREE).json()["text"] == "3"


def is_refused(answer: httpx.Response, message: str) -> bool:
    is_busy = answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    return is_busy and message in answer.json()["error"]


def test_a_number_that_waits_too_long_for_its_turn_is_refused(app, http):
    answers = []
    reader = reader_of(app.process.pid)
    os.kill(reader, signal.SIGSTOP)
    ask = threading.Thread(
        target=lambda: answers.append(http.post("/api/read_number_strokes", **THREE))
    )
    ask.start()
    try:
        with httpx.Client(base_url=app.url, timeout=60) as other:
            # Drawings go on meanwhile.
            assert other.post("/api/recognize_strokes", **THREE).json()["digit"] == 3
            assert is_refused(other.post("/api/read_number_strokes", **THREE), "10 s")
    finally:
        os.kill(reader, signal.SIGCONT)
    ask.join()
    assert answers[0].json()["text"] == "3"


def test_bodies_that_together_need_too_much_memory_are_refused(app, http):
    address = urlsplit(app.url)
    head = f"POST /api/recognize HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n".encode()
    held = []
    try:
        for _ in range(MAX_BODIES // BODY):
            held.append(socket.create_connection((address.hostname, address.port)))
            held[-1].sendall(head + bytes(BODY - 1))  # all but the last byte
        refused = http.post("/api/recognize", content=bytes(BODY))
        assert is_refused(refused, f"{MAX_BODIES:,} bytes")
    finally:
        for connection in held:
            connection.close()


def test_connections_beyond_the_limit_are_refused(app, http):
    address = urlsplit(app.url)
    held = [
        socket.create_connection((address.hostname, address.port))
        for _ in range(MAX_CONNECTIONS + 100)
    ]
    try:
        with httpx.Client(base_url=app.url, timeout=60) as other:
            assert other.get("/healthz").status_code == 503
    finally:
        for connection in held:
            connection.close()
