"""What every request passes: it is logged, counted for its client, and told why it is refused."""

import json
import logging
import os
import re
import secrets
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finalnet.web.limits import Rates, discard
from finalnet.web.refusal import Refusal
from finalnet.web.routes import reply

REQUEST_ID = re.compile(rb"[\w.-]{1,64}")
CLIENT_LEFT = 499  # status, in the log alone
LOG = logging.getLogger("finalnet.requests")


class Guard:
    """An ASGI layer in front of all routes; see the module.

    Args:
        rate: calls a second that one client may make, four seconds' worth at once; 0 for any.
    """

    def __init__(self, app: ASGIApp, rate: float) -> None:
        self._app = app
        # Where any proxy is believed, a visitor may claim to be this machine.
        is_anyone_believed = (
            "SPACE_ID" in os.environ or os.environ.get("FORWARDED_ALLOW_IPS") == "*"
        )
        self._rates = Rates(rate, spare_own=not is_anyone_believed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, receive, send)
        try:
            if scope["method"] == "POST":
                self._rates.take(scope["client"][0] if scope.get("client") else "unknown")
            # Starlette raises an HTTPException only where there is an "app".
            await self._app({**scope, "app": self}, visit.receive, visit.send)
        except Refusal as refusal:
            await visit.refuse(refusal)
        except HTTPException as error:  # 405, of a route
            allow = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
            message = f"{visit.path:.80} takes {allow}, got {scope['method']}"
            await visit.refuse(Refusal(error.status_code, message, Allow=allow))
        except ConnectionError:
            visit.status = CLIENT_LEFT
        finally:
            visit.log()


class _Visit:
    """One request: its id, what was answered, and how long that took."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        self.status = 0
        self._scope, self._receive, self._send = scope, receive, send
        self._began = time.monotonic()
        self._received: float | None = None  # when the body was whole
        self._bytes_in = self._bytes_out = 0
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        self._id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes_in += len(message.get("body", b""))
        if message["type"] == "http.request" and not message.get("more_body"):
            self._received = time.monotonic()
        return message

    async def send(self, message: Message) -> None:
        """Send to the client, with the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", []), (b"x-request-id", self._id)]
            message = {**message, "headers": headers}
        self._bytes_out += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with the reason. What was sent is read on for a moment, or its sender would not
        read the answer but find the connection reset."""
        if self.status:  # the answer has begun
            return
        unread = self._scope["method"] == "POST" and self._received is None
        response = reply({"error": str(refusal)}, refusal.status, refusal.headers)

        async def send(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await self.send({**message, "more_body": True} if is_body and unread else message)

        await response(self._scope, self._receive, send)
        if unread:
            await discard(self._receive)
            await self.send({"type": "http.response.body", "body": b""})

    def log(self) -> None:
        """One line of JSON: never what was drawn, who drew it, or a query."""
        now = time.monotonic()
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": self._id.decode(),
            "method": self._scope["method"],
            "path": re.sub(r"/(call/\w+)/.*", r"/\1/...", self.path)[:200],
            "status": self.status,
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out,
            "receive_ms": round(1000 * ((self._received or now) - self._began), 1),
            "ms": round(1000 * (now - self._began), 1),
        }
        LOG.info(json.dumps(line))
