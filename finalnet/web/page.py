"""The page: the pad, the answer, the most probable digits, and what the network sees."""

from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from finalnet.preprocessing import WORKING_SIZE
from finalnet.recognizer import Recognizer
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.api import add_endpoints
from finalnet.web.browser import Part
from finalnet.web.front import FrontPage
from finalnet.web.service import Service
from finalnet.web.sketchpad import Sketchpad


def build_page(
    recognizer: Recognizer,
    checkpoint: Path,
    service: Service | None = None,
    mcp: bool = False,
    host: str | None = None,
) -> gr.Blocks:
    """The whole app as a Gradio page; `launch_options` belong to its launch.

    Args:
        checkpoint: the folder that the recogniser is from. The browser reads drawings with it too,
            and the page describes it.
        service: what the endpoints share with the plain routes; one of its own by default.
        mcp: whether the endpoints are tools for models, too.
        host: under which others in the network reach the page; None is nobody.
    """

    with gr.Blocks(title=texts.TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        with gr.Row(elem_id="header"):
            gr.HTML(f"<h1>{texts.HEADING}</h1>", elem_id="title", js_on_load=None)
            _part("stage-bar", "stage.js", "mount", texts.STAGE, host=host)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(texts.READ_TAB), gr.Row(elem_id="stage"):
                Sketchpad(checkpoint=checkpoint, elem_id="pad")
                _part("answer", "readout.js", "answer", texts.ANSWER)
                _part("network-input", "readout.js", "network-input", texts.NETWORK_INPUT)
                _part("digits", "readout.js", "digits", texts.DIGIT_OF_NUMBER)
                _part("bars", "readout.js", "bars", texts.BARS)
                _part("inside", "inside.js", "mount", texts.INSIDE)
                _part(
                    "picture",
                    "picture_input.js",
                    "mount",
                    texts.PICTURE,
                    styles=("controls.css", "picture_input.css"),
                    longer_side=WORKING_SIZE,
                )
            with gr.Tab(texts.ABOUT_TAB) as about_tab:
                about = gr.HTML(elem_id="about", js_on_load=None, apply_default_css=False)
        described = cache(describe)  # the files do not change while they are served
        about_tab.select(
            lambda: described(checkpoint),
            None,
            about,
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        add_endpoints(service or Service(recognizer, checkpoint), mcp)
    return demo


def _part(name: str, module: str, mount: str, words: dict[str, Any], **more: Any) -> Part:
    """A part of the page; its template and its element have its name."""
    template = f"{name}.html"
    return Part(
        template=template,
        module=module,
        mount=mount,
        words=words,
        texts=words,
        elem_id=name,
        **more,
    )


def launch_options() -> dict[str, Any]:
    """Options for `launch`: no other host is contacted, nothing internal is shown."""
    theme = gr.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return {
        "theme": theme,
        "app_kwargs": {
            "middleware": [
                # Gradio compresses scripts and styles only; its page alone is 70 kB.
                Middleware(GZipMiddleware, compresslevel=6),
                Middleware(FrontPage),  # type: ignore[arg-type]
            ]
        },
        "footer_links": ["api"],
        "max_file_size": "20mb",
        "state_session_capacity": 200,  # gradio keeps the last inputs of each; they are not needed
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
    }
