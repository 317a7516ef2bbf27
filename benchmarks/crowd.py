"""Server load while many people draw: python -m benchmarks.crowd [--pages 100]

Opens many pages of one app process in headless Chromium and draws twenty digits on each, one page
after the other. Prints the server's requests and CPU time meanwhile, and its CPU time while all
pages are open and nobody draws.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import open_browser, running
from finalnet.web.examples import EXAMPLES

DIGITS = 20  # on each page
IDLE = 20_000  # ms
SCREEN = {"width": 400, "height": 500}
TICKS = os.sysconf("SC_CLK_TCK")  # clock ticks per second of CPU time

# Yields after each stroke, as real events would, so that all pages make progress.
DRAW = """async (strokes) => {
    const canvas = document.querySelector("#sketchpad canvas");
    const { left, top, width, height } = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};
    const send = (type, [x, y]) => canvas.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 1, button: 0,
        clientX: left + x * width / 280, clientY: top + y * height / 280,
    }));
    for (const points of strokes) {
        send("pointerdown", points[0]);
        points.forEach((point) => send("pointermove", point));
        send("pointerup", points[points.length - 1]);
        await new Promise((resolve) => setTimeout(resolve));
    }
}"""
ANSWERED = "!!document.querySelector('#answer [role=status]').textContent"


def processor_time(process: int) -> float:
    """CPU seconds of a process since its start (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def open_pages(browser, url: str, count: int) -> list[Page]:
    """Open pages, and draw one digit on each to warm up."""
    pages = []
    for _ in range(count):
        page = browser.new_page(viewport=SCREEN)
        page.goto(url, timeout=120_000)
        page.wait_for_selector("#sketchpad.ready", timeout=120_000)
        draw(page, 0)
        pages.append(page)
    return pages


def draw(page: Page, number: int) -> None:
    """Clear the pad, draw one of the example digits, and wait for the answer."""
    page.evaluate("document.querySelector('#clear').click()")
    page.evaluate(DRAW, EXAMPLES[number % 6].strokes)
    page.wait_for_function(ANSWERED, timeout=120_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=100)
    count = parser.parse_args().pages
    requests: list[str] = []
    with sync_playwright() as playwright, running([sys.executable, "app.py", "--port"]) as server:
        url, _, process = server
        pages = open_pages(open_browser(playwright), url, count)
        for page in pages:
            page.on("request", lambda request: requests.append(request.url))
        pages[0].wait_for_timeout(2_000)
        before = processor_time(process)
        pages[0].wait_for_timeout(IDLE)
        idle = (processor_time(process) - before) / IDLE * 1_000
        before, start = processor_time(process), time.perf_counter()
        for number in range(DIGITS):
            for page in pages:
                draw(page, number)
        used, seconds = processor_time(process) - before, time.perf_counter() - start
    print(
        f"{count} pages, {DIGITS} digits on each, in {seconds:.0f} s: {len(requests)} requests; "
        f"server CPU {used / seconds:.1%} of a core, {idle:.1%} while nobody drew"
    )


if __name__ == "__main__":
    main()
