"""An id and a log line for every request."""

import json
import logging
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = re.compile(rb"[\w.-]{1,64}")
LOG = logging.getLogger("finalnet.requests")


class RequestLog:
    """ASGI middleware that keeps or creates `X-Request-Id` and logs each request as JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.monotonic()
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        # No content, no client address, no query.
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": request_id.decode(),
            "method": scope["method"],
            "path": re.sub(r"/(call/\w+)/.*", r"/\1/...", path)[:200],
            "status": 0,
            "bytes_in": 0,
            "bytes_out": 0,
            "receive_ms": None,  # until the whole body has arrived
        }

        def elapsed() -> float:
            return round(1000 * (time.monotonic() - start), 1)

        async def receive_and_count() -> Message:
            message = await receive()
            line["bytes_in"] += len(message.get("body", b""))
            if not message.get("more_body"):
                line["receive_ms"] = elapsed()
            return message

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", request_id)]
                message = {**message, "headers": headers}
            line["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive_and_count, send_with_id)
        finally:
            LOG.info(json.dumps({**line, "ms": elapsed()}))
