"""How fast the page loads: python -m benchmarks.loading

Measures, on this machine, in headless Chromium, on our page and on a page with only the stock
`gr.Sketchpad`, in turn: from the start of the navigation to the first paint, to the first paint
of the pad, until one can draw, and until a drawing can be answered; what is transferred and in how
many requests. Every load is in a fresh context, so nothing is cached. Prints medians of ours and of
stock, and their ratio: what the stock page takes is Gradio's own share.
"""

import json
import statistics
import sys
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request, sync_playwright

from benchmarks.latency import STOCK_APP, VIEWPORT, open_browser, running

LOADS = 9  # of each page, after one that is not counted
SETTLE = 2_000  # ms after which the page is taken to have loaded all it wants

# Canvases that are there once the pad can be seen, once one can draw on it, and once that can be
# answered. The stock pad says nothing of the latter; to its advantage it is counted as ready as
# soon as it is there.
OURS = {
    "pad": "#sketchpad canvas",
    "ready": "#sketchpad.ready canvas",
    "reads": "#sketchpad.reads canvas",
}
STOCK = dict.fromkeys(OURS, "canvas")

WATCH = """
const waiting = new Map(Object.entries(SIGNS));
function look() {
    for (const [name, selector] of waiting) {
        if (!document.querySelector(selector)?.getBoundingClientRect().width) continue;
        waiting.delete(name);
        // What is laid out in this frame has been painted by the next.
        requestAnimationFrame(() => performance.mark(name));
    }
    if (waiting.size) requestAnimationFrame(look);
}
requestAnimationFrame(look);
"""
START_OF = "name => performance.getEntriesByName(name)[0].startTime"


class Load(NamedTuple):
    """One load: times in ms from the start of the navigation, sizes as transferred."""

    first_paint: float
    pad: float
    ready: float
    reads: float
    kilobytes: float
    requests: int
    other_hosts: int  # requests to any host but the page's own


NAMES = {
    "first_paint": "first paint, ms",
    "pad": "first paint of the pad, ms",
    "ready": "until one can draw, ms",
    "reads": "until a drawing can be answered, ms",
    "kilobytes": "transferred, kB",
    "requests": "requests",
    "other_hosts": "requests to other hosts",
}


def load(browser: Browser, url: str, signs: dict[str, str]) -> Load:
    """Load the page once, with nothing cached.

    Args:
        signs: selectors of what shows that the "pad" is there, is "ready", and "reads".
    """
    context = browser.new_context(viewport=VIEWPORT)
    context.add_init_script(WATCH.replace("SIGNS", json.dumps(signs)))
    page = context.new_page()
    requests: list[Request] = []  # of the page and of its worker
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(url)
    page.wait_for_function("performance.getEntriesByName('reads').length", timeout=60_000)
    page.wait_for_timeout(SETTLE)
    times = [page.evaluate(START_OF, name) for name in ("first-paint", *signs)]
    requests = [each for each in requests if each.url.startswith("http")]  # no data: URLs
    sizes = [each.sizes() for each in requests]
    transferred = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    context.close()
    others = sum(urlsplit(each.url).netloc != urlsplit(url).netloc for each in requests)
    return Load(*times, transferred / 1_000, len(requests), others)


def main() -> None:
    with (
        sync_playwright() as playwright,
        running([sys.executable, "app.py", "--port"]) as (our_url, *_),
        running([sys.executable, "-c", STOCK_APP]) as (stock_url, *_),
    ):
        browser = open_browser(playwright)
        ours, stock = [], []
        for _ in range(LOADS + 1):
            ours.append(load(browser, our_url, OURS))
            stock.append(load(browser, stock_url, STOCK))
        browser.close()
    print(f"medians of {LOADS} loads (lowest to highest)")
    for field, name in NAMES.items():
        here = [getattr(each, field) for each in ours[1:]]
        there = [getattr(each, field) for each in stock[1:]]
        print(f"{name}: {describe(here)} here, {describe(there)} stock", end="")
        median = statistics.median(there)
        print(f", here / stock {statistics.median(here) / median:.2f}" if median else "")


def describe(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


if __name__ == "__main__":
    main()
