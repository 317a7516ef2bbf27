"""Gradio's protocol for the four functions of the API, so that Gradio's clients can call them.

Gradio itself draws the page and describes the API, but nothing that a visitor sends reaches it: it
would keep what came with a session, fetch addresses in the place of files, and answer mistakes with
500. A queued call is answered when its result is fetched, so that one nobody fetches costs nothing.
"""

import asyncio
import json
import secrets
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from finalnet.web.limits import Bodies
from finalnet.web.refusal import Refusal
from finalnet.web.routes import FUNCTIONS, PICTURE_LIMIT, PICTURES, ask, parse, post_route, reply
from finalnet.web.service import Service

if TYPE_CHECKING:
    from finalnet.web.server import LazyPage

PREFIX = "/gradio_api"
MAX_CALL = 128_000  # bytes of a call's JSON
MAX_CALLS = 500  # that nobody has fetched yet
MAX_UPLOADS = 200  # files that are kept
MAX_UPLOADED = 200_000_000  # bytes of them
FORM_LIMIT = PICTURE_LIMIT + 10_000  # bytes; with what is around a file


class Call(NamedTuple):
    """A call whose result has not been fetched yet."""

    session: str
    name: str
    body: bytes


class GradioCalls:
    """The routes that Gradio's clients use.

    Args:
        page: knows the numbers by which Gradio calls the functions.
    """

    def __init__(self, service: Service, page: "LazyPage", bodies: Bodies) -> None:
        self._service, self._page, self._bodies = service, page, bodies
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._uploads: OrderedDict[str, int] = OrderedDict()  # bytes by name
        self._folder = tempfile.TemporaryDirectory(prefix="finalnet-")

    def routes(self) -> list[Route]:
        posts = {
            "run/{name}": self._run,
            "api/{name}": self._run,
            "call/{name}": self._call,
            "queue/join": self._join,
        }
        return [
            post_route(f"{PREFIX}/upload", self._upload, self._bodies, FORM_LIMIT),
            *(post_route(f"{PREFIX}/{path}", f, self._bodies) for path, f in posts.items()),
            Route(f"{PREFIX}/call/{{name}}/{{event}}", self._fetch),
            Route(f"{PREFIX}/queue/data", self._stream),
        ]

    async def _run(self, request: Request, body: bytes) -> Response:
        name = await self._find(request.path_params["name"], body)
        return reply({"data": [await self._answer(name, body)], "is_generating": False})

    async def _call(self, request: Request, body: bytes) -> Response:
        name = await self._find(request.path_params["name"], body)
        return self._keep(Call("", name, body))

    async def _join(self, _: Request, body: bytes) -> Response:
        name = await self._find("", body)
        session = parse(body).get("session_hash")
        if not isinstance(session, str) or not 0 < len(session) <= 64:
            raise Refusal(422, '"session_hash" must be up to 64 letters and digits')
        return self._keep(Call(session, name, body))

    def _keep(self, call: Call) -> Response:
        self._read(call.name, call.body)  # what is wrong with it is said at once
        event = secrets.token_hex(16)
        self._calls[event] = call
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)
        return reply({"event_id": event})

    async def _fetch(self, request: Request) -> Response:
        """The result of a call, as one server-sent event."""

        async def send() -> AsyncIterator[str]:
            call = self._calls.pop(request.path_params["event"], None)
            if call is None:
                yield 'event: error\ndata: "404: there is no such call; it is fetched once"\n\n'
                return
            output = await self._output(call)
            event, data = ("complete", output["data"]) if "data" in output else ("error", output)
            yield f"event: {event}\ndata: {json.dumps(data)}\n\n"

        return StreamingResponse(send(), media_type="text/event-stream")

    async def _stream(self, request: Request) -> Response:
        """The results of a session's calls, each as a server-sent event, while there are any."""
        session = request.query_params.get("session_hash", "")

        def tell(msg: str, **content: Any) -> str:
            return f"data: {json.dumps({'msg': msg, **content})}\n\n"

        async def send() -> AsyncIterator[str]:
            while event := next((e for e, c in self._calls.items() if c.session == session), None):
                output = await self._output(self._calls.pop(event))
                success = "data" in output
                yield tell("process_completed", event_id=event, output=output, success=success)
            yield tell("close_stream")

        return StreamingResponse(send(), media_type="text/event-stream")

    async def _output(self, call: Call) -> dict[str, Any]:
        """What a queued call gives, or {"error": ...}."""
        try:
            return {"data": [await self._answer(call.name, call.body)], "is_generating": False}
        except Refusal as refusal:
            message = str(refusal)
            return {"error": f"{message[:1].upper()}{message[1:]}."}

    async def _find(self, name: str, body: bytes) -> str:
        """The function that is called by name or, as Gradio's clients do, by number."""
        if name not in FUNCTIONS:
            content = parse(body)
            number = content.get("fn_index") if isinstance(content, dict) else None
            numbers = (await asyncio.wrap_future(self._page.built)).numbers
            if type(number) is not int or number not in numbers:
                names = ", ".join(FUNCTIONS)
                raise Refusal(404, f"there is no such endpoint; there are {names}")
            name = numbers[number]
        return name

    async def _answer(self, name: str, body: bytes) -> dict[str, Any]:
        return await ask(getattr(self._service, name)(self._read(name, body)))

    def _read(self, name: str, body: bytes) -> Any:
        """The input of a call: strokes, as they came, or the path of an uploaded file."""
        if len(body) > MAX_CALL:
            raise Refusal(
                413,
                f"a call through Gradio may have {MAX_CALL:,} bytes, got {len(body):,}; "
                f"send fewer points, or send them to /api/{name}",
            )
        content = parse(body)
        if not isinstance(content, dict):
            raise Refusal(422, f'the body must be {{"data": [...]}}, got {type(content).__name__}')
        data, wanted = content.get("data"), "image" if name in PICTURES else "strokes"
        if not isinstance(data, list) or len(data) != 1:
            came = f"{len(data)} values" if isinstance(data, list) else type(data).__name__
            raise Refusal(422, f'"data" must be a list of 1 ({wanted}), got {came}')
        return self._file(data[0]) if name in PICTURES else data[0]

    def _file(self, file: Any) -> str | None:
        if file is None:
            return None
        path = file.get("path") if isinstance(file, dict) else None
        if not isinstance(path, str) or path not in self._uploads:
            raise Refusal(
                422,
                f'an image must be {{"path": ...}} of a file that was uploaded to {PREFIX}/upload, '
                f"got {path or type(file).__name__!s:.60}; no address is fetched: upload the file, "
                "or send it to /api/recognize",
            )
        return str(Path(self._folder.name, path))

    async def _upload(self, request: Request, body: bytes) -> Response:
        """Keep the files of a form; the oldest are deleted where they are too many."""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            async with Request(request.scope, receive).form(max_files=MAX_UPLOADS) as form:
                files = [await f.read() for f in form.getlist("files") if not isinstance(f, str)]
        except HTTPException as error:
            raise Refusal(400, f"the body must be a form with files ({error.detail})") from None
        if not files:
            raise Refusal(422, 'the body must be a form with "files", none came')
        names = [secrets.token_hex(16) for _ in files]
        for name, content in zip(names, files, strict=True):
            await asyncio.to_thread(Path(self._folder.name, name).write_bytes, content)
            self._uploads[name] = len(content)
        while len(self._uploads) > MAX_UPLOADS or sum(self._uploads.values()) > MAX_UPLOADED:
            oldest, _ = self._uploads.popitem(last=False)
            Path(self._folder.name, oldest).unlink(missing_ok=True)
        return reply(names)
