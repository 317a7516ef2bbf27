"""What stands between strangers and the page: an ASGI layer in front of Gradio.

Only what the page, its API and Gradio's own clients need is answered. Bodies are limited before
they are kept, calls are counted for each client, and every request leaves one line in the log.
"""

import json
import logging
import os
import re
import secrets
import time
from typing import Any, NamedTuple

import gradio as gr

from finalnet.web import routes
from finalnet.web.browser import CHECKPOINT_FILES, FOLDER
from finalnet.web.gradio_calls import GradioCalls
from finalnet.web.limits import Bodies, Rates, Receive, discard
from finalnet.web.refusal import Refusal
from finalnet.web.service import Busy, Service

JSON_LIMIT = 2_000_000  # bytes
PICTURE_LIMIT = 20_000_000  # bytes; a form or a data URL around a picture may add a little
FORM_LIMIT = PICTURE_LIMIT + 10_000
MAX_STREAMS = 300  # that stay open, so that connections are left for the others
REQUEST_ID = re.compile(rb"[\w.-]{1,64}")
LOG = logging.getLogger("finalnet.requests")


class Route(NamedTuple):
    """What is answered.

    Attributes:
        methods: of HTTP.
        pattern: of the whole path; the group "name" is the endpoint of a call.
        kind: "pass" to Gradio, "stream" to it and stay open, "upload", "run", "call", "join", or
            "own".
        limit: bytes of its body.
    """

    methods: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: str = "pass"
    limit: int = 0


def _get(pattern: str, kind: str = "pass") -> Route:
    return Route(("GET", "HEAD"), re.compile(pattern), kind)


def _post(pattern: str, kind: str, limit: int = JSON_LIMIT) -> Route:
    return Route(("POST",), re.compile(pattern), kind, limit)


# What the page, the page of its API, gradio_client and @gradio/client were seen to ask for.
GRADIO = "/gradio_api"
ROUTES = [
    *(Route(("GET", "HEAD"), re.compile(path), "own") for path in routes.HEALTH),
    *(_post(path, "own", PICTURE_LIMIT) for path in routes.PICTURES),
    *(_post(path, "own") for path in routes.STROKES),
    _get(
        r"/|/config/?|/favicon\.ico|/icon-\d+\.png|/preview\.png|/robots\.txt|/manifest\.json|/pwa_icon(/\d+)?"
    ),
    _get(r"/(assets|static|svelte)/[\w./@+-]+"),
    _get(rf"({GRADIO})?/theme\.css"),
    _get(rf"{GRADIO}/(info/?|openapi\.json|startup-events|app_id|queue/status)"),
    _get(rf"{GRADIO}/(queue/data|heartbeat/[\w-]{{1,64}}|upload_progress)", "stream"),
    _get(rf"{GRADIO}/call/\w+/[\w-]{{1,64}}", "stream"),
    _post(rf"{GRADIO}/upload/?", "upload", FORM_LIMIT),
    _post(rf"{GRADIO}/(run|api)/(?P<name>\w+)/?", "run", FORM_LIMIT),
    _post(rf"{GRADIO}/call/(?P<name>\w+)/?", "call"),
    _post(rf"{GRADIO}/queue/join", "join"),
    _post(rf"{GRADIO}/(reset|cancel)/?", "pass"),
]
MCP = Route(("GET", "POST", "DELETE"), re.compile(rf"{GRADIO}/mcp(/.*)?"), "pass", JSON_LIMIT)


class Guard:
    """The layer; see the module.

    Args:
        demo: the page that it stands in front of.
        rate: calls a second that one client may make, four seconds' worth at once; 0 for any.
    """

    def __init__(self, app: Any, demo: gr.Blocks, service: Service, rate: float, mcp: bool) -> None:
        self._app = app
        self._service = service
        self._calls = GradioCalls(demo)
        # Where any proxy is believed, a visitor may claim to be this machine.
        self._rates = Rates(rate, spare_own=os.environ.get("FORWARDED_ALLOW_IPS") != "*")
        self._bodies = Bodies()
        self._streams = 0
        files = [re.escape(FOLDER.as_posix()) + r"/[\w./-]+"]
        files += [re.escape((service.checkpoint / n).as_posix()) for n in CHECKPOINT_FILES]
        self._routes = [
            *ROUTES,
            _get(rf"{GRADIO}/file=({'|'.join(files)})"),
            *([MCP] if mcp else []),
        ]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, send)
        try:
            await self._answer(visit, scope, receive)
        except Refusal as refusal:
            await visit.refuse(refusal, receive)
        except ConnectionError:
            visit.status = 499  # the client left
        finally:
            visit.log()

    async def _answer(self, visit: "_Visit", scope: dict[str, Any], receive: Receive) -> None:
        route, name = self._find(scope, visit)
        if scope["method"] != "POST":
            if route.kind == "own":
                await visit.answer(await routes.answer(self._service, visit.path, "", b""))
            elif route.kind == "stream":
                await self._stream(scope, receive, visit)
            else:
                await self._app(scope, receive, visit.send)
            return
        self._rates.take(scope["client"][0] if scope.get("client") else "unknown")
        body = await self._bodies.read(receive, visit.header(b"content-length"), route.limit)
        size = visit.bytes_in = len(body)
        visit.received = time.monotonic()
        try:
            if route.kind == "own":
                kind = (visit.header(b"content-type") or b"").decode("latin-1")
                await visit.answer(await routes.answer(self._service, visit.path, kind, body))
            elif route.kind == "upload":
                await self._upload(visit, scope, replay(body, receive))
            else:
                await self._call(visit, scope, receive, route.kind, name, body)
        finally:
            self._bodies.release(size)

    def _find(self, scope: dict[str, Any], visit: "_Visit") -> tuple[Route, str]:
        methods: set[str] = set()
        steps = visit.path.split("/")
        for route in self._routes if ".." not in steps else ():
            if match := route.pattern.fullmatch(visit.path):
                if scope["method"] in route.methods:
                    return route, match.groupdict().get("name") or ""
                methods.update(route.methods)
        if methods:
            wanted = ", ".join(sorted(methods))
            raise Refusal(
                405, f"{visit.path:.80} takes {wanted}, got {scope['method']}", allow=wanted
            )
        raise Refusal(404, f"there is nothing at {visit.path:.80}; the page is at /")

    async def _stream(self, scope: dict[str, Any], receive: Receive, visit: "_Visit") -> None:
        if self._streams >= MAX_STREAMS:
            raise Refusal(503, f"{MAX_STREAMS} streams are open already", retry_after="5")
        self._streams += 1
        try:
            await self._app(scope, receive, visit.send)
        finally:
            self._streams -= 1

    async def _upload(self, visit: "_Visit", scope: dict[str, Any], receive: Receive) -> None:
        answered = bytearray()
        # Not compressed, because it is read here.
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await self._app({**scope, "headers": headers}, receive, visit.tee(answered))
        if visit.status == 200:
            self._calls.note_upload(bytes(answered))

    async def _call(
        self,
        visit: "_Visit",
        scope: dict[str, Any],
        receive: Receive,
        kind: str,
        name: str,
        body: bytes,
    ) -> None:
        is_picture = False
        if kind != "pass":
            body, is_picture = self._calls.check(kind, name, body)
            fields = {
                **dict(scope["headers"]),
                b"content-length": str(len(body)).encode(),
                b"content-type": b"application/json",
            }
            scope = {**scope, "headers": list(fields.items())}
        if not is_picture:
            await self._app(scope, replay(body, receive), visit.send)
            return
        try:
            async with self._service.pictures.turn():
                await self._app(scope, replay(body, receive), visit.send)
        except Busy as error:
            raise Refusal(503, str(error), retry_after="5") from None


def replay(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was received already, and then what comes after it."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return parts.pop() if parts else await receive()

    return again


class _Visit:
    """One request: its id, what was answered, and how long that took."""

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        self.path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        self.status = 0
        self.bytes_in = 0
        self.received: float | None = None
        self._headers = dict(scope["headers"])
        self._method = scope["method"]
        self._send = send
        self._began = time.monotonic()
        self._bytes_out = 0
        given = self.header(b"x-request-id") or b""
        self.id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()

    def header(self, name: bytes) -> bytes | None:
        return self._headers.get(name)

    async def send(self, message: dict[str, Any]) -> None:
        """Send to the client, with the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", []), (b"x-request-id", self.id)]
            message = {**message, "headers": headers}
        self._bytes_out += len(message.get("body", b""))
        await self._send(message)

    def tee(self, copy: bytearray) -> Any:
        """`send`, which keeps a copy of the body."""

        async def send(message: dict[str, Any]) -> None:
            copy.extend(message.get("body", b""))
            await self.send(message)

        return send

    async def answer(
        self,
        content: dict[str, Any],
        status: int = 200,
        headers: dict[str, str] | None = None,
        receive: Receive | None = None,
    ) -> None:
        """Answer with JSON; with `receive`, throw away what still comes of the request."""
        body = json.dumps(content).encode()
        fields = {"content-type": "application/json", "content-length": str(len(body))}
        pairs = [(k.encode(), v.encode()) for k, v in {**fields, **(headers or {})}.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body, "more_body": bool(receive)})
        if receive:
            await discard(receive)
            await self.send({"type": "http.response.body", "body": b""})

    async def refuse(self, refusal: Refusal, receive: Receive) -> None:
        """Answer with the reason. What was sent is read on for a moment, or its sender would not
        read the answer but find the connection reset."""
        unread = self._method == "POST" and self.received is None
        await self.answer(
            {"error": str(refusal)}, refusal.status, refusal.headers, receive if unread else None
        )

    def log(self) -> None:
        """One line of JSON: never what was drawn, who drew it, or a query."""
        now = time.monotonic()
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": self.id.decode(),
            "method": self._method,
            "path": re.sub(r"/(heartbeat|call/\w+)/.*", r"/\1/...", self.path)[:200],
            "status": self.status,
            "bytes_in": self.bytes_in,
            "bytes_out": self._bytes_out,
            "receive_ms": round(1000 * ((self.received or now) - self._began), 1),
            "ms": round(1000 * (now - self._began), 1),
        }
        LOG.info(json.dumps(line))
