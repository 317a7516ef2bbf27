"""Gives each request an id and a line in the log."""

import json
import logging
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = re.compile(rb"[\w.-]{1,64}")
LOG = logging.getLogger("finalnet.requests")


class Guard:
    """ASGI middleware in front of all routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        name = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        # Never the drawing, the client's address or the query.
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": name.decode(),
            "method": scope["method"],
            "path": re.sub(r"/(call/\w+)/.*", r"/\1/...", path)[:200],
            "status": 0,
            "bytes_in": 0,
            "bytes_out": 0,
            "receive_ms": None,  # until the whole body was received
        }

        def passed() -> float:
            return round(1000 * (time.monotonic() - began), 1)

        async def receive_counted() -> Message:
            message = await receive()
            line["bytes_in"] += len(message.get("body", b""))
            if not message.get("more_body"):
                line["receive_ms"] = passed()
            return message

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
                headers = [*message.get("headers", []), (b"x-request-id", name)]
                message = {**message, "headers": headers}
            line["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive_counted, send_named)
        finally:
            LOG.info(json.dumps({**line, "ms": passed()}))
