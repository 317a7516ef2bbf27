"""The page as plain HTML, visible before any script runs.

The exported page consists of it. The Gradio page shows it until Gradio has rendered its own.
"""

from typing import Any

from markupsafe import Markup

from finalnet.web import texts
from finalnet.web.browser import FOLDER, PAD_OPTIONS, render
from finalnet.web.examples import EXAMPLES
from finalnet.web.icons import PREVIEW_SIZE

# Of both pages.
STYLES = ["controls.css", "sketchpad.css", "page.css", "inside.css", "learning.css", "trouble.css"]


def head_words(styles: list[str]) -> dict[str, Any]:
    """The variables of head.html, except for the page's own address.

    Args:
        styles: style sheets to inline, so that a server with wrong MIME types cannot break them.
    """
    return {
        "language": texts.LANGUAGE,
        "title": texts.TITLE,
        "description": texts.DESCRIPTION,
        "preview_size": PREVIEW_SIZE,
        "preview_alt": texts.PREVIEW_ALT,
        "looks": read_files(styles),
    }


def body_words(stage: dict[str, Any] = texts.STAGE, footer: str = "") -> dict[str, Any]:
    """The variables of main.html and trouble.html."""
    parts = {
        "pad": render("sketchpad.html", **texts.PAD, **PAD_OPTIONS, examples=EXAMPLES),
        "stage": render("stage-bar.html", **stage),
        "answer": render("answer.html", **texts.ANSWER),
        "bars": render("bars.html", **texts.BARS),
        "network_input": render("network-input.html", **texts.NETWORK_INPUT),
        "digits": render("digits.html", **texts.DIGIT_OF_NUMBER),
        "hand": render("hand.html", **texts.HAND),
        "inside": render("inside.html", **texts.INSIDE),
    }
    return {
        **{name: Markup(part) for name, part in parts.items()},
        "heading": texts.HEADING,
        "footer": footer,
        "trouble": texts.TROUBLE,
        "trouble_script": read_files(["trouble.js"]),
    }


def read_files(names: list[str]) -> Markup:
    """Read scripts or style sheets of this folder, to inline them in HTML."""
    return Markup("".join((FOLDER / name).read_text(encoding="utf-8") for name in names))
