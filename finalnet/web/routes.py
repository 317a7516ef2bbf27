"""Plain HTTP: the API without Gradio's protocol, and whether the process lives and is ready."""

from typing import Any

import orjson

from finalnet.web.refusal import Refusal
from finalnet.web.service import Busy, Service

PICTURES = ("/api/recognize", "/api/read_number")
STROKES = ("/api/recognize_strokes", "/api/read_number_strokes")
HEALTH = ("/healthz", "/readyz")


async def answer(service: Service, path: str, content_type: str, body: bytes) -> dict[str, Any]:
    """What one of the routes above answers.

    Args:
        body: an image file for a picture route, `{"strokes": [...]}` for the others.
    Raises:
        Refusal: the input cannot be read, or there are too many callers.
    """
    try:
        if path == "/healthz":
            return {"status": "lives"}
        if path == "/readyz":
            if await service.is_ready():
                return {"status": "ready", "revision": service.revision}
            raise Refusal(
                503, "the process is starting or ending; ask another one, or later", retry_after="5"
            )
        function = getattr(service, path.rpartition("/")[2])
        if path == "/api/read_number":  # the page's own pictures are read here, too
            return await service.read_number(_picture(content_type, body), with_inputs=True)
        if path in PICTURES:
            return await function(_picture(content_type, body))
        return await function(_strokes(body))
    except ValueError as error:
        raise Refusal(422, str(error)) from None
    except Busy as error:
        raise Refusal(503, str(error), retry_after="5") from None


def _picture(content_type: str, body: bytes) -> bytes:
    if content_type.startswith(("multipart/", "application/json")):
        raise Refusal(
            415,
            f"the body must be the image file itself, got {content_type.partition(';')[0]:.40}; "
            "send it with `curl --data-binary @digit.png`",
        )
    return body


def _strokes(body: bytes) -> Any:
    try:
        content = orjson.loads(body)
    except ValueError as error:
        raise Refusal(400, f"the body must be JSON, got something else ({error!s:.80})") from None
    if not isinstance(content, dict) or set(content) != {"strokes"}:
        came = sorted(content)[:3] if isinstance(content, dict) else type(content).__name__
        raise Refusal(
            422, f'the body must be {{"strokes": [[[x, y], ...], ...]}}, got {came!s:.80}'
        )
    return content["strokes"]
