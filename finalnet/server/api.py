"""The API as Gradio endpoints, typed functions that take an image file or strokes.

Gradio documents them, and calls them only as MCP tools; `gradio_calls` answers its clients.
"""

import base64
from collections.abc import Awaitable
from typing import Any, Literal

import gradio as gr

from finalnet.server.service import Busy, Service

PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
TOP = {
    "type": "array",
    "description": "the most probable digits, highest first",
    "items": {
        "type": "object",
        "properties": {"digit": {"type": "integer"}, "probability": PROBABILITY},
    },
}
VERDICT = {
    "verdict": {"type": "string", "enum": ["digit", "unsure", "blank"]},
    "digit": {
        "anyOf": [{"type": "integer"}, {"type": "null"}],
        "description": "null if not a digit",
    },
    "top": TOP,
    "probabilities": {"type": "array", "items": PROBABILITY, "description": "of 0 to 9"},
}
REVISION = {"revision": {"type": "string", "description": "identifies the checkpoint"}}
PLACE = {
    "character": {"type": "string", "description": 'as in the text: the digit, or "?"'},
    "box": {
        "type": "array",
        "items": {"type": "number"},
        "description": "left, top, width, height, in pixels of the picture or units of the strokes",
    },
}
DIGITS = {"type": "array", "items": {"type": "object", "properties": {**VERDICT, **PLACE}}}
PREDICTION = {"type": "object", "properties": {**VERDICT, **REVISION}}
NUMBER = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "digits": DIGITS,
        "unread": {"type": "integer", "description": "signs that the text leaves out"},
        **REVISION,
    },
}


class Answer(gr.JSON):
    """Hidden JSON output whose fields the API page documents."""

    data_model = None  # type: ignore[assignment]
    schema: dict[str, Any] = {}

    def postprocess(self, value: Any) -> Any:
        return value

    def api_info(self) -> dict[str, Any]:
        return self.schema


class Points(gr.JSON):
    """Hidden strokes input; passes strokes on unchanged, because the service validates them."""

    data_model = None  # type: ignore[assignment]

    def preprocess(self, payload: Any) -> Any:
        return payload

    def api_info(self) -> dict[str, Any]:
        point = {"type": "array", "items": {"type": "number"}}
        return {"type": "array", "items": {"type": "array", "items": point}}

    def example_payload(self) -> Any:
        return [[[0, 0], [5, 80]]]

    def example_value(self) -> Any:
        return self.example_payload()


def add_endpoints(service: Service, mcp: bool = False) -> None:
    """Add the endpoints to the Gradio page that is being built.

    Args:
        mcp: whether they are MCP tools, too. Tools take pictures as text, because Gradio would
            describe a file as an address, and we fetch no addresses.
    """

    async def recognize(image: str) -> dict[str, Any]:
        """Recognise the digit in an image file of up to 16 megapixels."""
        raise NotImplementedError  # never called: not a tool

    async def recognize_strokes(strokes: list[list[list[float]]]) -> dict[str, Any]:
        """Recognise one handwritten digit from pen strokes.

        Args:
            strokes: a list of strokes, each a list of [x, y] points, y pointing down, in any unit.
        """
        return await _show_errors(service.recognize_strokes(strokes))

    async def read_number(image: str) -> dict[str, Any]:
        """Read all digits, in words and lines, in an image file of up to 16 megapixels."""
        raise NotImplementedError

    async def read_number_strokes(strokes: list[list[list[float]]]) -> dict[str, Any]:
        """Read a handwritten number, such as 2026 or 12:30, from pen strokes.

        Args:
            strokes: a list of strokes, each a list of [x, y] points, y pointing down, in any unit.
        """
        return await _show_errors(service.read_number_strokes(strokes))

    async def recognize_picture(picture: str) -> dict[str, Any]:
        """Recognise one handwritten digit in a picture.

        Args:
            picture: an image file (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF) in base64, or a data URL.
        """
        return await _show_errors(service.recognize(_decode(picture)))

    async def read_number_picture(picture: str) -> dict[str, Any]:
        """Read a handwritten number, such as 2026 or 12:30, in a picture or a photograph.

        Args:
            picture: an image file (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF) in base64, or a data URL.
        """
        return await _show_errors(service.read_number(_decode(picture)))

    for of_picture, schema in ((recognize, PREDICTION), (read_number, NUMBER)):
        file = gr.File(label="Image", type="filepath", visible=False)
        _add(of_picture, file, schema, "undocumented" if mcp else "public")
    if mcp:
        for of_text, schema in ((recognize_picture, PREDICTION), (read_number_picture, NUMBER)):
            _add(of_text, gr.Textbox(label="Picture", visible=False), schema)
    for of_strokes, schema in ((recognize_strokes, PREDICTION), (read_number_strokes, NUMBER)):
        _add(of_strokes, Points(label="Strokes", visible=False), schema)


def _add(
    function: Any,
    given: gr.components.Component,
    schema: dict[str, Any],
    visibility: Literal["public", "undocumented"] = "public",
) -> None:
    # `schema` is no constructor argument: with one, Gradio would show the component on the page.
    answer = Answer(label="Number" if schema is NUMBER else "Prediction", visible=False)
    answer.schema = schema
    # The gates of `Service` limit how many run at once, not Gradio's queue.
    options: dict[str, Any] = {"queue": False, "api_visibility": visibility}
    gr.on([], function, given, answer, api_name=function.__name__, **options)


def _decode(picture: Any) -> bytes:
    """Base64 or a data URL as bytes; anything else becomes bytes that are no image file."""
    text = picture if isinstance(picture, str) else ""
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True) or b"nothing"
    except ValueError:
        return b"nothing"


async def _show_errors(answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Await an answer; turn errors into messages without a traceback."""
    try:
        return await answer
    except (ValueError, Busy) as error:
        message = str(error)
        text = message[:1].upper() + message[1:] + "."
        raise gr.Error(text, print_exception=False) from None
