"""What strangers may ask of Gradio: its calls, checked before Gradio sees them.

Gradio reads any JSON on its event loop, keeps what came with a session, fetches addresses that come
in the place of files, and answers every mistake with 500. So a call is taken apart here, and only
what an endpoint needs is handed on.
"""

import re
import secrets
from collections import OrderedDict
from pathlib import Path
from typing import Any

import gradio as gr
import orjson
from gradio.utils import get_upload_folder

from finalnet.web.api import ImageFile
from finalnet.web.refusal import Refusal

MAX_POINTS = 3_000  # of strokes through Gradio, which walks through every number several times
MAX_SESSIONS = 500  # whose unread answers are kept
MAX_UPLOADS = 200  # files that are kept for the endpoints
MAX_UPLOADED = 200_000_000  # bytes of them
MAX_BODY = 128_000  # bytes of JSON for a public endpoint; the page's own sends pictures
DEPTH = 4  # lists within lists that are handed on; strokes have three
SHARED = "shared"  # session of all calls that are answered at once
SESSION = re.compile(r"[\w-]{1,64}")


class GradioCalls:
    """Checks the calls to one page.

    Args:
        demo: the page; its public functions may be called by name, those that answer the page's own
            events by number, as the page does.
    """

    def __init__(self, demo: gr.Blocks) -> None:
        self._demo = demo
        self._functions = {number: fn for number, fn in demo.fns.items() if fn.fn is not None}
        self.names = {
            str(fn.api_name): number
            for number, fn in self._functions.items()
            if fn.api_visibility != "private"
        }
        self._sessions: OrderedDict[str, None] = OrderedDict()
        self._uploads: OrderedDict[str, int] = OrderedDict()

    def check(self, kind: str, name: str, body: bytes) -> tuple[bytes, bool]:
        """The body to hand on to Gradio, and whether the page's own picture is in it.

        Args:
            kind: "run", which answers at once, "call" or "join", which queue.
            name: of the endpoint, from the path; "predict" where the body has a number instead.
        Raises:
            Refusal: the call is not one that is answered.
        """
        content = _parse(body)
        number = self._find(kind, name, content)
        function = self._functions[number]
        data = content.get("data")
        wanted = [str(getattr(block, "label", "value")).lower() for block in function.inputs]
        if not isinstance(data, list) or len(data) != len(wanted):
            came = f"{len(data)} values" if isinstance(data, list) else type(data).__name__
            raise Refusal(
                422, f'"data" must be a list of {len(wanted)} ({", ".join(wanted)}), got {came}'
            )
        is_public = number in self.names.values()
        if is_public:
            _check_size(body)
            is_file = isinstance(function.inputs[0], ImageFile)
            data = [_check_file(data[0]) if is_file else _defuse(data[0])]
        else:
            data = [_check_picture(value) for value in data]
        passed: dict[str, Any] = {"data": data}
        if kind != "call":
            passed["fn_index"] = number
        for field in ("event_data", "trigger_id"):
            if kind != "call" and isinstance(content.get(field), int | None) and field in content:
                passed[field] = content[field]
        # Gradio copies the page for every session, in 12 ms, and keeps its last input; what is
        # answered at once needs no session of its own.
        passed["session_hash"] = (
            SHARED if kind == "run" else self._open_session(kind, content.get("session_hash"))
        )
        return orjson.dumps(passed), not is_public and bool(data)

    def _find(self, kind: str, name: str, content: dict[str, Any]) -> int:
        number = self.names.get(name, content.get("fn_index"))
        allowed = self._functions if kind == "run" else self.names.values()
        if type(number) is not int or number not in allowed:
            raise Refusal(404, f"there is no such endpoint; there are {', '.join(self.names)}")
        return number

    def _open_session(self, kind: str, session: Any) -> str:
        """The name of the session; the oldest one's unread answers are forgotten."""
        if kind == "call":
            session = secrets.token_hex(16)
        elif not isinstance(session, str) or not SESSION.fullmatch(session):
            raise Refusal(422, '"session_hash" must be up to 64 letters and digits')
        self._sessions[session] = None
        self._sessions.move_to_end(session)
        while len(self._sessions) > MAX_SESSIONS:
            oldest, _ = self._sessions.popitem(last=False)
            queue = self._demo._queue
            queue.pending_messages_per_session.pop(oldest, None)
            queue.pending_event_ids_session.pop(oldest, None)
            self._demo.state_holder.session_data.pop(oldest, None)
        return session

    def note_upload(self, answer: bytes) -> None:
        """Remember the files of an upload, and delete the oldest where they are too many."""
        for name in orjson.loads(answer):
            self._uploads[name] = Path(name).stat().st_size
            self._uploads.move_to_end(name)
        while len(self._uploads) > MAX_UPLOADS or sum(self._uploads.values()) > MAX_UPLOADED:
            oldest, _ = self._uploads.popitem(last=False)
            Path(oldest).unlink(missing_ok=True)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except ValueError as error:
        raise Refusal(400, f"the body must be JSON, got something else ({error!s:.80})") from None
    if not isinstance(content, dict):
        raise Refusal(422, f'the body must be {{"data": [...]}}, got {type(content).__name__}')
    return content


def _check_size(body: bytes) -> None:
    points = body.count(b"[")
    if points > MAX_POINTS or len(body) > MAX_BODY:
        raise Refusal(
            413,
            f"at most {MAX_POINTS:,} points in {MAX_BODY:,} bytes are read through Gradio, got "
            f"about {points:,} in {len(body):,}; "
            "send fewer, or send them to /api/recognize_strokes, which reads 20,000",
        )


def _check_file(file: Any) -> Any:
    """A file that was uploaded, without the address that Gradio would fetch."""
    if file is None:
        return None
    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str) or not _is_upload(path):
        raise Refusal(
            422,
            'an image must be {"path": ...} of a file that was uploaded to /gradio_api/upload, got '
            f"{path or type(file).__name__!s:.60}; no address is fetched: upload the file, "
            "or send it to /api/recognize",
        )
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def _check_picture(value: Any) -> Any:
    """What the page's picture input sends, without anything that is not needed."""
    if value is None:
        return None
    source = value.get("source") if isinstance(value, dict) else None
    if not isinstance(source, str):
        raise Refusal(
            422,
            'a picture must be {"source": "data:image/..."}, got '
            f"{type(value).__name__}; programs send it to /api/recognize",
        )
    return {"source": source}


def _is_upload(path: str) -> bool:
    try:
        place = Path(path).resolve()
        return place.is_relative_to(Path(get_upload_folder()).resolve()) and place.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _defuse(strokes: Any, depth: int = DEPTH) -> Any:
    """Strokes in which nothing can be taken for a file; objects have no place in them."""
    if isinstance(strokes, dict):
        return {}
    if isinstance(strokes, list):
        return [_defuse(item, depth - 1) for item in strokes] if depth else []
    return strokes
