"""The picture input: a Gradio component whose value is a picture that a person already has."""

import base64
import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from PIL import Image

from finalnet.pictures import open_picture
from finalnet.preprocessing import WORKING_SIZE
from finalnet.recognizer import Number
from finalnet.web.texts import PICTURE

FOLDER = Path(__file__).parent
# Of the JPEG that the browser sends of a photograph; all else is sent unharmed. From 0.9 on Firefox
# keeps more of the colours than others do, below that all send the same pixels.
QUALITY = 0.89
MAX_DATA_URL = 20_000_000  # characters, 15 MB of picture; the browser's own never take 7 MB
DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,")


class Mark(NamedTuple):
    """Where a digit was found in a picture; lengths are shares of the picture's sides, 0 to 1."""

    left: float
    top: float
    width: float
    height: float
    text: str


def make_marks(number: Number, picture: Image.Image) -> list[Mark]:
    """Where each digit of a number is in the picture that it was read from."""
    width, height = picture.size
    return [
        Mark(box.left / width, box.top / height, box.width / width, box.height / height, text)
        for box, text in zip(number.boxes, number.characters, strict=True)
    ]


class PictureInput(gr.HTML):
    """A place to drop, choose, paste or photograph a picture of digits.

    As an input it gives the picture that is shown, a PIL image, or None. As an output it takes a
    list of `Mark`s to draw on that picture; None takes the picture away. Events: `upload` when
    there is a new picture, `clear` when it was removed; not `change`, which marks fire too.

    The browser turns the picture upright, shrinks its longer side to `WORKING_SIZE` and sends it
    in a data URL, once; in every browser the same pixels.
    """

    def __init__(self, value: None = None, **props: Any):
        super().__init__(
            value=value,
            html_template=(FOLDER / "picture_input.html").read_text(encoding="utf-8"),
            css_template="".join(
                (FOLDER / name).read_text(encoding="utf-8")
                for name in ("controls.css", "picture_input.css")
            ),
            js_on_load=(FOLDER / "picture_input.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            longer_side=WORKING_SIZE,
            quality=QUALITY,
            **PICTURE | props,
        )

    def preprocess(self, payload: dict[str, Any] | None) -> Image.Image | None:  # type: ignore[override]
        """The browser's JSON as a picture.

        Raises:
            gr.Error: the JSON holds no picture, or one that is damaged or too large.
        """
        if payload is None:
            return None
        source = payload.get("source") if isinstance(payload, dict) else payload
        if not isinstance(source, str) or not (header := DATA_URL.match(source)):
            raise gr.Error(
                'The picture input sends {"source": "data:image/png;base64,..."}, '
                f"got {source!r:.40}; send a picture so.",
                print_exception=False,
            )
        if len(source) > MAX_DATA_URL:
            raise gr.Error(
                f"At most {MAX_DATA_URL / 1e6:.0f} MB are read as a data URL, "
                f"got {len(source) / 1e6:.1f} MB; make the picture smaller.",
                print_exception=False,
            )
        try:
            content = base64.b64decode(source[header.end() :], validate=True)
        except ValueError as error:
            raise gr.Error(
                f"The picture must be in base64, got something else ({error}); send it again.",
                print_exception=False,
            ) from None
        try:
            return open_picture(BytesIO(content))
        except ValueError as error:
            raise gr.Error(f"The picture cannot be read: {error}.", print_exception=False) from None

    def postprocess(  # type: ignore[override]
        self, value: Sequence[Mark] | None
    ) -> dict[str, Any] | None:
        return None if value is None else {"marks": [mark._asdict() for mark in value]}

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"source": {"type": "string"}}}

    def example_payload(self) -> dict[str, Any]:
        file = BytesIO()
        Image.new("L", (28, 28), 255).save(file, "PNG")
        return {"source": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()}

    def example_value(self) -> dict[str, Any]:
        return self.example_payload()
