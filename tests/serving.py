"""Runs the real app in its own process and exposes its log, files, memory and exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, ROOT / "app.py")
START_TIMEOUT = 120  # s


class App:
    """A running app.

    Attributes:
        files: folder for Gradio's uploads and for temporary files.
    """

    def __init__(self, url: str, process: subprocess.Popen, log: Path, files: Path) -> None:
        self.url = url
        self.files = files
        self.process = process
        self._log = log

    def log(self) -> list[dict]:
        """The JSON log lines so far, one per request."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def text(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def memory(self) -> int:
        """Resident memory in bytes (Linux only)."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_app(
    folder: Path, *options: str, command: Sequence[object] = COMMAND, **environment: str
) -> Iterator[App]:
    """Start the app on a free port; its log and files go to `folder`."""
    port = free_port()
    url, log, files = f"http://127.0.0.1:{port}", folder / "app.log", folder / "files"
    files.mkdir()
    own = {"GRADIO_TEMP_DIR": str(files), "TMPDIR": str(files), **environment}
    address = ("--host", "127.0.0.1", "--port", str(port))
    with log.open("w") as output:
        process = subprocess.Popen(
            [*map(str, command), *address, *options],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **own},
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
