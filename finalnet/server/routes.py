"""Plain HTTP routes: the API and health checks."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from finalnet.server.limits import PICTURE_LIMIT, Limits
from finalnet.server.service import SEVEN, Busy, Service

PICTURES = ("recognize", "read_number")  # functions of the service that take an image file
STROKES = ("recognize_strokes", "read_number_strokes")
FUNCTIONS = PICTURES + STROKES
CLIENT_LEFT = 499  # a status that only the log shows


def health_routes(service: Service, is_built: Callable[[], bool]) -> list[Route]:
    """`/healthz`: the process runs. `/readyz`: it reads drawings, and its page is built."""

    async def lives(_: Request) -> Response:
        return reply({"status": "lives"})

    async def ready(_: Request) -> Response:
        if is_built() and (await service.recognize_strokes(SEVEN))["digit"] == 7:
            return reply({"status": "ready", "revision": service.revision})
        raise Busy("the process is starting; try another one, or this one later")

    return [Route("/healthz", lives), Route("/readyz", ready)]


def api_routes(service: Service, limits: Limits) -> list[Route]:
    """The API's four functions; a body is an image file or {"strokes": [...]}."""

    async def picture(name: str, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        if kind.startswith(("multipart/", "application/json")):
            raise HTTPException(
                415,
                f"the body must be the image file itself, got {kind.partition(';')[0]:.40}; "
                "send it with `curl --data-binary @digit.png`",
            )
        # The page sends its pictures here, and shows what the network saw of each digit.
        more = {"with_inputs": True} if name == "read_number" else {}
        return reply(await getattr(service, name)(await request.body(), **more))

    async def strokes(name: str, request: Request) -> Response:
        content = await parse(request)
        if not isinstance(content, dict) or set(content) != {"strokes"}:
            got = sorted(content)[:3] if isinstance(content, dict) else type(content).__name__
            raise ValueError(
                f'the body must be {{"strokes": [[[x, y], ...], ...]}}, got {got!s:.80}'
            )
        return reply(await getattr(service, name)(content["strokes"]))

    return [
        *(limits.route(f"/api/{name}", partial(picture, name), PICTURE_LIMIT) for name in PICTURES),
        *(limits.route(f"/api/{name}", partial(strokes, name)) for name in STROKES),
    ]


async def parse(request: Request) -> Any:
    """Parse a JSON body.

    Raises:
        HTTPException: 400, the body is not JSON.
    """
    try:
        return orjson.loads(await request.body())
    except ValueError as error:
        message = f"the body must be JSON, got something else ({error!s:.80})"
        raise HTTPException(400, message) from None


def reply(content: Any, status: int = 200, headers: Any = None) -> Response:
    """JSON with spaces, for people to read."""
    return Response(json.dumps(content), status, headers, "application/json")


async def refuse(request: Request, error: Exception) -> Response:
    """Turn an exception into {"error": ...}; for Starlette's `exception_handlers`."""
    if isinstance(error, ValueError):  # the input cannot be read
        error = HTTPException(422, str(error))
    elif isinstance(error, Busy):
        error = HTTPException(503, str(error), {"Retry-After": "5"})
    elif isinstance(error, ClientDisconnect):
        error = HTTPException(CLIENT_LEFT)
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = ", ".join(sorted((error.headers or {})["Allow"].split(", ")))
        message = f"{request.url.path:.80} takes {allow}, got {request.method}"
        error = HTTPException(405, message, {"Allow": allow})
    return reply({"error": error.detail}, error.status_code, error.headers)
