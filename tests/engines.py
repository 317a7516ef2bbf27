"""One interface to three browser engines: Chromium, Firefox and WebKit.

Playwright drives Chromium, as in the other tests. Firefox speaks WebDriver BiDi itself, so it needs
no geckodriver: https://w3c.github.io/webdriver-bidi. Selenium drives WebKit, which is Debian's
MiniBrowser on a virtual screen.
"""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drawings import Point
from serving import free_port

TIMEOUT = 15  # s, for every wait
LARGEST = (3840, 2160)  # px, width and height of the largest window
MINI_BROWSER = next(iter(glob.glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")), "")
# No driver reports all errors, so the page records them itself.
NOTE_COMPLAINTS = """
    window.complaints = [];
    addEventListener("error", (event) => complaints.push(event.message));
    addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));
"""


class Engine:
    """A page in a browser."""

    # Commands that the engine needs, and the Debian packages that provide them.
    commands: Sequence[str] = ()
    packages: str
    narrowest = 320  # px, least width of a window

    @classmethod
    def missing(cls) -> list[str]:
        return [command or cls.packages for command in cls.commands if not shutil.which(command)]

    def go(self, url: str) -> None:
        raise NotImplementedError

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a function body with `arguments`; return its result, which must be JSON."""
        raise NotImplementedError

    def resize(self, width: int, height: int) -> None:
        """Set the size of the viewport, in px."""
        raise NotImplementedError

    def drag(self, points: Sequence[Point]) -> None:
        """Press the mouse at the first point and release it at the last, in px of the window."""
        raise NotImplementedError

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file in a file input."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def open(self, url: str) -> None:
        self.go(url)
        self.waits("return Boolean(document.querySelector('#sketchpad.ready'))")
        self.run(NOTE_COMPLAINTS)

    def waits(self, condition: str, *arguments: Any) -> None:
        """Wait until a function body returns true."""
        deadline = time.monotonic() + TIMEOUT
        while not self.run(condition, *arguments):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{type(self).__name__} waited for {condition} {arguments}")
            time.sleep(0.05)

    def box(self, selector: str) -> list[float]:
        """Left, top, width and height of an element, in px of the window."""
        return self.run(
            """const { left, top, width, height } = document.querySelector(arguments[0])
                 .getBoundingClientRect();
               return [left, top, width, height];""",
            selector,
        )

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        left, top, width, height = self.box(selector)
        self.drag([(left + width / 2, top + height / 2)])

    def draw(self, strokes: Sequence[Sequence[Point]]) -> None:
        """Draw strokes of a 100x100 box on the pad."""
        self.run("document.querySelector('#sketchpad').scrollIntoView({block: 'center'})")
        left, top, width, height = self.box("#sketchpad canvas")
        for stroke in strokes:
            self.drag([(left + x * width / 100, top + y * height / 100) for x, y in stroke])

    def rests(self) -> None:
        """Wait until no animation runs."""
        self.waits(
            "return document.getAnimations().every(({ playState }) => playState !== 'running')"
        )

    def sees(self, answer: str) -> None:
        """Wait until the page shows this answer."""
        self.waits(
            "return document.querySelector('#answer .digit').textContent === arguments[0]", answer
        )


class Chromium(Engine):
    packages = "chromium"

    def __init__(self, browser) -> None:
        self.page = browser.new_page()

    def go(self, url: str) -> None:
        self.page.goto(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(as_expression(script, arguments))

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def drag(self, points: Sequence[Point]) -> None:
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def choose(self, selector: str, path: Path) -> None:
        self.page.set_input_files(selector, path)

    def close(self) -> None:
        self.page.close()


class Firefox(Engine):
    commands = ("firefox-esr",)
    packages = "firefox-esr"

    def __init__(self) -> None:
        from websocket import create_connection

        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Stops Firefox from fetching settings from Mozilla.
        (Path(self.profile.name) / "user.js").write_text(
            'user_pref("services.settings.server", "data:,");\n'
        )
        port = free_port()
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--remote-debugging-port", str(port)]
            + ["--profile", self.profile.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(port)
        self.socket = create_connection(
            f"ws://127.0.0.1:{port}/session", suppress_origin=True, timeout=2 * TIMEOUT
        )
        self.count = 0
        self.send("session.new", capabilities={})
        self.page = self.send("browsingContext.create", type="tab")["context"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self.count += 1
        command = {"id": self.count, "method": method, "params": parameters}
        self.socket.send(json.dumps(command))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            pass
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def go(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def run(self, script: str, *arguments: Any) -> Any:
        answer = self.send(
            "script.evaluate",
            expression=f"JSON.stringify(({as_expression(script, arguments)}) ?? null)",
            target={"context": self.page},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.send("browsingContext.setViewport", context=self.page, viewport=viewport)

    def drag(self, points: Sequence[Point]) -> None:
        self.send("input.performActions", context=self.page, actions=as_actions(points))

    def choose(self, selector: str, path: Path) -> None:
        locator = {"type": "css", "value": selector}
        found = self.send("browsingContext.locateNodes", context=self.page, locator=locator)
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.send("input.setFiles", context=self.page, element=element, files=[str(path)])

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=TIMEOUT)
        self.profile.cleanup()


class WebKit(Engine):
    commands = ("WebKitWebDriver", "xvfb-run", "dbus-run-session", MINI_BROWSER)
    packages = "webkit2gtk-driver xvfb dbus"
    narrowest = 450  # px; the toolbar needs this width

    def __init__(self) -> None:
        from selenium.webdriver import Remote, WebKitGTKOptions
        from selenium.webdriver.remote.client_config import ClientConfig
        from selenium.webdriver.remote.file_detector import UselessFileDetector
        from selenium.webdriver.remote.remote_connection import RemoteConnection

        port = free_port()
        screen = f"-screen 0 {LARGEST[0] + 100}x{LARGEST[1] + 100}x24"
        self.process = subprocess.Popen(
            ["xvfb-run", "--auto-servernum", "--server-args", screen, "dbus-run-session", "--"]
            + ["WebKitWebDriver", f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for_port(port)
        options = WebKitGTKOptions()
        options.binary_location = MINI_BROWSER
        options.add_argument("--automation")
        address = ClientConfig(remote_server_addr=f"http://127.0.0.1:{port}")
        # The browser runs on this machine, so files need no upload.
        files = UselessFileDetector()
        connection = RemoteConnection(client_config=address)
        self.driver = Remote(connection, file_detector=files, options=options)

    def go(self, url: str) -> None:
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def resize(self, width: int, height: int) -> None:
        deadline = time.monotonic() + TIMEOUT
        while self.run("return [innerWidth, innerHeight]") != [width, height]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the window did not become {width}x{height}")
            # The toolbar's height may be wrong while the window still changes.
            toolbar = self.run("return outerHeight - innerHeight")
            self.driver.set_window_size(width, height + toolbar)
            time.sleep(0.05)

    def drag(self, points: Sequence[Point]) -> None:
        self.driver.execute("actions", {"actions": as_actions(points)})

    def choose(self, selector: str, path: Path) -> None:
        self.driver.find_element("css selector", selector).send_keys(str(path))

    def close(self) -> None:
        self.driver.quit()
        os.killpg(self.process.pid, signal.SIGTERM)  # also ends the virtual screen and the bus
        self.process.wait(timeout=TIMEOUT)


def as_expression(script: str, arguments: Sequence[Any]) -> str:
    """A function call as one expression, because not every driver passes arguments."""
    return f"(function () {{ {script} }})(...{json.dumps(arguments)})"


def as_actions(points: Sequence[Point]) -> list[dict[str, Any]]:
    """A drag as WebDriver actions, in the form that Firefox and WebKit take."""
    moves = [
        {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)} for x, y in points
    ]
    button = {"button": 0}
    actions = [
        moves[0],
        {"type": "pointerDown", **button},
        *moves[1:],
        {"type": "pointerUp", **button},
    ]
    mouse = {"pointerType": "mouse"}
    return [{"type": "pointer", "id": "mouse", "parameters": mouse, "actions": actions}]


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
