"""Answers Gradio's clients, so that no request to the API's four functions reaches Gradio.

Gradio would keep the data of sessions, fetch URLs given instead of files, and answer invalid calls
with 500.
"""

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from finalnet.server.limits import PICTURE_LIMIT, Limits
from finalnet.server.routes import FUNCTIONS, PICTURES, parse, reply
from finalnet.server.service import Busy, Service

if TYPE_CHECKING:
    from finalnet.server.page import MountedPage

MAX_ANSWERS = 500  # not yet fetched; the oldest are dropped first
MAX_UPLOADS = 200  # files; the oldest are dropped first
MAX_UPLOADED = 100_000_000  # bytes of these files
EVENTS = "text/event-stream"
NO_CALL = {"error": "404: no such call in this process, or already fetched; call again."}


class GradioCalls:
    """The routes that Gradio's clients use.

    Args:
        page: has the numbers that Gradio gives the functions.
    """

    def __init__(self, service: Service, limits: Limits, page: "Future[MountedPage]") -> None:
        self._service, self._limits, self._page = service, limits, page
        # Session and answer of each queued call, by its id.
        self._answers: OrderedDict[str, tuple[Any, asyncio.Task[dict[str, Any]]]] = OrderedDict()
        self._uploads: OrderedDict[str, bytes] = OrderedDict()  # by name

    def routes(self) -> list[Route]:
        route = self._limits.route
        return [
            route("/gradio_api/upload", self._upload, PICTURE_LIMIT + 10_000),  # + the form
            route("/gradio_api/run/{name}", self._run),
            route("/gradio_api/call/{name}", self._call),
            route("/gradio_api/queue/join", self._join),
            Route("/gradio_api/call/{name}/{event}", self._fetch),
            Route("/gradio_api/queue/data", self._stream),
        ]

    async def _run(self, request: Request) -> Response:
        answer = await self._ask(request.path_params["name"], await parse(request))
        return reply({"data": [answer], "is_generating": False})

    async def _call(self, request: Request) -> Response:
        return self._start(None, self._ask(request.path_params["name"], await parse(request)))

    async def _join(self, request: Request) -> Response:
        content = await parse(request)
        call = content if isinstance(content, dict) else {}
        number, session = call.get("fn_index"), call.get("session_hash")
        numbers = (await asyncio.wrap_future(self._page)).numbers
        answer = self._ask(numbers.get(number, "") if type(number) is int else "", call)
        return self._start(session, answer)

    def _ask(self, name: str, content: Any) -> Coroutine[Any, Any, dict[str, Any]]:
        """Validate a call before any of it runs; await the result to run it."""
        if name not in FUNCTIONS:
            raise HTTPException(404, f"no such endpoint; call one of {', '.join(FUNCTIONS)}")
        data = content.get("data") if isinstance(content, dict) else None
        if not isinstance(data, list) or len(data) != 1:
            wanted = "image" if name in PICTURES else "strokes"
            got = f"{len(data)} values" if isinstance(data, list) else type(data).__name__
            raise ValueError(f'"data" must be a list of 1 ({wanted}), got {got}')
        given = self._find(data[0]) if name in PICTURES else data[0]
        answer: Coroutine[Any, Any, dict[str, Any]] = getattr(self._service, name)(given)
        return answer

    def _find(self, file: Any) -> bytes | None:
        if file is None:
            return None
        path = file.get("path") if isinstance(file, dict) else file
        if not isinstance(path, str) or path not in self._uploads:
            raise ValueError(
                'an image must be {"path": ...} of a file uploaded to /gradio_api/upload, '
                f"got {path!s:.60}; no address is fetched, so upload the file or send it to "
                "/api/recognize"
            )
        return self._uploads[path]

    def _start(self, session: Any, answer: Coroutine[Any, Any, dict[str, Any]]) -> Response:
        event = secrets.token_hex(16)
        self._answers[event] = session, asyncio.create_task(_to_output(answer))
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)[1][1].cancel()
        return reply({"event_id": event})

    async def _fetch(self, request: Request) -> Response:
        """The answer to a call, as one server-sent event."""
        found = self._answers.pop(request.path_params["event"], None)
        output = await found[1] if found else NO_CALL
        event, data = ("complete", output["data"]) if "data" in output else ("error", output)
        return Response(f"event: {event}\ndata: {json.dumps(data)}\n\n", media_type=EVENTS)

    async def _stream(self, request: Request) -> Response:
        """The answers to a session's waiting calls, each as a server-sent event."""
        session = request.query_params.get("session_hash", "")

        async def send() -> AsyncIterator[str]:
            while event := next((e for e, (s, _) in self._answers.items() if s == session), None):
                output = await self._answers.pop(event)[1]
                message = {"event_id": event, "output": output, "success": "data" in output}
                yield f"data: {json.dumps({'msg': 'process_completed', **message})}\n\n"
            yield 'data: {"msg": "close_stream"}\n\n'

        return StreamingResponse(send(), media_type=EVENTS)

    async def _upload(self, request: Request) -> Response:
        """Keep the files of a form within the limits, and answer with their names."""
        try:
            async with request.form(max_files=MAX_UPLOADS) as form:
                files = [await f.read() for f in form.getlist("files") if not isinstance(f, str)]
        except HTTPException as error:
            message = f"the body must be a form with files ({error.detail})"
            raise HTTPException(400, message) from None
        if not files:
            raise ValueError('the body must be a form with "files", got none')
        named = {secrets.token_hex(16): file for file in files}
        kept = self._uploads
        kept.update(named)
        while len(kept) > MAX_UPLOADS or sum(map(len, kept.values())) > MAX_UPLOADED:
            kept.popitem(last=False)
        return reply(list(named))


async def _to_output(answer: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """{"data": ...} or {"error": ...}, as Gradio's clients expect."""
    try:
        return {"data": [await answer], "is_generating": False}
    except (ValueError, Busy) as error:
        message = str(error)
        return {"error": f"{message[:1].upper()}{message[1:]}."}
