"""Take the README's screenshots of the running app: python -m docs.screenshots"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import running
from tests.drawings import DRAWINGS

FOLDER = Path(__file__).parent


def draw(page: Page, name: str) -> None:
    box = page.locator("#sketchpad canvas").bounding_box()
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
    page.wait_for_timeout(800)  # until the bars have come to rest


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("error: no Chromium on the PATH; on Debian `apt install chromium`")
    with sync_playwright() as playwright, running([sys.executable, "app.py", "--port"]) as (url, _):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 700}, device_scale_factor=1.5)
        page.goto(url)
        page.wait_for_selector("#sketchpad.ready")
        draw(page, "7 crossed")
        page.screenshot(path=FOLDER / "page.png")


if __name__ == "__main__":
    main()
