"""How fast the page loads: python -m benchmarks.loading

Loads our page and a page with only the stock `gr.Sketchpad` in turn, in headless Chromium on this
machine. Measures the time from the start of the navigation to the first paint, to the first paint
of the pad, until you can draw, and until the page can answer; and the requests and bytes
transferred. Every load has a fresh context, so nothing is cached. Prints medians and their ratio:
the stock page shows how much of the time is Gradio's own.
"""

import json
import statistics
import sys
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request, sync_playwright

from benchmarks.latency import STOCK_APP, VIEWPORT, open_browser, running

LOADS = 9  # of each page, after one that is not counted
SETTLE = 2_000  # ms, after which we assume that the page has loaded everything

# Selectors that match once the pad is visible, once you can draw, and once the page can answer. The
# stock pad does not show the last two, so it counts as ready as soon as it is visible, which
# favours it.
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
    """One load: times in ms from the start of the navigation, compressed sizes."""

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
    "ready": "until you can draw, ms",
    "reads": "until the page can answer, ms",
    "kilobytes": "transferred, kB",
    "requests": "requests",
    "other_hosts": "requests to other hosts",
}


def load(browser: Browser, url: str, signs: dict[str, str]) -> Load:
    """Load the page once, with an empty cache.

    Args:
        signs: selectors for "pad", "ready" and "reads", as in `OURS`.
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
