"""Real parts for the tests: MNIST, the committed checkpoint, a running app, a browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Two tests run side by side on two cores; also read by the app that they start.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import pytest
from visitor import SCREENS, visit

from finalnet import Recognizer
from finalnet.training.data import Digits, load_mnist

ROOT = Path(__file__).resolve().parent.parent
MNIST_DIR = Path(os.environ.get("MNIST_DIR", ROOT / "data")).resolve()
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
START_TIMEOUT = 120  # s


def missing(what: str, remedy: str) -> None:
    """Skip here, fail where everything must be present (`CI=true`)."""
    message = f"{what}; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer.load()


@pytest.fixture(scope="session")
def mnist_test() -> Digits:
    if not (MNIST_DIR / "MNIST" / "raw").is_dir():
        missing(
            f"no MNIST in {MNIST_DIR}",
            "run `python train.py --epochs 1 --output /tmp/finalnet`, which downloads it, "
            "or set MNIST_DIR",
        )
    return load_mnist("test", MNIST_DIR)


@pytest.fixture(scope="session")
def mnist_validation(mnist_test: Digits) -> Digits:
    return load_mnist("validation", MNIST_DIR)


@pytest.fixture(scope="session")
def small_mnist(mnist_test: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a part of MNIST: 1,000 digits to train, 5,000 to validate, 500 to test."""
    root = tmp_path_factory.mktemp("small-mnist")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 6_000), ("t10k", 500)):
        for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
            file = f"{name}-{kind}-ubyte"
            size = 28 * 28 if header == 16 else 1
            whole = (MNIST_DIR / "MNIST" / "raw" / file).read_bytes()
            rows = whole[header:][-size * count :]  # with the last ones, which validate
            start = whole[:4] + count.to_bytes(4, "big") + whole[8:header]
            (raw / file).write_bytes(start + rows)
    return root


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real app on a free port, started from a directory that is not its own."""
    with serve_app(tmp_path_factory.mktemp("elsewhere")) as url:
        yield url


@contextmanager
def serve_app(folder: Path, app: Path = ROOT / "app.py") -> Iterator[str]:
    """The address of an app that runs in a process of its own, in a folder that takes its log."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / f"app-{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, str(app), "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_it_answers(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_it_answers(url: str, app: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and app.poll() is None:
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the app did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        missing("no Chromium on the PATH", "install it, on Debian with `apt install chromium`")
    # Chromium's sandbox does not run as root.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=SCREENS)
def visitor(request, browser, app_url):
    with visit(browser, app_url, **SCREENS[request.param]) as visitor:
        yield visitor


@pytest.fixture
def desktop(browser, app_url):
    with visit(browser, app_url, **SCREENS["desktop"]) as visitor:
        yield visitor


@pytest.fixture
def phone(browser, app_url):
    with visit(browser, app_url, **SCREENS["phone"]) as visitor:
        yield visitor
