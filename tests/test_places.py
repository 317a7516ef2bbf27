"""The page in odd folders, on odd hosts, under sub-paths, in frames, in links, on slow lines."""

import re
import shutil
import sys
import urllib.request
from io import BytesIO

import pytest
from balancer import Balancer
from drawings import DRAWINGS
from hosts import Host
from PIL import Image
from playwright.sync_api import Frame
from serving import ROOT, running_app
from visitor import SCREENS, draw_on, visit

from finalnet import draw_strokes
from finalnet.checkpoint import BUNDLED
from finalnet.sharing.export import export_page
from finalnet.web import texts

# Wrong media types, as a Windows registry may hold them.
FOREIGN_TYPES = """
import mimetypes
mimetypes.knownfiles.append({path!r})
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The app in a folder with a difficult name, where mimetypes calls scripts plain text."""
    home = tmp_path_factory.mktemp("home")
    folder = home / '50% off #1? ünï: it\'s a "test" & more+%20'
    for name in ("finalnet", "checkpoints"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "app.py", folder)
    (home / "foreign.types").write_text("text/plain js\napplication/x-css css\n")
    (home / "sitecustomize.py").write_text(FOREIGN_TYPES.format(path=str(home / "foreign.types")))
    checkpoint = folder / "my ? checkpoint #2"
    (folder / "checkpoints" / "finalnet").rename(checkpoint)
    command = (sys.executable, folder / "app.py")
    with running_app(
        home, "--checkpoint", str(checkpoint), command=command, PYTHONPATH=str(home)
    ) as app:
        yield app


def test_the_app_runs_in_a_folder_of_any_name_and_despite_wrong_media_types(moved, browser):
    with visit(browser, moved.url, **SCREENS["desktop"]) as visitor:
        visitor.draw("3 round")
        visitor.sees("3")
        visitor.page.evaluate("document.querySelector('#show-address').click()")  # a lazy module
        visitor.page.wait_for_selector("#address:popover-open")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-Host": "{host}", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/a/b"},
    ],
    ids=["silent", "forwarding"],
)
def test_a_sub_path_behind_a_proxy_works(moved, browser, tmp_path, headers):
    more_headers: dict[str, str] = {}
    proxy = Balancer([moved.url], "/a/b", more_headers)
    host = proxy.url.removeprefix("http://").removesuffix("/a/b")
    more_headers |= {name: value.format(host=host) for name, value in headers.items()}
    try:
        with visit(browser, f"{proxy.url}/", **SCREENS["desktop"]) as visitor:
            visitor.draw("4 open")
            visitor.sees("4")
            draw_strokes(DRAWINGS["3 round"][1]).save(tmp_path / "3.png")
            visitor.page.set_input_files("#picture-choose input", tmp_path / "3.png")
            visitor.sees("3")
            visitor.page.get_by_role("tab", name=texts.ABOUT_TAB).click()
            visitor.page.wait_for_selector("#about table")
        assert [entry for entry in proxy.seen if entry[2] >= 400] == []
    finally:
        proxy.stop()


@pytest.fixture
def host(exported):
    host = Host(exported)
    yield host
    host.stop()


@pytest.fixture
def page(browser):
    """A page with an empty cache, on which errors are allowed."""
    with browser.new_context(**SCREENS["desktop"]) as context:
        yield context.new_page()


def trouble(page, reason: str) -> None:
    """Wait until the page says why it cannot start."""
    page.get_by_text(texts.TROUBLE[reason]).wait_for()


def draws(page, frame=None) -> None:
    """Draw a 7 and wait for the answer."""
    frame = frame or page
    frame.wait_for_selector("#sketchpad.reads")
    draw_on(page, frame, DRAWINGS["7 crossed"][1])
    frame.wait_for_function("document.querySelector('#answer .digit').textContent === '7'")
    assert frame.locator("#trouble").inner_text() == ""


def test_a_page_opened_from_a_file_says_what_to_do(page, exported):
    page.goto((exported / "index.html").as_uri())
    trouble(page, "file")


def test_a_page_without_javascript_says_so(browser, host, app_url):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        for url in (host.url, app_url):
            page.goto(url)
            (line,) = page.locator("#trouble p:visible").all()
            assert line.inner_text() == texts.TROUBLE["noscript"]


def test_the_page_names_the_browsers_that_are_new_enough(page, host):
    page.add_init_script("delete HTMLElement.prototype.checkVisibility")
    page.add_init_script("delete Element.prototype.checkVisibility")
    page.goto(host.url)
    trouble(page, "browser")


def test_the_page_says_when_a_script_is_missing_or_has_the_wrong_media_type(page, host):
    host.types[".js"] = "text/plain"
    page.goto(host.url)
    trouble(page, "script")
    host.types.clear()
    host.missing.add("readout.js")
    page.reload()
    trouble(page, "script")


def test_other_files_may_have_any_media_type(page, host):
    host.types = dict.fromkeys((".safetensors", ".json", ".css", ".webmanifest", ""), "text/plain")
    page.goto(host.url)
    draws(page)


def test_without_web_workers_the_page_still_reads(page, host):
    host.headers["Content-Security-Policy"] = "worker-src 'none'"
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(host.url)
    draws(page)
    assert errors == []  # although the service worker is forbidden, too


def embed(page, url: str, **attributes: object) -> Frame:
    """Show a page in an iframe and return its frame."""
    words = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    page.set_content(f'<iframe src="{url}" width="1000" height="760" {words}></iframe>')
    return page.query_selector("iframe").content_frame()


def test_a_sandboxed_page_works_if_scripts_load_and_says_so_if_not(page, host):
    frame = embed(page, host.url, sandbox="allow-scripts")
    trouble(frame, "frame")
    assert frame.get_by_role("link").get_attribute("target") == "_blank"
    host.headers["Access-Control-Allow-Origin"] = "*"  # as many static hosts send
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = embed(page, host.url, sandbox="allow-scripts")
    draws(page, frame)
    frame.click("#present")  # the sandbox forbids full screen and caches
    frame.wait_for_selector("html.on-stage")
    frame.evaluate("new Promise((resolve) => setTimeout(resolve))")  # rejections fire first
    assert errors == []


@pytest.mark.parametrize("missing", ["**/assets/index-*.js", "**/sketchpad.js", "**/readout.js"])
def test_the_app_says_when_a_script_does_not_load(page, app_url, missing):
    page.route(missing, lambda route: route.abort())
    page.goto(app_url)
    trouble(page, "script")


@pytest.mark.parametrize("width", [900, 390])
@pytest.mark.parametrize("kind", ["app", "export"])
def test_a_frame_that_follows_the_height_of_the_page_settles(page, host, app_url, kind, width):
    frame = embed(page, app_url if kind == "app" else host.url)
    frame.wait_for_selector("#sketchpad.ready")
    heights = [300]
    for _ in range(8):
        page.eval_on_selector(
            "iframe", "(frame, size) => Object.assign(frame, size)",
            {"width": width, "height": heights[-1]},
        )  # fmt: skip
        frame.wait_for_function("size => innerHeight === size", arg=heights[-1])
        frame.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
        heights.append(frame.evaluate("document.body.scrollHeight"))
    assert heights[-1] == heights[-2] == heights[-3] < 4 * width, heights


def tags(html: str) -> dict[str, list[str]]:
    """Meta tags and links in the head of a page: contents by property or name, hrefs by rel."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<(?:meta|link)\b[^>]*>", html.split("</head>")[0]):
        words = dict(re.findall(r'([\w:-]+)="([^"]*)"', tag))
        name = words.get("property") or words.get("name") or words.get("rel")
        found.setdefault(name, []).append(words.get("content", words.get("href")))
    return found


def fetch(url: str, headers: dict[str, str] | None = None) -> tuple[str, bytes]:
    """Fetch a URL; return its media type and its content."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_a_link_to_the_app_has_a_title_and_a_preview(app_url):
    forwarded = {
        "X-Forwarded-Host": "digits.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/draw",
    }
    external = "https://digits.example.org/draw/"
    for headers, address in (({}, f"{app_url}/"), (forwarded, external)):
        html = fetch(app_url, headers)[1].decode()
        found = tags(html)
        assert html.count("<title>") == 1 and f"<title>{texts.TITLE}</title>" in html
        assert found["og:title"] == [texts.TITLE]
        assert found["description"] == found["og:description"] == [texts.DESCRIPTION]
        assert found["og:url"] == [address] and found["canonical"] == ["./"]
        assert found["og:image"] == [f"{address}preview.png"]
        assert found["twitter:card"] == ["summary_large_image"]
        assert found["icon"] == ["icon-192.png"] and "manifest" not in found
    for name, size in (("preview.png", (1200, 630)), ("icon-192.png", (192, 192))):
        media_type, content = fetch(f"{app_url}/{name}")
        assert media_type == "image/png" and Image.open(BytesIO(content)).size == size


def test_a_link_to_the_exported_page_has_a_title_and_a_preview(exported, tmp_path):
    found = tags((exported / "index.html").read_text())
    assert found["og:title"] == [texts.TITLE] and found["canonical"] == ["./"]
    assert found["og:image"] == ["preview.png"] and "og:url" not in found
    export_page(tmp_path / "page", BUNDLED, "https://example.org/draw")
    found = tags((tmp_path / "page" / "index.html").read_text())
    assert found["og:url"] == ["https://example.org/draw/"]
    assert found["og:image"] == ["https://example.org/draw/preview.png"]
    assert Image.open(tmp_path / "page" / "preview.png").size == (1200, 630)


SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
FIRST_PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
    .observe({ type: "paint", buffered: true });
})"""


@pytest.mark.parametrize("kind", ["app", "export"])
def test_the_page_appears_soon_on_a_slow_connection(page, host, app_url, kind):
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    page.goto(app_url if kind == "app" else host.url, wait_until="commit")
    assert page.evaluate(FIRST_PAINT) < 3_000  # ms
    assert page.locator("#title h1").inner_text() == texts.HEADING
    assert not page.locator("#sketchpad.ready").count()


PLACES = """() => Object.fromEntries(
  ["#sketchpad", "#answer .caption", ".seen canvas", ".rows", ".tools", "#present"].map((part) => {
    const { x, y, width, height } = document.querySelector(part).getBoundingClientRect();
    return [part, [x, y, width, height].map(Math.round)];
  }))"""


def test_nothing_moves_when_gradio_has_loaded(page, app_url):
    held: list | None = []
    page.route(
        "**/assets/Index-*.js",
        lambda route: route.continue_() if held is None else held.append(route),
    )
    page.goto(app_url, wait_until="commit")
    page.wait_for_selector("#frame #sketchpad")
    page.wait_for_function("document.styleSheets.length > 1")
    sizes = [(1280, 800), (390, 844), (820, 1180), (844, 390)]

    def look() -> list[dict]:
        places = []
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            places.append(page.evaluate(PLACES))
        return places

    before = look()
    waiting, held = held, None
    for route in waiting:
        route.continue_()
    page.wait_for_selector("#sketchpad.ready")
    assert not page.locator("#frame").count()
    for size, was, now in zip(sizes, before, look(), strict=True):
        for part in was:
            assert now[part] == pytest.approx(was[part], abs=4), (size, part)
