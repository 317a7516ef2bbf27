"""The page: the pad, the answer, the most probable digits, and what the network sees."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from finalnet.recognizer import Number, Prediction, Recognizer
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.api import add_endpoints
from finalnet.web.browser import Part
from finalnet.web.front import FrontPage
from finalnet.web.picture_input import PictureInput, make_marks
from finalnet.web.service import Service
from finalnet.web.sketchpad import Sketchpad

# What was read in a picture is the value of every part that shows it; the reading of a drawing is
# made in the browser and goes from the pad to the parts. The pad knows whether it is the latest:
# something may have been drawn before the answer to a picture comes.
PAD = "document.querySelector('#sketchpad')"
SHOW_DRAWING = f"() => {PAD}.showReading(true)"
# With no value in between, the same picture once more would be no news.
AWAIT_PICTURE = f"(...values) => ({PAD}.showReading(false), values.map(() => null))"
KEEP_LATEST = f"() => {PAD}.isLatest && {PAD}.showReading(true)"
# What was refused is said where the picture is, and the drawing has its answer back.
FAIL_PICTURE = f"() => (document.querySelector('#picture .zone').fail(), {PAD}.showReading(true))"


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

    def answer_picture(picture: Image.Image) -> list[Any]:
        try:
            number = recognizer.read_number(picture)
        except ValueError as error:
            return [*[unreadable(error)] * len(shown), []]
        return [*[to_reading(number)] * len(shown), make_marks(number, picture)]

    with gr.Blocks(title=texts.TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        with gr.Row(elem_id="header"):
            gr.HTML(f"<h1>{texts.HEADING}</h1>", elem_id="title", js_on_load=None)
            Part(
                template="stage.html",
                module="stage.js",
                mount="mount",
                words=texts.STAGE,
                texts=texts.STAGE,
                host=host,
                elem_id="stage-bar",
            )
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(texts.READ_TAB), gr.Row(elem_id="stage"):
                Sketchpad(checkpoint=checkpoint, elem_id="pad")
                answer = _readout("answer", texts.ANSWER)
                seen = _readout("network-input", texts.NETWORK_INPUT)
                digits = _readout("digits", texts.DIGIT_OF_NUMBER)
                bars = _readout("bars", texts.BARS)
                inside = Part(
                    template="inside.html",
                    module="inside.js",
                    mount="mount",
                    words=texts.INSIDE,
                    texts=texts.INSIDE,
                    elem_id="inside",
                )
                picture = PictureInput(elem_id="picture")
            with gr.Tab(texts.ABOUT_TAB) as about_tab:
                about = gr.HTML(elem_id="about", js_on_load=None, apply_default_css=False)
        shown = [answer, bars, seen, digits, inside]
        described = cache(describe)  # the files do not change while they are served
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "trigger_mode": "always_last",
            "api_visibility": "private",
        }
        # Until a picture is read, and if it cannot be, no earlier answer stands beside it.
        picture.upload(None, shown, shown, js=AWAIT_PICTURE, **quick)
        answered = picture.upload(answer_picture, picture, [*shown, picture], **quick)
        answered.success(None, js=KEEP_LATEST, **quick)
        answered.failure(None, js=FAIL_PICTURE, **quick)
        picture.clear(None, js=SHOW_DRAWING, **quick)
        about_tab.select(lambda: described(checkpoint), None, about, **quick)
        add_endpoints(service or Service(recognizer, checkpoint), mcp)
    return demo


def _readout(name: str, words: dict[str, Any]) -> Part:
    """A part that shows the reading that is its value; template and function have its name."""
    return Part(
        template=f"{name}.html",
        module="readout.js",
        mount=name,
        words=words,
        elem_id=name,
        texts=words,
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


def to_reading(number: Number) -> dict[str, Any]:
    """What was read in a picture, in the form in which the browser reads drawings."""
    if len(number.digits) != 1 and not any(digit.verdict == "digit" for digit in number.digits):
        return nothing_read() | {"caption": texts.PICTURE["no_digits"]}
    return {
        "text": number.text,
        "characters": number.characters,
        "digits": [
            {
                "verdict": digit.verdict,
                "digit": digit.digit,
                "probabilities": digit.probabilities.tolist(),
                "input": to_base64(digit),
            }
            for digit in number.digits
        ],
        "is_number": len(number.digits) != 1,
        "unread": number.unread,
        "finished": True,
        "source": "picture",
    }


def unreadable(error: ValueError) -> dict[str, Any]:
    """The reading of a picture that cannot be read, which says why."""
    return nothing_read() | {"problem": str(error)}


def nothing_read() -> dict[str, Any]:
    """The reading of a picture without digits."""
    reading = {"text": "", "characters": [], "digits": [], "is_number": False}
    return {**reading, "finished": True, "source": "picture"}


def to_base64(prediction: Prediction) -> str:
    """What the network saw: 28x28 bytes."""
    return base64.b64encode(prediction.network_input.tobytes()).decode()
