"""The page and its export in each engine: drawing, rotation, presenting and offline use."""

import base64
from io import BytesIO
from pathlib import Path

import pytest
from conftest import missing
from drawings import DRAWINGS
from engines import Chromium, Engine, Firefox, WebKit
from photographs import photograph
from PIL import Image
from test_export import StaticServer

from finalnet.checkpoint import BUNDLED
from finalnet.sharing.export import export_page

ENGINES = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}
RULES = Path(__file__).parent / "layout.js"
SIZES = [(320, 640), (900, 450), (820, 1180), (1536, 730), (3840, 2160)]
# Positions and sizes of the main parts of the page, in px.
PLACES = """
    scrollTo(0, 0);
    return Object.fromEntries(["#sketchpad", ".digit", ".rows", ".seen canvas"].map(
      (part) => {
        const { left, top, width, height } = document.querySelector(part).getBoundingClientRect();
        return [part, [left, top, width, height].map(Math.round)];
      }));
"""
BACK_TO_THE_START = """
    const slider = document.querySelector("#learning input");
    slider.value = 0;
    for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type));
"""
FORTY_TWO = [
    [(left + x / 2, y) for x, y in stroke]
    for left, name in ((0, "4 open"), (50, "2 plain"))
    for stroke in DRAWINGS[name][1]
]


@pytest.fixture
def sent(tmp_path_factory, testrun_uid) -> Path:
    """A folder for the pixels that the engines send, shared by all test processes."""
    folder = tmp_path_factory.getbasetemp().parent / f"sent-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    kind = ENGINES[request.param]
    if kind.missing():
        missing(
            f"no {request.param}: {', '.join(kind.missing())} not found",
            f"install it, on Debian with `apt install {kind.packages}`",
        )
    # All tests share Playwright's browser.
    engine = kind(request.getfixturevalue("browser")) if kind is Chromium else kind()
    yield engine
    engine.close()


def draws_and_reads(engine: Engine) -> None:
    """A digit, its inside, the untrained network, a correction, and a whole number."""
    engine.draw(DRAWINGS["7 crossed"][1])
    engine.sees("7")
    engine.click("#inside summary")
    engine.waits("return document.querySelector('#inside .evidence h2').textContent !== ''")
    engine.click("#learn")
    engine.waits("return !document.querySelector('#learning').hidden")
    engine.run(BACK_TO_THE_START)
    engine.sees("?")
    engine.click("#inside summary")
    engine.sees("7")
    engine.click("#wrong")
    engine.waits("return document.querySelector('#correction').matches(':popover-open')")
    engine.click("#correction button")
    engine.sees("0")
    engine.click("#unsay")
    engine.sees("7")
    engine.click("#clear")
    engine.sees("")
    engine.click("#wide")
    engine.draw(FORTY_TWO)
    engine.sees("42")
    assert engine.run("return document.querySelectorAll('#digits .tile').length") == 2
    engine.click("#clear")
    engine.click("#wide")


def stays_in_shape(engine: Engine, url: str) -> None:
    """Rotating a phone and leaving the stage give the layout of a freshly opened page."""
    engine.draw(DRAWINGS["3 round"][1])
    engine.sees("3")
    for size in ((450, 844), (844, 450), (450, 844)):
        engine.resize(*size)
        engine.waits("return document.documentElement.scrollWidth <= innerWidth")
    turned = engine.run(PLACES)
    engine.open(url)
    engine.sees("3")
    assert engine.run(PLACES) == turned
    engine.resize(1280, 800)
    before = engine.run(PLACES)
    engine.click("#present")
    engine.waits("return document.documentElement.classList.contains('on-stage')")
    engine.sees("3")
    engine.run("document.querySelector('#leave').click()")
    engine.waits("return innerWidth === 1280 && innerHeight === 800")  # after full screen
    assert engine.run(PLACES) == before
    assert faults_at_sizes(engine) == {}


def faults_at_sizes(engine: Engine) -> dict[tuple[int, int], list[str]]:
    """Violated layout rules, by the size of the page in px."""
    found = {}
    for width, height in SIZES:
        width = max(width, engine.narrowest)
        engine.resize(width, height)
        engine.rests()
        if faults := engine.run(f"return ({RULES.read_text()})()"):
            found[width, height] = faults
    return found


def test_the_page_works(engine, app_url, tmp_path, sent):
    engine.resize(1280, 800)
    engine.open(app_url)
    draws_and_reads(engine)
    reads_a_picture(engine, tmp_path / "photograph.jpg", sent)
    stays_in_shape(engine, app_url)
    assert engine.run("return complaints") == []


def reads_a_picture(engine: Engine, path: Path, sent: Path) -> None:
    """Read a photograph; every engine must send the same pixels."""
    taken = photograph(["2026"], seed=0, on_desk=True).picture
    Image.fromarray(taken).save(path, quality=90)
    engine.choose("#picture-choose input", path)
    engine.sees("2026")
    engine.waits("return document.querySelectorAll('#picture .marks li').length === 4")
    source = engine.run("return document.querySelector('#picture-image').src")
    with Image.open(BytesIO(base64.b64decode(source.partition(",")[2]))) as picture:
        path.with_suffix(".pixels").write_bytes(picture.tobytes())
    path.with_suffix(".pixels").rename(sent / type(engine).__name__)
    assert len({file.read_bytes() for file in sent.iterdir()}) == 1
    engine.click("#picture-remove")
    engine.sees("")


def test_the_exported_page_works_online_and_offline(engine, tmp_path):
    export_page(tmp_path / "a" / "sub-path", BUNDLED)
    server = StaticServer(tmp_path)
    try:
        engine.resize(1280, 800)
        engine.open(server.url)
        draws_and_reads(engine)
        engine.run("navigator.serviceWorker.ready.then(() => (window.isKept = true))")
        engine.waits("return window.isKept === true")
    finally:
        server.stop()
    engine.open(server.url)
    engine.click("#clear")
    engine.draw(DRAWINGS["5 two strokes"][1])
    engine.sees("5")
    engine.click("#clear")
    stays_in_shape(engine, server.url)
    assert engine.run("return complaints") == []
