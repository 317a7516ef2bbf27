"""Describes the model on the page: figures from its checkpoint, text from about.html."""

import base64
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from finalnet.checkpoint import CURVES, EVALUATION
from finalnet.summary import summarize
from finalnet.views import UNRECORDED_PENS
from finalnet.web.browser import TEMPLATES

MISTAKES = "mnist-test-mistakes.png"
MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
CONFUSION_OF = "random placement"  # the set whose confusion we show; without it, the first set

MOST = 99.99  # %; no sample is large enough to say 100 %

TEMPLATES.filters["percent"] = lambda share: f"{min(100 * share, MOST):.2f}\N{NO-BREAK SPACE}%"
TEMPLATES.filters["thousands"] = lambda count: f"{count:,}"


class Mistake(NamedTuple):
    """How often the network answers one digit for another."""

    share: float  # of the digits `drawn`
    drawn: int
    answered: int


def describe(folder: Path) -> str:
    """Describe the checkpoint in a folder as HTML, styled by `about.css`.

    Leaves out what the folder lacks: `python train.py` writes `metrics.json` and the learning
    curves, `python -m finalnet evaluate --record` the evaluation.
    """
    config = _read(folder / "config.json")
    training = _read(folder / "metrics.json")
    evaluation = _read(folder / EVALUATION / "metrics.json")
    digits = evaluation.get("digits", [])
    confused = next((s for s in digits if s["name"] == CONFUSION_OF), digits[0] if digits else None)
    return TEMPLATES.get_template("about.html").render(
        layers=summarize(),
        views=len(config.get("pens", UNRECORDED_PENS)),
        config=config,
        training=training,
        arguments=training.get("arguments", {}),
        torch=training.get("versions", {}).get("torch", "").partition("+")[0],
        history=[e for e in training.get("history", []) if math.isfinite(e["loss"])],
        curves=_data_url(folder / CURVES),
        digits=[score | {"worst": worst_digit(score)} for score in digits],
        runs=[spread for spread in evaluation.get("runs", []) if spread["runs"] > 1],
        others=evaluation.get("not digits", []),
        left_out=evaluation.get("held-out writers"),
        confused=confused,
        mistake=worst_mistake(confused["confusion"]) if confused else None,
        mistakes=_data_url(folder / EVALUATION / MISTAKES),
    )


def worst_digit(score: dict[str, Any]) -> tuple[float, int]:
    """The lowest accuracy of a digit, and that digit."""
    shares = enumerate(score["accuracy_by_digit"])
    return min((share, digit) for digit, share in shares if share is not None)


def worst_mistake(confusion: list[list[int]]) -> Mistake | None:
    """The mistake with the largest share of its drawn digit; None if there are no mistakes."""
    mistakes = [
        Mistake(count / sum(row), drawn, answered)
        for drawn, row in enumerate(confusion)
        for answered, count in enumerate(row)
        if count and drawn != answered
    ]
    return max(mistakes, default=None)


def _data_url(picture: Path) -> str:
    """A picture for `src`, where scripts in an SVG cannot run; "" if the file does not exist."""
    if not picture.exists():
        return ""
    content = base64.b64encode(picture.read_bytes()).decode()
    return f"data:{MEDIA_TYPES[picture.suffix]};base64,{content}"


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
