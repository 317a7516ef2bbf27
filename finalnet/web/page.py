"""The page: the pad, the answer, the most probable digits, and what the network sees."""

import html
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from finalnet.preprocessing import INPUT_SIZE
from finalnet.recognizer import Number, Prediction, Recognizer
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.api import add_endpoints
from finalnet.web.inside import (
    draw_evidence,
    draw_feature_maps,
    draw_features,
    look_inside,
    to_data_url,
)
from finalnet.web.picture_input import PictureInput, make_marks
from finalnet.web.sketchpad import Drawing, Sketchpad

FOLDER = Path(__file__).parent
DEFAULT_K, CHOICES_OF_K = 3, list(range(1, 11))
SECOND_CHOICE = 0.15  # probability from which on a second digit is named
TWO_LEFT = 0.6  # probability of the best two together, from which on a doubt is between them

ANSWER = """
<div class="answer" data-verdict="${value.verdict}" style="--length: ${value.length}">
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
DIGITS = """
{{#each value}}
<figure class="tile">
  <img src="{{source}}" alt="{{alt}}" width="28" height="28">
  <figcaption><b>{{digit}}</b> {{text}}</figcaption>
</figure>
{{/each}}
"""
NETWORK_INPUT = """
<figure class="seen">
  <img src="${value.source}" alt="${value.alt}" width="28" height="28">
  <figcaption>${caption}</figcaption>
</figure>
"""
PRESENT = """
<button type="button" class="control" id="present" title="${title}">${label}</button>
<p class="keys" aria-hidden="true">${keys}</p>
"""
BLANK = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)


def build_page(recognizer: Recognizer, checkpoint: Path | None = None) -> gr.Blocks:
    """The whole app as a Gradio page; `launch_options` belong to its launch.

    Args:
        checkpoint: the folder that the recogniser is from, described on the page.
    """

    def answer_drawing(drawing: Drawing, k: int, looking: bool) -> list[Any]:
        try:
            if drawing.is_number:
                return show(recognizer.read_number(list(drawing.strokes)), k, drawing.finished)
            prediction = recognizer.recognize(drawing.render())
        except (TypeError, ValueError) as error:
            text = texts.UNREADABLE.format(error=error)
            raise gr.Error(text, print_exception=False) from None
        look = looking and drawing.finished
        return show(prediction, k, drawing.finished, look)

    def answer_picture(picture: Image.Image | None, k: int, looking: bool) -> list[Any]:
        if picture is None:
            return [*show(blank, k, True, looking), []]
        try:
            number = recognizer.read_number(picture)
        except ValueError as error:
            text = texts.UNREADABLE_PICTURE.format(error=error)
            raise gr.Error(text, print_exception=False) from None
        read = number.digits[0] if len(number.digits) == 1 else number if number.text else blank
        return [*show(read, k, True, looking), make_marks(number, picture)]

    def show(
        read: Prediction | Number, k: int, finished: bool = True, looking: bool = False
    ) -> list[Any]:
        """What is read, as the page shows it: answer, bars, network input, digits, inside."""
        if isinstance(read, Number):
            return [show_number(read, finished), gr.skip(), gr.skip(), show_digits(read), gr.skip()]
        inside = show_inside(recognizer, read) if looking else gr.skip()
        answer = show_answer(read, finished)
        return [answer, show_top_k(read, k), show_network_input(read), [], inside]

    blank = recognizer.recognize(BLANK)
    with gr.Blocks(title=texts.TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        with gr.Row(elem_id="header"):
            gr.HTML(f"<h1>{texts.HEADING}</h1>", elem_id="title", js_on_load=None)
            gr.HTML(
                html_template=PRESENT,
                js_on_load=(FOLDER / "stage.js").read_text(encoding="utf-8"),
                apply_default_css=False,
                elem_id="stage-bar",
                label=texts.PRESENT,
                title=texts.PRESENT_TITLE,
                keys=texts.PRESENT_KEYS,
            )
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(texts.READ_TAB):
                with gr.Row(elem_id="stage"):
                    with gr.Column(elem_id="left", min_width=280):
                        pad = Sketchpad()
                    with gr.Column(elem_id="right", min_width=280):
                        with gr.Row(elem_id="result"):
                            answer = _html(ANSWER, show_answer(blank, finished=False), "answer")
                            seen = _html(
                                NETWORK_INPUT,
                                show_network_input(blank),
                                "network-input",
                                caption=texts.SEEN,
                            )
                        digits = _html(DIGITS, [], "digits")
                        bars = _html(TOP_K, show_top_k(blank, DEFAULT_K), "top-k")
                        k = gr.Radio(CHOICES_OF_K, value=DEFAULT_K, label=texts.TOP_K, elem_id="k")
                picture = PictureInput(elem_id="picture")
                with gr.Accordion(texts.INSIDE, open=False, elem_id="see-inside") as accordion:
                    inside = _html("${value}", show_inside(recognizer, blank), "inside")
                looking = gr.Checkbox(False, visible=False)
            with gr.Tab(texts.ABOUT_TAB) as about_tab:
                about = gr.HTML(elem_id="about", js_on_load=None, apply_default_css=False)
        shown = [answer, bars, seen, digits, inside]
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "trigger_mode": "always_last",
            "api_visibility": "private",
        }
        # Only while the section is open is anything inside looked at.
        accordion.expand(None, None, looking, js="() => true", **quick)
        accordion.collapse(None, None, looking, js="() => false", **quick)
        gr.on(
            # load: what was drawn before all was ready
            [pad.change, k.change, looking.change, demo.load],
            answer_drawing,
            [pad, k, looking],
            shown,
            **quick,
        )
        gr.on(
            [picture.upload, picture.clear],
            answer_picture,
            [picture, k, looking],
            [*shown, picture],
            **quick,
        )
        if checkpoint:
            about_tab.select(lambda: describe(checkpoint), None, about, **quick)
        else:
            about_tab.visible = False
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
        "css_paths": [FOLDER / name for name in ("controls.css", "page.css", "about.css")],
        "footer_links": ["api"],
        "max_file_size": "20mb",
        "state_session_capacity": 200,  # gradio keeps the last inputs of each; they are not needed
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
    }


def show_answer(prediction: Prediction, finished: bool) -> dict[str, Any]:
    """The large answer; it is announced to a screen reader once the pen is lifted."""
    if prediction.verdict == "blank":
        digit, caption = "", texts.WAITING
    elif prediction.verdict == "unsure":
        digit, caption = "?", _doubt(prediction)
    else:
        digit = str(prediction.digit)
        caption = texts.SURE.format(percent=_percent(float(prediction.probabilities.max())))
    spoken = texts.EMPTY if prediction.verdict == "blank" else f"{digit} {caption}"
    return {
        "verdict": prediction.verdict,
        "digit": digit,
        "length": 1,
        "caption": caption,
        "announcement": spoken if finished else "",
    }


def show_number(number: Number, finished: bool) -> dict[str, Any]:
    """The large answer for several digits side by side."""
    count = len(number.digits)
    caption = texts.DIGITS_READ.format(count=count) if count else texts.WAITING
    return {
        "verdict": "number",
        "digit": number.text,
        "length": max(count, 1),
        "caption": caption,
        "announcement": (f"{number.text} {caption}" if count else texts.EMPTY) if finished else "",
    }


def show_digits(number: Number) -> list[dict[str, str]]:
    """One tile a digit: what the network saw of it and how sure it is."""
    return [
        {
            "digit": character,
            "text": _percent(float(digit.probabilities.max())),
            **show_network_input(digit),
        }
        for character, digit in zip(number.text, number.digits, strict=True)
    ]


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
    blank = prediction.verdict == "blank"
    return {
        "source": to_data_url(Image.fromarray(prediction.network_input)),
        "alt": texts.SEEN_BLANK if blank else texts.SEEN_DRAWING,
    }


def show_inside(recognizer: Recognizer, prediction: Prediction) -> str:
    """What happens in the network, part by part, as HTML."""
    if prediction.verdict == "blank":
        return f"<p>{texts.INSIDE_BLANK}</p>"
    seen = look_inside(recognizer.model, prediction.network_input)
    (first, _), (second, _) = prediction.top(2)
    image = Image.fromarray(prediction.network_input)
    parts = [_part("small", texts.INPUT, texts.INPUT_TEXT, image)]
    for digit, title, text in (
        (first, texts.EVIDENCE, texts.EVIDENCE_TEXT),
        (second, texts.SECOND_EVIDENCE, texts.SECOND_EVIDENCE_TEXT),
    ):
        picture = draw_evidence(prediction.network_input, seen.evidence[digit])
        name = _article(digit)
        parts.append(_part("small", title.format(digit=name), text.format(digit=name), picture))
    for (title, text), maps in zip(texts.LAYERS, seen.feature_maps, strict=True):
        parts.append(_part("maps", title, text, draw_feature_maps(maps)))
    parts.append(_part("maps", texts.FEATURES, texts.FEATURES_TEXT, draw_features(seen.features)))
    scores = "".join(
        # + 0.0, because what rounds to minus zero is shown as zero
        f"<li{' class=best' if digit == first else ''}><b>{digit}</b> {round(score, 1) + 0.0}</li>"
        for digit, score in enumerate(seen.log_probabilities.tolist())
    )
    parts.append(
        f"<section class=scores><h2>{texts.SCORES}</h2><ol>{scores}</ol>"
        f"<p>{texts.SCORES_TEXT}</p></section>"
    )
    return f"<div class=parts>{''.join(parts)}</div>"


def _part(kind: str, title: str, text: str, picture: Image.Image) -> str:
    title = html.escape(title)
    return (
        f'<section class="{kind}"><h2>{title}</h2>'
        f'<img src="{to_data_url(picture)}" alt="{title}" '
        f'width="{picture.width}" height="{picture.height}"><p>{html.escape(text)}</p></section>'
    )


def _doubt(prediction: Prediction) -> str:
    """What to say of a drawing that may not be a digit."""
    (first, first_share), (second, second_share) = prediction.top(2)
    if first_share + second_share < TWO_LEFT:
        return texts.NOT_A_DIGIT
    if second_share < SECOND_CHOICE:
        return texts.NOT_SURE.format(first=_article(first))
    return texts.NOT_SURE_OF_TWO.format(first=_article(first), second=_article(second))


def _article(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _percent(share: float) -> str:
    """A share as a person reads it; a network is never wholly sure."""
    percent = 100 * share
    return f"{min(percent, 99.9):.1f} %" if percent >= 99 else f"{percent:.0f} %"


def _html(template: str, value: Any, elem_id: str, **props: Any) -> gr.HTML:
    """A picture of a value that is patched in place, so that changes can be animated."""
    return gr.HTML(
        value,
        html_template=template,
        elem_id=elem_id,
        js_on_load=None,
        apply_default_css=False,
        **props,
    )
