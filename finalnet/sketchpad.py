"""The sketchpad: a Gradio component whose value is the strokes that a person draws."""

from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from finalnet.strokes import PAD_SIZE, Strokes, render_strokes

FOLDER = Path(__file__).parent
DEFAULT_PEN_WIDTH = 18  # pad px; 8 % of a digit that fills most of the pad
MIN_PEN_WIDTH, MAX_PEN_WIDTH = 1, PAD_SIZE  # pad px
MAX_PAD_SIDE = 4 * PAD_SIZE  # px


class Drawing(NamedTuple):
    """What is on the pad.

    Attributes:
        strokes: lists of (x, y) in pad pixels, y pointing down.
        pen_width: pad px.
        width, height: of the pad, px.
        finished: False while the pen is down.
    """

    strokes: Strokes
    pen_width: float = DEFAULT_PEN_WIDTH
    width: int = PAD_SIZE
    height: int = PAD_SIZE
    finished: bool = True

    def render(self) -> np.ndarray:
        """The drawing as the pad shows it: (height, width) uint8, paper 255, ink 0.

        Raises:
            ValueError: strokes, pen or size are invalid.
        """
        for name, low, high in (
            ("pen_width", MIN_PEN_WIDTH, MAX_PEN_WIDTH),
            ("width", 1, MAX_PAD_SIDE),
            ("height", 1, MAX_PAD_SIDE),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number, got {value!r:.40}")
            if not low <= value <= high:
                raise ValueError(f"{name} must lie between {low} and {high} px, got {value}")
        return render_strokes(self.strokes, self.pen_width, int(self.width), int(self.height))


class Sketchpad(gr.HTML):
    """A square of white paper to draw on with mouse, finger or pen.

    As an input it gives a `Drawing`, as an output it takes one; None is an empty pad. Events:
    `change` at most 20 times a second while drawing and at every pen-up, undo and clear;
    `release` when the pen is lifted.
    """

    def __init__(self, value: Drawing | None = None, hint: str = "Draw a digit here", **props: Any):
        super().__init__(
            value=value,
            html_template=(FOLDER / "sketchpad.html").read_text(encoding="utf-8"),
            css_template=(FOLDER / "sketchpad.css").read_text(encoding="utf-8"),
            js_on_load=(FOLDER / "sketchpad.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            hint=hint,
            size=PAD_SIZE,
            pen_width=DEFAULT_PEN_WIDTH,
            **props,
        )

    def preprocess(self, payload: dict[str, Any] | None) -> Drawing:  # type: ignore[override]
        """The browser's JSON as a `Drawing`; what it holds is checked when it is rendered.

        Raises:
            gr.Error: the JSON is not a drawing.
        """
        if payload is None:
            return Drawing([])
        if not isinstance(payload, dict) or "strokes" not in payload:
            raise gr.Error(
                'The sketchpad sends {"strokes": [[[x, y], ...], ...]}, '
                f"got {type(payload).__name__}.",
                print_exception=False,
            )
        return Drawing(**{name: payload[name] for name in Drawing._fields if name in payload})

    def postprocess(  # type: ignore[override]
        self, value: Drawing | None
    ) -> dict[str, Any] | None:
        return None if value is None else value._asdict()

    def api_info(self) -> dict[str, Any]:
        point = {"type": "array", "items": {"type": "number"}}
        strokes = {"type": "array", "items": {"type": "array", "items": point}}
        number = {"type": "number"}
        properties = {"strokes": strokes, "pen_width": number, "width": number, "height": number}
        return {"type": "object", "properties": properties}

    def example_payload(self) -> dict[str, Any]:
        return {"strokes": [[[140, 60], [140, 220]]], "pen_width": DEFAULT_PEN_WIDTH}

    def example_value(self) -> dict[str, Any]:
        return self.example_payload()
