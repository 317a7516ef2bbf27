"""Drives the page in a real browser, as a person would."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from drawings import DRAWINGS, NOT_DIGITS
from playwright.sync_api import Browser, BrowserContext, BrowserType, Frame, Page

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Locations on macOS and Windows, where Chrome is not on the PATH.
PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    *(
        rf"{os.environ.get(folder)}\Google\Chrome\Application\chrome.exe"
        for folder in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
    ),
)
# Chromium's sandbox does not run as root; Windows has no root.
FLAGS = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
ANSWER_TIMEOUT = 10_000  # ms
# After a quick touch stroke, Chromium takes the next touch for one that stops a fling and fires no
# click. A person needs about this long to reach the next button.
HAND = 1_000  # ms

INK_OF = """
window.inkOf = () => {
  const canvas = document.querySelector("#sketchpad canvas");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 3; i < pixels.length; i += 4) count += pixels[i] > 128;
  return count;
};
"""


# After them, the canvas shows the drawing, and parts that observe the size of others follow it.
TWO_FRAMES = "() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"


def find_chromium(kind: BrowserType) -> str | None:
    """The path of an installed Chromium or Chrome, else of Playwright's own, else None."""
    found = (shutil.which(command) for command in COMMANDS)
    places = (*PROGRAMS, kind.executable_path)
    return next(filter(None, found), None) or next(filter(os.path.exists, places), None)


DESKTOP = {"width": 1280, "height": 800}
SCREENS = {
    "desktop": {"viewport": DESKTOP},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 3,
    },
}

# Browser contexts and their profile folders, by the options of `open_device`.
DEVICES: dict[str, tuple[BrowserContext, tempfile.TemporaryDirectory]] = {}


def on_pad(frame: Page | Frame, strokes) -> list[list[tuple[float, float]]]:
    """Map strokes of a 100x100 box to the pad, in px of the page."""
    canvas = frame.locator("#sketchpad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [
        [(box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100) for x, y in stroke]
        for stroke in strokes
    ]


def draw_on(page: Page, frame: Page | Frame, strokes) -> None:
    """Draw strokes of a 100x100 box with the mouse; `frame` is the page or a frame in it."""
    for stroke in on_pad(frame, strokes):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()


class Guest:
    """A visitor of any page: records errors, requests to other hosts and the bodies of POSTs."""

    READY: str  # selector of an element that exists once the page is usable

    def __init__(self, page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.sent: list[bytes] = []
        page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._note(request, url))
        page.add_init_script(INK_OF)
        page.goto(url)
        page.wait_for_selector(self.READY)

    def _note(self, request, url: str) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            self.complaints.append(f"request to {request.url}")
        if request.method == "POST":
            self.sent.append(request.post_data_buffer or b"")


class Visitor(Guest):
    """A person at the pad."""

    READY = "#sketchpad.ready"

    def on_pad(self, strokes) -> list[list[tuple[float, float]]]:
        return on_pad(self.page, strokes)

    def draw(self, name: str) -> None:
        strokes = NOT_DIGITS[name] if name in NOT_DIGITS else DRAWINGS[name][1]
        self.draw_strokes(strokes)

    def draw_strokes(self, strokes) -> None:
        draw_on(self.page, self.page, strokes)

    def touch(self, name: str) -> None:
        touch = self.page.context.new_cdp_session(self.page)

        def send(kind: str, points: list[dict[str, float]]) -> None:
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        for stroke in self.on_pad(DRAWINGS[name][1]):
            send("touchStart", [{"x": stroke[0][0], "y": stroke[0][1]}])
            for x, y in stroke[1:]:
                send("touchMove", [{"x": x, "y": y}])
            send("touchEnd", [])
        self.page.wait_for_timeout(HAND)

    def sees(self, answer: str) -> None:
        """Wait until the page shows this answer."""
        self.page.wait_for_function(
            "answer => document.querySelector('#answer .digit').textContent === answer",
            arg=answer,
            timeout=ANSWER_TIMEOUT,
        )

    def rests(self) -> None:
        """Wait until the answer is up to date with the ink and no animation runs."""
        self.page.wait_for_function(
            """!document.querySelector(".paper.unread")
               && document.getAnimations().every(({ playState }) => playState !== "running")""",
            timeout=ANSWER_TIMEOUT,
        )

    def ink(self) -> int:
        """Dark pixels on the canvas."""
        self.page.evaluate(TWO_FRAMES)
        return self.page.evaluate("inkOf()")

    def bars(self) -> list[dict]:
        return self.page.evaluate(
            """() => [...document.querySelectorAll("#bars .row")].map((row) => ({
                digit: row.querySelector(".name").textContent,
                top: row.classList.contains("top"),
                percent: Number(row.getAttribute("aria-valuenow")),
            }))"""
        )


@contextmanager
def visit(
    browser,
    url: str,
    guest: type[Guest] = Visitor,
    viewport: dict = DESKTOP,
    media: dict | None = None,
    **device,
) -> Iterator[Guest]:
    """Open a page for a guest; fail at the end if the guest has recorded complaints.

    Guests with the same options share a device, so that the page's files are cached. Clears
    `localStorage` after each guest.
    """
    with open_device(browser, **device).new_page() as page:
        page.set_viewport_size(viewport)
        if media:
            page.emulate_media(**media)
        visitor = guest(page, url)
        yield visitor
        page.evaluate("localStorage.clear()")
        assert not visitor.complaints, visitor.complaints


def open_device(browser: Browser, args: tuple[str, ...] = (), **options) -> BrowserContext:
    """Open a browser with its own profile, which caches compiled code as a person's browser does.

    Args:
        browser: determines the browser's type.
        args: command-line flags, next to `FLAGS`.
    """
    device = f"{args} {options}"
    if device not in DEVICES:
        folder = tempfile.TemporaryDirectory()
        context = browser.browser_type.launch_persistent_context(
            folder.name,
            executable_path=find_chromium(browser.browser_type),
            args=[*FLAGS, *args],
            **options,
        )
        DEVICES[device] = context, folder
    return DEVICES[device][0]
