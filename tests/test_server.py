"""The server process: health checks, logging, startup and shutdown."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx
import pytest
from drawings import DRAWINGS
from serving import ROOT, free_port, running_app

from benchmarks.crowd import processor_time

THREE = DRAWINGS["3 round"][1]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app that only these tests use, so its log is short and it has nothing left to do."""
    with running_app(tmp_path_factory.mktemp("server")) as app:
        yield app


def test_the_health_checks_answer_and_the_log_has_no_drawing_query_or_address(app):
    with httpx.Client(base_url=app.url, timeout=30) as http:
        assert http.get("/healthz").json() == {"status": "lives"}
        ready = http.get("/readyz").json()
        assert ready["status"] == "ready" and len(ready["revision"]) == 12
        strokes = [[[123.25, 77.75], [124.25, 177.75]]]
        answer = http.post("/api/recognize_strokes?token=secret", json={"strokes": strokes})
        assert answer.json()["revision"] == ready["revision"]
        http.post("/api/recognize_strokes", content=b"{")
        while (lines := app.log()[-2:])[-1]["status"] != 400:  # the log line follows the answer
            time.sleep(0.05)
        line, refused = lines
        assert set(line) >= {"time", "id", "method", "path", "status", "ms", "receive_ms"}
        assert (line["path"], line["status"]) == ("/api/recognize_strokes", 200)
        assert line["id"] == answer.headers["x-request-id"]
        assert refused["status"] == 400
        for secret in ("123.25", "secret", '127.0.0.1"'):
            assert secret not in app.text()


def test_an_idle_process_uses_almost_no_processor_time(app):
    time.sleep(1)
    before = processor_time(app.process.pid)
    time.sleep(8)
    assert processor_time(app.process.pid) - before < 0.2  # s


def test_shutdown_finishes_the_requests_being_answered(tmp_path):
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


def test_the_api_answers_before_gradio_is_imported(tmp_path):
    port = str(free_port())
    app = subprocess.Popen([sys.executable, ROOT / "app.py", "--port", port], cwd=tmp_path)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            while True:
                with suppress(httpx.ConnectError):
                    answer = http.post("/api/recognize_strokes", json={"strokes": THREE})
                    break
                time.sleep(0.02)
            assert answer.json()["digit"] == 3
            assert http.get("/readyz").status_code == 503
            assert "gradio_config" in http.get("/").text  # waits for Gradio
            assert http.get("/readyz").status_code == 200
    finally:
        app.terminate()
        assert app.wait(timeout=30) == 0


def test_on_a_space_the_proxy_names_the_client_and_a_frame_may_show_the_page(tmp_path):
    with running_app(tmp_path, "--rate", "1", SPACE_ID="ann/app") as app:
        with httpx.Client(base_url=app.url, timeout=30) as http:
            for visitor in ("203.0.113.7", "203.0.113.8"):
                named = {"X-Forwarded-For": visitor}
                bodies = [{"json": {"strokes": THREE}, "headers": named}] * 5
                codes = [http.post("/api/recognize_strokes", **body).status_code for body in bodies]
                assert codes[:4] == [200] * 4 and codes[4] == 429
            page = http.get("/", headers={"X-Forwarded-Proto": "https"})
        assert not {"x-frame-options", "content-security-policy"} & set(page.headers)
        code = "from finalnet.server.start import find_own_address, listen; "
        code += "print(find_own_address(), listen('127.0.0.1', None).getsockname()[1])"
        command = [sys.executable, "-c", code]
        environment = {**os.environ, "SPACE_ID": "ann/app", "GRADIO_SERVER_PORT": str(free_port())}
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
        assert ended.stdout == f"0.0.0.0 {environment['GRADIO_SERVER_PORT']}\n"


def start(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *options],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_negative_rate_is_refused():
    ended = start("--rate", "-1")
    assert ended.returncode == 1
    assert "error: --rate must be 0 or more calls a second, got -1" in ended.stderr
