"""Fixtures: MNIST, the bundled checkpoint, a running app and a browser, all real."""

import os
from collections.abc import Iterator
from pathlib import Path

# Three tests run in parallel on two cores. The apps that they start read it, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np
import pytest
from drawings import DRAWINGS
from hosts import Host
from serving import ROOT, App, running_app
from visitor import DEVICES, FLAGS, SCREENS, find_chromium, visit

from finalnet import Recognizer
from finalnet.checkpoint import BUNDLED
from finalnet.drawings import Drawing, write_drawings
from finalnet.sharing.export import export_page
from finalnet.training.data import Digits, load_mnist

MNIST_DIR = Path(os.environ.get("MNIST_DIR", ROOT / "data")).resolve()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--layouts", type=int, default=20, help="window sizes that test_layout checks")
    parser.addoption("--layout-seed", type=int, help="seed of these sizes; default: random")


def missing(what: str, remedy: str) -> None:
    """Skip the test, or fail it with `CI=true`, where everything must be installed."""
    message = f"{what}; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer.load()


@pytest.fixture(scope="session")
def mnist_test() -> Digits:
    if not (MNIST_DIR / "MNIST" / "raw" / "train-images-idx3-ubyte").exists():
        fetch = 'from torchvision.datasets import MNIST; MNIST("data", download=True)'
        missing(f"no MNIST in {MNIST_DIR}", f"run `.venv/bin/python -c '{fetch}'` or set MNIST_DIR")
    return load_mnist("test", MNIST_DIR)


@pytest.fixture(scope="session")
def mnist_validation(mnist_test: Digits) -> Digits:
    return load_mnist("validation", MNIST_DIR)


@pytest.fixture(scope="session")
def small_mnist(mnist_test: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with part of MNIST: 1,100 digits to train, 100 to validate, 500 to test."""
    root = tmp_path_factory.mktemp("small-mnist")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 1_200), ("t10k", 500)):
        for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
            file = f"{name}-{kind}-ubyte"
            size = 28 * 28 if header == 16 else 1
            whole = (MNIST_DIR / "MNIST" / "raw" / file).read_bytes()
            rows = whole[header:][-size * count :]  # the last ones, for validation
            start = whole[:4] + count.to_bytes(4, "big") + whole[8:header]
            (raw / file).write_bytes(start + rows)
    return root


@pytest.fixture(scope="session")
def drawings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits of drawings.py as a file."""
    path = tmp_path_factory.mktemp("drawings") / "drawings.jsonl.gz"
    points = [(str(digit), strokes) for digit, strokes in DRAWINGS.values()]
    write_drawings(
        path, [Drawing(label, "tests", [np.array(s) for s in strokes]) for label, strokes in points]
    )
    return path


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The real app on a free port, started from another directory."""
    with running_app(tmp_path_factory.mktemp("elsewhere")) as app:
        yield app


@pytest.fixture(scope="session")
def app_url(app: App) -> str:
    return app.url


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = find_chromium(playwright.chromium)
        if chromium is None:
            missing("no Chromium and no Chrome", "run `.venv/bin/playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()
        for context, folder in DEVICES.values():
            context.close()
            folder.cleanup()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an exported page."""
    folder = tmp_path_factory.mktemp("exported")
    export_page(folder, BUNDLED)
    return folder


@pytest.fixture(scope="session")
def page_url(exported: Path) -> Iterator[str]:
    """The exported page, which uses the app's modules and loads in half the time."""
    host = Host(exported)
    yield host.url
    host.stop()


@pytest.fixture(params=SCREENS)
def visitor(request, browser, app_url, page_url):
    url = {"desktop": app_url, "phone": page_url}[request.param]
    with visit(browser, url, **SCREENS[request.param]) as visitor:
        yield visitor


@pytest.fixture
def desktop(browser, page_url):
    with visit(browser, page_url, **SCREENS["desktop"]) as visitor:
        yield visitor


@pytest.fixture
def in_app(browser, app_url):
    """A desktop visitor of the app, for pictures, tabs and "About the model"."""
    with visit(browser, app_url, **SCREENS["desktop"]) as visitor:
        yield visitor


@pytest.fixture
def phone(browser, page_url):
    with visit(browser, page_url, **SCREENS["phone"]) as visitor:
        yield visitor
