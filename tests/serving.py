"""An app process of a test's own, whose log, folder and end can be looked at."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 120  # s


class App:
    """A running app.

    Attributes:
        url: of the page.
        files: where Gradio keeps what is uploaded, and where temporary files go.
    """

    def __init__(self, url: str, process: subprocess.Popen, log: Path, files: Path) -> None:
        self.url = url
        self.files = files
        self.process = process
        self._log = log

    def log(self) -> list[dict]:
        """The lines about requests, as they stand."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def text(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def memory(self) -> int:
        """Bytes that are resident (Linux)."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running_app(folder: Path, *options: str, python: str = sys.executable) -> Iterator[App]:
    """The app on a free port, with options of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, log, files = f"http://127.0.0.1:{port}", folder / "app.log", folder / "files"
    files.mkdir()
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(files), "TMPDIR": str(files)}
    command = [python, str(ROOT / "app.py"), "--host", "127.0.0.1", "--port", str(port), *options]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    try:
        _wait(url, process, log)
        yield App(url, process, log, files)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")
