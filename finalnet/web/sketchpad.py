"""The sketchpad: a Gradio component whose value is the strokes that a person draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from finalnet.strokes import PAD_SIZE, Strokes, render_strokes
from finalnet.web.examples import EXAMPLES, Example
from finalnet.web.texts import PAD

FOLDER = Path(__file__).parent
DEFAULT_PEN_WIDTH = 18  # pad px; 8 % of a digit that fills most of the pad
WIDE_SIZE = 700  # pad px, width of the pad for whole numbers
MIN_PEN_WIDTH, MAX_PEN_WIDTH = 6, 48  # pad px


class Drawing(NamedTuple):
    """What is on the pad.

    Attributes:
        strokes: lists of (x, y) in pad pixels, y pointing down.
        pen_width: pad px.
        finished: False while the pen is down.
        width: pad px, `PAD_SIZE` or, for a whole number, `WIDE_SIZE`; the height is `PAD_SIZE`.
    """

    strokes: Strokes
    pen_width: float = DEFAULT_PEN_WIDTH
    finished: bool = True
    width: float = PAD_SIZE

    @property
    def is_number(self) -> bool:
        """Whether several digits may stand side by side."""
        return self.width == WIDE_SIZE

    def render(self) -> np.ndarray:
        """The drawing on its pad: (280, 280 or 700) uint8, paper 255, ink 0.

        Raises:
            ValueError: the strokes or the pen are invalid.
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
        return render_strokes(self.strokes, pen_width, int(self.width))


class Sketchpad(gr.HTML):
    """White paper to draw on with mouse, finger or pen: a square, or wide for whole numbers.

    As an input it gives a `Drawing`, as an output it takes one; None is an empty pad. Events:
    `change` at most 20 times a second while drawing and at every pen-up, undo and clear;
    `release` when the pen is lifted.
    """

    def __init__(
        self, value: Drawing | None = None, examples: Sequence[Example] = EXAMPLES, **props: Any
    ):
        super().__init__(
            value=value,
            html_template=(FOLDER / "sketchpad.html").read_text(encoding="utf-8"),
            css_template="".join(
                (FOLDER / name).read_text(encoding="utf-8")
                for name in ("controls.css", "sketchpad.css")
            ),
            js_on_load=(FOLDER / "sketchpad.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            examples=[
                {"name": name, "strokes": strokes, "path": _svg_path(strokes)}
                for name, strokes in examples
            ],
            size=PAD_SIZE,
            wide_size=WIDE_SIZE,
            pen_width=DEFAULT_PEN_WIDTH,
            min_pen_width=MIN_PEN_WIDTH,
            max_pen_width=MAX_PEN_WIDTH,
            **PAD | props,
        )

    def preprocess(self, payload: dict[str, Any] | None) -> Drawing:  # type: ignore[override]
        """The browser's JSON as a `Drawing`; what it holds is checked when it is rendered.

        Raises:
            gr.Error: the JSON is not a drawing.
        """
        if payload is None:
            return Drawing([], finished=False)
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
        properties = {"strokes": strokes, "pen_width": number, "width": number}
        return {"type": "object", "properties": properties}

    def example_payload(self) -> dict[str, Any]:
        return {"strokes": [[[140, 60], [140, 220]]], "pen_width": DEFAULT_PEN_WIDTH}

    def example_value(self) -> dict[str, Any]:
        return self.example_payload()


def _svg_path(strokes: Strokes) -> str:
    """Strokes as the `d` of an SVG path."""
    return "".join("M" + " ".join(f"{x},{y}" for x, y in stroke) for stroke in strokes)
