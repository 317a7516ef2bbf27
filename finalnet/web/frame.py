"""The page as plain HTML, which is there before any script has run.

The page without a server is made of it. The Gradio page shows it until Gradio has drawn the same.
"""

from typing import Any

from markupsafe import Markup

from finalnet.web import texts
from finalnet.web.browser import FOLDER, render
from finalnet.web.examples import EXAMPLES
from finalnet.web.icons import PREVIEW_SIZE
from finalnet.web.sketchpad import PAD_OPTIONS

# Of either page.
STYLES = ["controls.css", "sketchpad.css", "page.css", "inside.css", "learning.css", "trouble.css"]


def head_words(styles: list[str]) -> dict[str, Any]:
    """What head.html says, except for the page's own address.

    Args:
        styles: files that stand in the page itself, where no server can call them anything else.
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
    """What main.html and trouble.html say; the stage's words and the footer may differ."""
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
    """Scripts or style sheets beside this file, to stand in HTML."""
    return Markup("".join((FOLDER / name).read_text(encoding="utf-8") for name in names))
