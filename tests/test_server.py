"""The process: whether it lives and is ready, what it logs, and how it ends."""

import subprocess
import sys
import threading
import time

import httpx
from drawings import DRAWINGS
from serving import ROOT, running_app

from benchmarks.crowd import processor_time

THREE = DRAWINGS["3 round"][1]


def test_the_process_says_that_it_lives_and_is_ready_and_logs_without_the_drawing(tmp_path):
    with running_app(tmp_path) as app, httpx.Client(base_url=app.url, timeout=30) as http:
        assert http.get("/healthz").json() == {"status": "lives"}
        ready = http.get("/readyz").json()
        assert ready["status"] == "ready" and len(ready["revision"]) == 12
        strokes = [[[123.25, 77.75], [124.25, 177.75]]]
        answer = http.post("/api/recognize_strokes?token=secret", json={"strokes": strokes})
        assert answer.json()["revision"] == ready["revision"]
        http.post("/api/recognize_strokes", content=b"{")
        while (lines := app.log()[-2:])[-1]["status"] != 400:  # it is written after the answer
            time.sleep(0.05)
        line, refused = lines
        assert set(line) >= {"time", "id", "method", "path", "status", "ms", "receive_ms"}
        assert (line["path"], line["status"]) == ("/api/recognize_strokes", 200)
        assert line["id"] == answer.headers["x-request-id"]
        assert refused["status"] == 400
        for secret in ("123.25", "secret", '127.0.0.1"'):
            assert secret not in app.text()


def test_it_costs_next_to_nothing_while_nobody_asks(tmp_path):
    with running_app(tmp_path) as app:
        time.sleep(1)
        before = processor_time(app.process.pid)
        time.sleep(8)
        assert processor_time(app.process.pid) - before < 0.2  # s


def test_what_is_being_answered_is_answered_before_the_end(tmp_path):
    with running_app(tmp_path) as app, httpx.Client(base_url=app.url, timeout=30) as http:
        strokes = [[[x * 7 % 40 + 45 * y, x * y % 200] for x in range(240)] for y in range(20)]
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(http.post("/api/read_number_strokes", json={"strokes": strokes}))

        thread = threading.Thread(target=ask)
        thread.start()
        while not any(line["path"] == "/readyz" for line in app.log()):
            pass
        threading.Event().wait(0.1)
        assert app.stop() == 0
        thread.join()
        assert answers[0].status_code == 200
        assert "Traceback" not in app.text()


def start(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *options],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_rate_below_nothing_is_told():
    ended = start("--rate", "-1")
    assert ended.returncode == 1
    assert "error: --rate must be 0 or more calls a second, got -1" in ended.stderr
