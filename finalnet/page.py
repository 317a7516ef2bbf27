"""The page: the pad, the answer, the most probable digits, and what the network sees."""

import base64
import os
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr
import numpy as np
from PIL import Image

from finalnet.api import add_endpoints
from finalnet.preprocessing import INPUT_SIZE
from finalnet.recognizer import Prediction, Recognizer
from finalnet.sketchpad import Drawing, Sketchpad

TITLE = "FinalNet: draw a digit"
DEFAULT_K, CHOICES_OF_K = 3, [1, 2, 3, 5, 10]
SECOND_CHOICE = 0.15  # probability from which on a second digit is named
TWO_LEFT = 0.6  # probability of the best two together, from which on a doubt is between them

ANSWER = """
<div class="answer" data-verdict="${value.verdict}">
  <span class="digit" aria-hidden="true">${value.digit}</span>
  <span class="caption" aria-hidden="true">${value.caption}</span>
  <span class="announcement" role="status">${value.announcement}</span>
</div>
"""
TOP_K = """
{{#each value}}
<div class="row{{#if top}} top{{/if}}" role="meter" aria-label="Digit {{digit}}"
     aria-valuemin="0" aria-valuemax="100" aria-valuenow="{{percent}}" aria-valuetext="{{text}}">
  <span class="name">{{digit}}</span>
  <span class="track"><span class="bar" style="transform: scaleX({{share}})"></span></span>
  <span class="text">{{text}}</span>
</div>
{{/each}}
"""
NETWORK_INPUT = """
<figure class="seen">
  <img src="${value.source}" alt="${value.alt}" width="28" height="28">
  <figcaption>What the network sees: 28 × 28</figcaption>
</figure>
"""
BLANK = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)


def build_page(recognizer: Recognizer) -> gr.Blocks:
    """The whole app as a Gradio page; `launch_options` belong to its launch."""

    def answer_drawing(drawing: Drawing, k: int) -> tuple[dict, list[dict], dict]:
        try:
            prediction = recognizer.recognize(drawing.render())
        except ValueError as error:
            raise gr.Error(f"The drawing cannot be read: {error}.", print_exception=False) from None
        return (
            show_answer(prediction, drawing.finished),
            show_top_k(prediction, k),
            show_network_input(prediction),
        )

    blank = recognizer.recognize(BLANK)
    with gr.Blocks(title=TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        gr.HTML("<h1>Draw a digit</h1>", elem_id="title", js_on_load=None)
        with gr.Row(elem_id="stage"):
            with gr.Column(elem_id="left", min_width=280):
                pad = Sketchpad()
            with gr.Column(elem_id="right", min_width=280):
                with gr.Row(elem_id="result"):
                    answer = _html(ANSWER, show_answer(blank, finished=False), "answer")
                    seen = _html(NETWORK_INPUT, show_network_input(blank), "network-input")
                bars = _html(TOP_K, show_top_k(blank, DEFAULT_K), "top-k")
                k = gr.Radio(
                    CHOICES_OF_K, value=DEFAULT_K, label="Digits to highlight", elem_id="k"
                )
        gr.on(
            [pad.change, k.change, demo.load],  # load: what was drawn before all was ready
            answer_drawing,
            [pad, k],
            [answer, bars, seen],
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        add_endpoints(recognizer)
    return demo


def launch_options() -> dict[str, Any]:
    """Options for `launch`: no other host is contacted, nothing internal is shown."""
    theme = gr.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return {
        "theme": theme,
        "css_paths": Path(__file__).with_name("page.css"),
        "footer_links": ["api"],
        "max_file_size": "20mb",
        "state_session_capacity": 200,  # gradio keeps the last inputs of each; they are not needed
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
    }


def show_answer(prediction: Prediction, finished: bool) -> dict[str, str]:
    """The large answer; it is announced to a screen reader once the pen is lifted."""
    if prediction.verdict == "blank":
        digit, caption = "", "Your digit appears here"
    elif prediction.verdict == "unsure":
        digit, caption = "?", _doubt(prediction)
    else:
        digit = str(prediction.digit)
        caption = f"{_percent(float(prediction.probabilities.max()))} sure"
    spoken = "The pad is empty" if prediction.verdict == "blank" else f"{digit} {caption}"
    return {
        "verdict": prediction.verdict,
        "digit": digit,
        "caption": caption,
        "announcement": spoken if finished else "",
    }


def show_top_k(prediction: Prediction, k: int) -> list[dict[str, Any]]:
    """Ten rows, 0 to 9, that keep their place; the k most probable are marked."""
    top = {digit for digit, _ in prediction.top(k)}
    return [
        {
            "digit": str(digit),
            "top": digit in top,
            "percent": f"{100 * probability:.1f}",
            "share": f"{probability:.4f}",
            "text": _percent(float(probability)) if probability > 0 else "",
        }
        for digit, probability in enumerate(prediction.probabilities)
    ]


def show_network_input(prediction: Prediction) -> dict[str, str]:
    """The 28x28 picture as a PNG in a data URL."""
    file = BytesIO()
    Image.fromarray(prediction.network_input).save(file, "PNG")
    source = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    blank = prediction.verdict == "blank"
    return {"source": source, "alt": "Nothing yet" if blank else "The drawing, 28 by 28 pixels"}


def _doubt(prediction: Prediction) -> str:
    """What to say of a drawing that may not be a digit."""
    (first, first_share), (second, second_share) = prediction.top(2)
    if first_share + second_share < TWO_LEFT or second_share < SECOND_CHOICE:
        return "That does not look like a digit"
    first_name, second_name = (f"an {d}" if d == 8 else f"a {d}" for d in (first, second))
    return f"Not sure: looks like {first_name} or {second_name}"


def _percent(share: float) -> str:
    """A share as a person reads it; a network is never wholly sure."""
    percent = 100 * share
    return f"{min(percent, 99.9):.1f} %" if percent >= 99 else f"{percent:.0f} %"


def _html(template: str, value: Any, elem_id: str) -> gr.HTML:
    """A picture of a value that is patched in place, so that changes can be animated."""
    return gr.HTML(
        value,
        html_template=template,
        elem_id=elem_id,
        js_on_load=None,
        apply_default_css=False,
    )
