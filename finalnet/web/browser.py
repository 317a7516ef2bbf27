"""Gradio components whose look and behaviour are files, shared with the page without a server."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from finalnet import hand, lines, network, preprocessing, recognizer, splitting, strokes, views

FOLDER = Path(__file__).parent
RECOGNIZER = FOLDER / "recognizer"
# Modules of the page; those of the worker are in RECOGNIZER too.
MODULES = [
    "sketchpad.js",
    "ink.js",
    "pointers.js",
    "history.js",
    "replay.js",
    "recognizer/reader.js",
    "recognizer/packing.js",
    "readout.js",
    "corrections.js",
    "inside.js",
    "stage.js",
    "tabs.js",
]
LATE_MODULES = ["vendor/lean-qr.js"]  # loaded when they are wanted
CHECKPOINT_FILES = ("config.json", "model.safetensors")  # that the browser reads
# The modules that have a twin in recognizer/*.js.
TWINS = (network, strokes, preprocessing, views, lines, splitting, hand, recognizer)
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# Gradio serves static files by their path; `file` turns what `to_link` made of one into a URL.
MOUNT = """
const { root, api_prefix } = window.gradio_config;
const file = (path) => `${root}${api_prefix}/file=${path}`;
import(file(props.module)).then((module) =>
  module[props.mount](element, { props, trigger, watch, file }));
"""


class Part(gr.HTML):
    """A part of the page: a template, and a function of a module that brings it to life.

    Args:
        template: in `templates/`, filled with `words`.
        module: file beside this one, with
        mount: the function to call, with the element and the component's props and events.
        styles: files beside this one, for this component alone.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        template: str,
        module: str,
        mount: str,
        words: dict[str, Any],
        styles: tuple[str, ...] = (),
        **props: Any,
    ):
        gr.set_static_paths([RECOGNIZER, *(FOLDER / name for name in MODULES + LATE_MODULES)])
        super().__init__(
            value=value,
            html_template=render(template, **words),
            css_template="".join((FOLDER / name).read_text(encoding="utf-8") for name in styles),
            js_on_load=MOUNT,
            apply_default_css=False,
            module=to_link(FOLDER / module),
            mount=mount,
            **props,
        )


def render(template: str, **words: Any) -> str:
    """One of the templates, as HTML; every word in it is escaped."""
    return TEMPLATES.get_template(template).render(**words)


def preload_links() -> str:
    """HTML that has a Gradio page fetch all modules at once."""
    return "".join(
        f'<link rel="modulepreload" href="gradio_api/file={to_link(FOLDER / name)}">'
        for name in MODULES
    )


def to_link(path: Path) -> str:
    """A path as a part of a URL, whatever characters it holds."""
    return quote(path.as_posix())


def recognizer_settings(checkpoint: Path) -> dict[str, Any]:
    """What the recogniser in the browser needs: where the checkpoint is, and Python's numbers."""
    return {"checkpoint": to_link(checkpoint), "constants": constants()}


def constants() -> dict[str, Any]:
    """Every constant of the modules that have a twin in recognizer/*.js, by its name."""
    return {
        name: value
        for module in TWINS
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | tuple | str)
    }
