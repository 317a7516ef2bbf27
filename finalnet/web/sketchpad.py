"""The sketchpad: a Gradio component whose value is a drawing, as strokes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from finalnet.checkpoint import CHECKPOINT_FILES
from finalnet.strokes import PAD_SIZE, Strokes, fit_pen, render_strokes
from finalnet.web.browser import (
    DEFAULT_PEN_WIDTH,
    MAX_PEN_WIDTH,
    MIN_PEN_WIDTH,
    PAD_OPTIONS,
    WIDE_SIZE,
    recognizer_settings,
    to_link,
)
from finalnet.web.component import Component
from finalnet.web.examples import EXAMPLES, Example
from finalnet.web.texts import PAD


class Sketch(NamedTuple):
    """The content of the pad.

    Attributes:
        strokes: lists of (x, y) in pad pixels, y pointing down.
        pen_width: pad px.
        finished: False while the pen is down.
        width: pad px, `PAD_SIZE` or, for a whole number, `WIDE_SIZE`; the height is `PAD_SIZE`.
        reading: the answer of the recogniser in the browser, in the form of `finalnet.answer` with
            "is_number"; None if the pad has no recogniser.
    """

    strokes: Strokes
    pen_width: float = DEFAULT_PEN_WIDTH
    finished: bool = True
    width: float = PAD_SIZE
    reading: dict[str, Any] | None = None

    def render(self) -> np.ndarray:
        """Render the drawing: (280, 280 or 700) uint8, paper 255, ink 0; see `fit_pen`.

        Raises:
            ValueError: the strokes, the pen or the width are invalid.
        """
        pen_width = self.pen_width
        if isinstance(pen_width, bool) or not isinstance(pen_width, int | float):
            raise ValueError(f"pen_width must be a number, got {pen_width!r:.40}")
        if not MIN_PEN_WIDTH <= pen_width <= MAX_PEN_WIDTH:
            raise ValueError(
                f"pen_width must lie between {MIN_PEN_WIDTH} and {MAX_PEN_WIDTH} px, "
                f"got {pen_width!r:.20}"
            )
        if self.width not in (PAD_SIZE, WIDE_SIZE):
            raise ValueError(f"width must be {PAD_SIZE} or {WIDE_SIZE} px, got {self.width!r:.40}")
        return render_strokes(self.strokes, fit_pen(self.strokes, pen_width), int(self.width))


class Sketchpad(Component):
    """Paper to draw on with a mouse, finger or pen: a square, or wide for whole numbers.

    Its value is a `Sketch`, both as an input and as an output; None is an empty pad.

    Args:
        checkpoint: folder of the checkpoint with which the browser reads drawings; None reads
            nothing. Anyone who opens the page can download its two files.
        files: as for `Component`; the checkpoint is then at `CHECKPOINT` there.

    Events: `change` and `release`, when the person lifts the pen or presses a button. Without a
    checkpoint, `change` also fires while drawing, at most 20 times a second. The browser sends
    nothing unless a listener takes the pad's value or events.

    With a checkpoint, the pad's element (class "paper") fires a bubbling event "reading" with each
    reading as its `detail`, and holds the latest as `reading`. Teach it with
    `pad.taught.change({add: [{label: 1, ...pad.example()}]})`. Each pad on a page has its own
    reading, taught drawings and history; with an `elem_id` they survive changes to the
    page.
    """

    def __init__(
        self,
        value: Sketch | None = None,
        examples: Sequence[Example] = EXAMPLES,
        checkpoint: Path | str | None = None,
        files: str | None = None,
        **words: Any,
    ):
        own = {name: words.pop(name) for name in list(words) if name not in PAD}
        settings = recognizer_settings() if checkpoint else None
        if checkpoint and files is None:
            folder = Path(checkpoint).resolve()
            gr.set_static_paths([folder / name for name in CHECKPOINT_FILES])
            settings = recognizer_settings(to_link(folder))
        super().__init__(
            value=value,
            template="sketchpad.html",
            module="sketchpad.js",
            mount="mount",
            styles=("controls.css", "sketchpad.css"),
            words={**PAD, **words, **PAD_OPTIONS, "examples": examples},
            files=files,
            recognizer=settings,
            examples=[example._asdict() for example in examples],
            **PAD_OPTIONS,
            **own,
        )

    def preprocess(self, payload: dict[str, Any] | None) -> Sketch:  # type: ignore[override]
        """The browser's JSON as a `Sketch`; `Sketch.render` validates its fields.

        Raises:
            gr.Error: the JSON is not a drawing.
        """
        if payload is None:
            return Sketch([], finished=False)
        if not isinstance(payload, dict) or "strokes" not in payload:
            raise gr.Error(
                'The sketchpad takes {"strokes": [[[x, y], ...], ...]}, '
                f"got {type(payload).__name__}.",
                print_exception=False,
            )
        return Sketch(**{name: payload[name] for name in Sketch._fields if name in payload})

    def postprocess(  # type: ignore[override]
        self, value: Sketch | None
    ) -> dict[str, Any] | None:
        return None if value is None else value._asdict()

    def api_info(self) -> dict[str, Any]:
        point = {"type": "array", "items": {"type": "number"}}
        strokes = {"type": "array", "items": {"type": "array", "items": point}}
        number = {"type": "number"}
        properties = {"strokes": strokes, "pen_width": number, "width": number}
        return {"type": "object", "properties": properties}

    def example_payload(self) -> dict[str, Any]:
        return {"strokes": [[[140, 60], [140, 220]]], "pen_width": DEFAULT_PEN_WIDTH}

    def example_value(self) -> dict[str, Any]:
        return self.example_payload()
