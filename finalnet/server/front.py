"""Changes the HTML of the Gradio page: our own head, and a frame that shows before scripts run.

Gradio's own HTML has Gradio's name in link previews, and shows nothing until its scripts have run.
"""

import json
import re
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from finalnet.web.browser import preload_links, render
from finalnet.web.frame import STYLES, body_words, head_words, read_files
from finalnet.web.icons import ICON_SIZES, draw_icon, draw_preview, to_png

PAGE_STYLES = [*STYLES, "gradio.css", "about.css"]
FRAME_STYLES = ["static.css", "frame.css"]  # until Gradio's own have loaded
# Gradio's link previews, and the manifest of an installable app, which we do not offer.
FOREIGN = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>')
STYLE_SHEET = re.compile(r'<link rel="stylesheet"[^>]*>')
ROOT = re.compile(r'"root":("(?:[^"\\]|\\.)*")')
PREFIX = re.compile(r"(/[\w.~%-]+)+/?")


class FrontPage:
    """ASGI middleware around Gradio: changes its page, and serves the icons and the preview.

    Args:
        files: base address of the page's own files, as for `Component`.
    """

    def __init__(self, app: ASGIApp, files: str) -> None:
        self._app = app
        self._head = head_words(PAGE_STYLES)
        self._frame = render("frame.html", **body_words(), frame_looks=read_files(FRAME_STYLES))
        self._end = f"<script>{read_files(['frame.js'])}</script>{preload_links(files)}"
        self._pictures = {f"/icon-{size}.png": to_png(draw_icon(size)) for size in ICON_SIZES}
        self._pictures["/favicon.ico"] = self._pictures[f"/icon-{ICON_SIZES[0]}.png"]
        self._pictures["/preview.png"] = to_png(draw_preview())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if path in self._pictures:
            picture = Response(self._pictures[path], media_type="image/png")
            await picture(scope, receive, send)
        elif path in ("", "/") and scope["type"] == "http" and scope["method"] == "GET":
            await self._app(scope, receive, self._changed(dict(scope["headers"]), send))
        else:
            await self._app(scope, receive, send)

    def _changed(self, request_headers: dict[bytes, bytes], send: Any) -> Any:
        """Wrap `send` to change the page once all of it has arrived."""
        start: dict[str, Any] = {}
        page = bytearray()

        async def send_changed(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            page.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            prefix = request_headers.get(b"x-forwarded-prefix", b"").decode("latin-1")
            body = self.change(page.decode(), prefix)
            headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            headers.append((b"content-length", str(len(body)).encode()))
            await send({**start, "headers": headers})
            await send({**message, "body": body})

        return send_changed

    def change(self, page: str, prefix: str = "") -> bytes:
        """Put our own head and the frame into Gradio's page.

        Args:
            prefix: path under which a proxy serves the page, if the proxy says so.
        """
        root = ROOT.search(page)
        if root is None:  # an error page
            return page.encode()
        address = json.loads(root[1])
        if PREFIX.fullmatch(prefix) and not address.endswith(prefix.rstrip("/")):
            address += prefix.rstrip("/")
        head = render("head.html", **self._head, address=f"{address}/")
        sheets = "".join(STYLE_SHEET.findall(page))  # they block what follows
        page = STYLE_SHEET.sub("", FOREIGN.sub("", page))
        page = re.sub(r"<base [^>]*>", lambda base: base[0] + head, page, count=1)
        page = re.sub(r"<body[^>]*>", lambda body: body[0] + self._frame + sheets, page, count=1)
        # If a proxy does not say under which path it serves the page, only the browser knows.
        page = page.replace(f"const root = {root[1]}", 'const root = new URL(".", location).href')
        return page.replace("</body>", f"{self._end}</body>").encode()
