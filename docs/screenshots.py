"""Take the README's screenshots of the running app: python -m docs.screenshots"""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import VIEWPORT, open_browser, running
from tests.drawings import DRAWINGS

FOLDER = Path(__file__).parent
SETTLE = 800  # ms, until animations have finished
WIDE: Any = {"width": 1600, "height": 900}  # px
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}


def draw(page: Page, name: str) -> None:
    box = page.locator("#sketchpad canvas").bounding_box()
    assert box
    for stroke in DRAWINGS[name][1]:
        points = [
            (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100)
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()
    page.wait_for_timeout(SETTLE)


def main() -> None:
    with (
        sync_playwright() as playwright,
        running([sys.executable, "app.py", "--port"]) as (url, *_),
    ):
        browser = open_browser(playwright)

        def open_page(drawing: str, **options: Any) -> Page:
            page = browser.new_page(**options)
            page.goto(url)
            page.wait_for_selector("#sketchpad.ready")
            draw(page, drawing)
            return page

        for name, drawing in (("light", "7 crossed"), ("dark", "2 looped")):
            page = open_page(drawing, viewport=VIEWPORT, color_scheme=name)
            page.screenshot(path=FOLDER / f"{name}.png")
        open_page("5 two strokes", **PHONE).screenshot(path=FOLDER / "phone.png")
        page = open_page("3 round", viewport=WIDE)
        page.click("#inside summary")
        page.wait_for_selector("#inside .evidence h2:not(:empty)")
        page.wait_for_timeout(SETTLE)
        page.screenshot(path=FOLDER / "inside.png")


if __name__ == "__main__":
    main()
