"""How fast the answer comes: python -m benchmarks.latency

Measures, in headless Chromium on this machine,

- from pen-up to the answer: on our page, on our page with 200 ms of network delay, and on a page
  with the stock `gr.Sketchpad`;
- how long our page is blocked at a time while you draw;
- from pen-up to the pictures in "See inside", while that is open;
- from starting the app to the first answer;
- `recognize` alone.

Prints medians, 10th to 90th percentiles and ratios.
"""

import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from finalnet import Recognizer
from finalnet.strokes import render_strokes

ROOT = Path(__file__).resolve().parent.parent
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
STROKES = 30  # on our page
STOCK_STROKES = 10  # on the stock page, where each takes seconds
CALLS = 1_000  # of `recognize`
LINE_DELAY = 200  # ms, round trip of every request
FRAME = 16.7  # ms
START_ATTEMPTS = 2_000  # 0.05 s apart
PAUSE = 300  # ms between two strokes
THREE = [
    (0.35, 0.3),
    (0.5, 0.2),
    (0.62, 0.32),
    (0.47, 0.48),
    (0.65, 0.66),
    (0.5, 0.8),
    (0.34, 0.72),
]

# Gradio's own pad, with the same network behind it.
STOCK_APP = """
import os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
from finalnet import Recognizer
recognizer, count = Recognizer.load(), 0
def answer(sketch):
    global count
    count += 1
    return f"{count}: {recognizer.recognize(sketch['composite']).digit}"
with gr.Blocks() as demo:
    pad = gr.Sketchpad(type="numpy")
    text = gr.Textbox(elem_id="answer")
    pad.change(answer, pad, text)
demo.launch(server_port=int(sys.argv[1]), ssr_mode=False)
"""

# Selectors that match once the page has answered.
ANSWERED = "#answer [role=status]:not(:empty)"
FORGET_INSIDE = (
    "document.querySelectorAll('#inside .evidence h2').forEach((h) => (h.innerText = ''))"
)
LOOKED_INSIDE = "#inside .evidence h2:not(:empty)"

# Records how long the main thread works on each message from the recogniser's worker.
WATCH_WORK = """() => {
    window.work = [];
    const { onmessage } = Object.getOwnPropertyDescriptors(Worker.prototype);
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => window.work.push(performance.now() - data);
    Object.defineProperty(Worker.prototype, "onmessage", {
        set(listener) {
            onmessage.set.call(this, (event) => {
                const start = performance.now();
                listener(event);
                channel.port2.postMessage(start);
            });
        },
    });
}"""

# In the capture phase, to run before the pad's own listener, which may answer at once.
WATCH_UP = """() => {
    addEventListener("pointerup", ({ timeStamp }) => { window.up = timeStamp; }, true);
}"""
# Records the time from the pointerup that ends a stroke until `sign` matches.
WATCH_OURS = """sign => {
    window.times = [];
    window.up = null;
    new MutationObserver(() => {
        if (window.up === null || !document.querySelector(sign)) return;
        window.times.push(performance.now() - window.up);
        window.up = null;
    // Observes the whole document, because Gradio may replace the element.
    }).observe(document, { subtree: true, childList: true, characterData: true });
}"""
WATCH_STOCK = """() => {
    window.times = [];
    let up = null;
    addEventListener("pointerup", () => { up = performance.now(); }, true);
    const box = document.querySelector("#answer textarea");
    let last = box.value;
    setInterval(() => {
        if (box.value === last) return;
        last = box.value;
        if (up !== null) window.times.push(performance.now() - up);
        up = null;
    }, 2);
}"""


class Server(NamedTuple):
    url: str
    start: float  # s, of `time.perf_counter`
    process: int


@contextmanager
def running(command: list[str]) -> Iterator[Server]:
    """Run a server on a free port until the context ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    start = time.perf_counter()
    server = subprocess.Popen([*command, port], cwd=ROOT, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(START_ATTEMPTS):
            if server.poll() is not None:
                raise SystemExit(f"error: {command[1]} ended before it answered")
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Server(url, start, server.pid)
    finally:
        server.terminate()
        server.wait()


def open_browser(playwright: Playwright) -> Browser:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("error: no Chromium on the PATH; on Debian `apt install chromium`")
    return playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


def draw(page: Page, canvas_selector: str) -> None:
    box = page.locator(canvas_selector).first.bounding_box()
    assert box
    side = 0.8 * min(box["width"], box["height"])  # the stock pad is in the middle of its canvas
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    points = [(left + x * side, top + y * side) for x, y in THREE]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
        page.wait_for_timeout(30)  # about as fast as a person draws
    page.mouse.up()


def wait_for_times(page: Page, count: int) -> None:
    page.wait_for_function("count => window.times.length >= count", arg=count, timeout=60_000)


class Measured(NamedTuple):
    """Measurements on our page."""

    times: list[float]  # ms from pen-up to the answer
    work: list[float]  # ms of the main thread per answer
    requests: float  # per stroke
    first_answer: float  # s from the start of the app


def measure_ours(page: Page, url: str, start: float, line_delay: float = 0) -> Measured:
    """Draw on our page, with a network delay in ms."""
    requests: list[str] = []
    page.add_init_script(f"({WATCH_WORK})(); ({WATCH_UP})()")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    line = {"latency": line_delay, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", {"offline": False, **line})
    page.goto(url)
    page.wait_for_selector("#sketchpad.ready")
    page.evaluate(WATCH_OURS, ANSWERED)
    draw(page, "#sketchpad canvas")
    wait_for_times(page, 1)
    first_answer = time.perf_counter() - start
    page.wait_for_timeout(PAUSE)
    page.evaluate("work.length = 0")
    page.on("request", lambda request: requests.append(request.url))
    for count in range(2, STROKES + 2):
        page.keyboard.press("Escape")
        page.wait_for_timeout(PAUSE)
        draw(page, "#sketchpad canvas")
        wait_for_times(page, count)
    times, work = page.evaluate("[times.slice(1), work]")
    return Measured(times, work, len(requests) / STROKES, first_answer)


def measure_inside(page: Page, url: str) -> list[float]:
    """Milliseconds from pen-up until "See inside" shows which ink mattered."""
    page.add_init_script(f"({WATCH_UP})()")
    page.goto(url)
    page.wait_for_selector("#sketchpad.ready")
    page.dispatch_event("#inside summary", "click")  # opened without scrolling the pad away
    page.evaluate(WATCH_OURS, LOOKED_INSIDE)
    for count in range(1, STROKES + 2):
        page.evaluate(FORGET_INSIDE)
        page.wait_for_timeout(PAUSE)
        draw(page, "#sketchpad canvas")
        wait_for_times(page, count)
        page.keyboard.press("Escape")
        page.wait_for_selector("#inside .parts", state="hidden")
    return page.evaluate("times")[1:]


def measure_stock(page: Page, url: str) -> tuple[list[float], float]:
    """Milliseconds per stroke and requests per stroke."""
    requests: list[str] = []
    page.goto(url)
    page.get_by_label("Brush").wait_for()
    page.wait_for_timeout(3_000)
    page.evaluate(WATCH_STOCK)
    page.get_by_label("Brush").click()
    page.on("request", lambda request: requests.append(request.url))
    for count in range(1, STOCK_STROKES + 1):
        draw(page, "canvas")
        wait_for_times(page, count)
        page.wait_for_timeout(PAUSE)
    return page.evaluate("times"), len(requests) / STOCK_STROKES


def measure_recognize() -> list[float]:
    """Milliseconds per call on one 280x280 drawing, preprocessing included."""
    recognizer = Recognizer.load()
    image = render_strokes([[(280 * x, 280 * y) for x, y in THREE]], pen_width=18)
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        recognizer.recognize(image)
        times.append(1_000 * (time.perf_counter() - start))
    return times[CALLS // 10 :]


def report(name: str, times: list[float]) -> None:
    low, high = np.percentile(times, [10, 90])
    median = statistics.median(times)
    print(f"{name}: median {median:.2f} ms (10-90 %: {low:.2f} to {high:.2f}, n={len(times)})")


def main() -> None:
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        with running([sys.executable, "app.py", "--port"]) as (url, start, _):
            ours = measure_ours(browser.new_page(viewport=VIEWPORT), url, start)
            far = measure_ours(browser.new_page(viewport=VIEWPORT), url, start, LINE_DELAY)
            inside = measure_inside(browser.new_page(viewport=VIEWPORT), url)
        with running([sys.executable, "-c", STOCK_APP]) as (url, *_):
            stock, stock_requests = measure_stock(browser.new_page(viewport=VIEWPORT), url)
        browser.close()
    report("pen-up to answer, this page", ours.times)
    report(f"the same with {LINE_DELAY} ms of network delay", far.times)
    report("main thread, per answer", ours.work)
    longest, long = max(ours.work), sum(each > FRAME for each in ours.work)
    print(f"  longest {longest:.1f} ms; {long} of {len(ours.work)} longer than a {FRAME} ms frame")
    report('pen-up to the pictures in "See inside", open', inside)
    report("pen-up to answer, stock gr.Sketchpad", stock)
    ratio = statistics.median(stock) / statistics.median(ours.times)
    print(f"stock / this page: {ratio:.0f} times")
    print(
        f"requests per stroke: {ours.requests:.1f} here, {far.requests:.1f} with delay, "
        f"{stock_requests:.1f} stock"
    )
    print(f"app start to first answer on the page: {ours.first_answer:.1f} s")
    report("recognize, one 280x280 drawing", measure_recognize())


if __name__ == "__main__":
    main()
