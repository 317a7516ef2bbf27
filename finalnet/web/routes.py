"""Plain HTTP: the API, and whether the process lives and is ready."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from finalnet.web.limits import Bodies
from finalnet.web.refusal import Refusal
from finalnet.web.service import SEVEN, Busy, Service

PICTURES = ("recognize", "read_number")  # functions of the service that take an image file
STROKES = ("recognize_strokes", "read_number_strokes")
FUNCTIONS = PICTURES + STROKES
JSON_LIMIT = 2_000_000  # bytes
PICTURE_LIMIT = 20_000_000  # bytes


def health_routes(service: Service, is_built: Callable[[], bool]) -> list[Route]:
    """`/healthz`: the process lives. `/readyz`: it answers a drawing, and its page is built."""

    async def lives(_: Request) -> Response:
        return reply({"status": "lives"})

    async def ready(_: Request) -> Response:
        if is_built() and (await ask(service.recognize_strokes(SEVEN)))["digit"] == 7:
            return reply({"status": "ready", "revision": service.revision})
        raise Refusal(503, "the process is starting; ask another one, or later", retry_after="5")

    return [Route("/healthz", lives), Route("/readyz", ready)]


def api_routes(service: Service, bodies: Bodies) -> list[Route]:
    """The four functions: a picture's body is an image file, a drawing's {"strokes": [...]}."""

    def picture(name: str) -> Route:
        # The page, whose own pictures come here, shows what the network saw of each digit.
        more = {"with_inputs": True} if name == "read_number" else {}

        async def answer(request: Request, body: bytes) -> Response:
            _check_type(request.headers.get("content-type", ""))
            return reply(await ask(getattr(service, name)(body, **more)))

        return post_route(f"/api/{name}", answer, bodies, PICTURE_LIMIT)

    def strokes(name: str) -> Route:
        async def answer(_: Request, body: bytes) -> Response:
            return reply(await ask(getattr(service, name)(_strokes(body))))

        return post_route(f"/api/{name}", answer, bodies, JSON_LIMIT)

    return [*map(picture, PICTURES), *map(strokes, STROKES)]


def post_route(
    path: str,
    answer: Callable[[Request, bytes], Awaitable[ASGIApp]],
    bodies: Bodies,
    limit: int = JSON_LIMIT,
) -> Route:
    """A route that answers a body of at most `limit` bytes."""

    async def endpoint(request: Request) -> ASGIApp:
        async with bodies.of(request, limit) as body:
            return await answer(request, body)

    return Route(path, endpoint, methods=["POST"])


async def ask(answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """What the service answers.

    Raises:
        Refusal: the input cannot be read, or there are too many callers.
    """
    try:
        return await answer
    except ValueError as error:
        raise Refusal(422, str(error)) from None
    except Busy as error:
        raise Refusal(503, str(error), retry_after="5") from None


def reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON, which people may read, too."""
    return Response(json.dumps(content), status, headers, "application/json")


def parse(body: bytes) -> Any:
    """JSON.

    Raises:
        Refusal: it is none.
    """
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise Refusal(400, f"the body must be JSON, got something else ({error!s:.80})") from None


def _check_type(content_type: str) -> None:
    if content_type.startswith(("multipart/", "application/json")):
        raise Refusal(
            415,
            f"the body must be the image file itself, got {content_type.partition(';')[0]:.40}; "
            "send it with `curl --data-binary @digit.png`",
        )


def _strokes(body: bytes) -> Any:
    content = parse(body)
    if not isinstance(content, dict) or set(content) != {"strokes"}:
        came = sorted(content)[:3] if isinstance(content, dict) else type(content).__name__
        raise Refusal(
            422, f'the body must be {{"strokes": [[[x, y], ...], ...]}}, got {came!s:.80}'
        )
    return content["strokes"]
