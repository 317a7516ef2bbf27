"""A second process reads pictures and numbers; it starts and ends with the app."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from drawings import DRAWINGS
from serving import ROOT, free_port, running_app

from benchmarks.crowd import processor_time
from benchmarks.worst import draw_noise, encode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
THREE = DRAWINGS["3 round"][1]


def reader_of(process: int) -> int:
    """The id of an app's reading process."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            command = (path / "cmdline").read_bytes()
        except (OSError, IndexError):  # it has just ended
            continue
        if parent == process and b"spawn_main" in command:
            return int(path.name)
    raise AssertionError(f"{process} has no reader")


def has_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for_end(process: int) -> None:
    deadline = time.monotonic() + 30
    while not has_ended(process):
        assert time.monotonic() < deadline, f"{process} still runs"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app whose reading process these tests may kill."""
    with running_app(tmp_path_factory.mktemp("readers")) as app:
        yield app


def test_the_most_expensive_picture_hardly_loads_the_process_that_reads_drawings(app):
    picture = encode(draw_noise())
    with httpx.Client(base_url=app.url, timeout=60) as http:
        http.post("/api/read_number", content=picture)
        reader = reader_of(app.process.pid)
        before = [processor_time(each) for each in (app.process.pid, reader)]
        for _ in range(3):
            assert http.post("/api/read_number", content=picture).status_code == 422
        here, there = processor_time(app.process.pid), processor_time(reader)
        assert here - before[0] < 0.3 * (there - before[1])


def test_a_reader_that_dies_is_replaced(app):
    with httpx.Client(base_url=app.url, timeout=60) as http:
        drawing = {"json": {"strokes": THREE}}
        assert http.post("/api/read_number_strokes", **drawing).json()["text"] == "3"
        os.kill(reader_of(app.process.pid), signal.SIGKILL)
        lost = http.post("/api/read_number_strokes", **drawing)
        assert lost.status_code == 503 and "try again" in lost.json()["error"]
        assert http.post("/api/recognize_strokes", **drawing).json()["digit"] == 3
        assert http.post("/api/read_number_strokes", **drawing).json()["text"] == "3"
        assert "Traceback" not in app.text()


def test_ctrl_c_ends_both_processes_without_a_traceback(tmp_path):
    port, log = free_port(), tmp_path / "app.log"
    with log.open("w") as output:
        app = subprocess.Popen(
            [sys.executable, ROOT / "app.py", "--port", str(port)],
            cwd=tmp_path, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        while "Running" not in log.read_text():
            time.sleep(0.05)
        assert http.get("/").status_code == 200
        assert http.post("/api/read_number_strokes", json={"strokes": THREE}).status_code == 200
    reader = reader_of(app.pid)
    os.killpg(app.pid, signal.SIGINT)
    assert app.wait(timeout=30) == 0
    wait_for_end(reader)
    assert "Traceback" not in log.read_text()


def test_a_killed_app_leaves_no_reader(tmp_path):
    with running_app(tmp_path) as app:
        reader = reader_of(app.process.pid)
        app.process.kill()
        wait_for_end(reader)
