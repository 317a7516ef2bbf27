"""What the page tells about the model: every figure is read from the checkpoint's files."""

import base64
import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from finalnet.checkpoint import EVALUATION
from finalnet.model import FinalNet, LayerSummary, summarize
from finalnet.training.data import VALIDATION_SIZE
from finalnet.views import PENS

MISTAKES = "mnist-test-mistakes.png"
SETS = {  # names of `evaluation`, as a visitor understands them
    "random placement": "Drawn anywhere on the pad",
    "corner and small": "Drawn small, in a corner",
    "thin and thick": "Drawn with a very thin or thick pen",
    "tilted": "Drawn at a tilt",
    "unseen scribbles": "Scribbles of untrained kinds",
}
SETTLING = 0.1  # share of the epochs that do not set a chart's range: the weights settle first
# Chart, in the units of its view box.
WIDTH, HEIGHT = 280, 176
LEFT, RIGHT, TOP, BOTTOM = 48, 270, 10, 136
TICK_STEPS = 4


def describe(folder: Path) -> str:
    """The checkpoint in a folder, described in HTML; `about.css` is its style.

    What the folder does not hold is left out: `metrics.json` is written by `python train.py`, the
    evaluation by `python -m finalnet evaluate --record`.
    """
    config, training = _read(folder / "config.json"), _read(folder / "metrics.json")
    evaluation = _read(folder / EVALUATION / "metrics.json")
    layers = summarize(FinalNet())
    sections = [
        ("What FinalNet is", _introduction(layers, config, training)),
        ("How often it is right", _training_figures(training) + _evaluation_figures(evaluation)),
        ("How it is built", _layers(layers)),
        ("Which digits it confuses", _confusion(evaluation.get("digits", []))),
        ("How it learned", _curves(training.get("history", []))),
        ("Where it was sure and wrong", _mistakes(folder / EVALUATION / MISTAKES)),
    ]
    contents = "\n".join(
        f"<section><h2>{escape(heading)}</h2>\n{content}</section>"
        for heading, content in sections
        if content
    )
    return f'<div class="about">\n{contents}\n</div>'


def draw_curve(name: str, unit: str, values: Sequence[float]) -> str:
    """A line chart over the epochs, the first being 1, as a figure with inline SVG.

    Args:
        name: of what is drawn, unlike that of any other chart on the page.
        unit: put behind the values, may be "".
        values: finite, one an epoch. Those of the first tenth may lie outside of the chart.
    """
    settled = values[int(SETTLING * len(values)) :]
    ticks = _ticks(min(settled), max(settled))
    low, high = float(ticks[0]), float(ticks[-1])
    epochs, last = len(values), f"{values[-1]:.4g}{unit}"

    def x(epoch: int) -> float:
        return LEFT + (RIGHT - LEFT) * (epoch - 1) / max(epochs - 1, 1)

    def y(value: float) -> float:
        return TOP + (BOTTOM - TOP) * (high - value) / (high - low)

    caption = f"{name}: {last} after the last epoch"
    if min(values) < low or max(values) > high:
        caption += "; the first epochs are off the chart"
    description = (
        f"From {values[0]:.4g}{unit} after epoch 1 to {last} after epoch {epochs}; "
        f"lowest {min(values):.4g}{unit}, highest {max(values):.4g}{unit}."
    )
    identity = "about-" + "".join(c if c.isalnum() else "-" for c in name.lower())
    points = " ".join(f"{x(epoch):.1f},{y(value):.1f}" for epoch, value in enumerate(values, 1))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{identity}-title" aria-describedby="{identity}-desc">',
        f'<title id="{identity}-title">{escape(name)} over the epochs</title>',
        f'<desc id="{identity}-desc">{escape(description)}</desc>',
        f'<clipPath id="{identity}-clip"><rect x="{LEFT}" y="{TOP - 2}"'
        f' width="{WIDTH - LEFT}" height="{BOTTOM - TOP + 4}"/></clipPath>',
    ]
    for tick in ticks:
        height = f"{y(float(tick)):.1f}"
        parts.append(f'<path class="grid" d="M{LEFT} {height}H{RIGHT}"/>')
        parts.append(f'<text class="y" x="{LEFT - 6}" y="{height}">{escape(tick + unit)}</text>')
    for epoch in sorted({1, (epochs + 1) // 2, epochs}):
        parts.append(f'<text class="x" x="{x(epoch):.1f}" y="{BOTTOM + 16}">{epoch}</text>')
    parts += [
        f'<text class="x" x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 34}">epoch</text>',
        f'<polyline class="line" clip-path="url(#{identity}-clip)" points="{points}"/>',
        f'<circle class="dot" cx="{x(epochs):.1f}" cy="{y(values[-1]):.1f}" r="3.5"/>',
        "</svg>",
    ]
    return f"<figure><figcaption>{escape(caption)}</figcaption>{''.join(parts)}</figure>\n"


def _ticks(low: float, high: float) -> list[str]:
    """Round numbers, equally far apart, from at most `low` to at least `high`."""
    rough = max(high - low, 0.01) / TICK_STEPS
    power = math.floor(math.log10(rough))
    step = next(factor * 10.0**power for factor in (1, 2, 5, 10) if factor * 10.0**power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    return [f"{number * step:.{max(-power, 0)}f}" for number in range(first, last + 1)]


def _introduction(
    layers: Sequence[LayerSummary], config: dict[str, Any], training: dict[str, Any]
) -> str:
    text = (
        "FinalNet is a small convolutional network that reads handwritten digits. All that it "
        f"knows is in {_count(layers):,} numbers."
    )
    if config.get("rejection_threshold") is not None:
        text += " When it is not sure that a drawing is a digit, it says so instead of guessing."
    return _paragraph(text) + (_paragraph(_lesson(training)) if training else "")


def _lesson(training: dict[str, Any]) -> str:
    """What the network learned from, and how, as far as it is known."""
    arguments = training.get("arguments", {})
    sources = ["MNIST's first 55,000 training images"]
    if count := arguments.get("generated_digits"):
        sources.append(f"{count:,} generated digits")
    if count := arguments.get("generated_others"):
        sources.append(f"{count:,} generated drawings that are not digits")
    text = "It learned from " + " and ".join(filter(None, [", ".join(sources[:-1]), sources[-1]]))
    if "epochs" in arguments:
        text += f", {arguments['epochs']} epochs long"
    if "seconds" in training:
        text += f", in {training['seconds'] / 60:.0f} minutes on {training.get('device')}"
    if "versions" in training:
        text += f" with torch {training['versions']['torch']}"
    return text + "."


def _training_figures(training: dict[str, Any]) -> str:
    one_view = "test_accuracy_of_one_view"
    test = "MNIST's 10,000 test images"
    if one_view in training:
        test += f", mean of {len(PENS)} views of each, as on the pad"
    conditions = {
        "test_accuracy": ("Test accuracy", test),
        one_view: ("Test accuracy of the network alone", "The same images, one view of each"),
        "validation_accuracy": (
            "Validation accuracy",
            f"MNIST's last {VALIDATION_SIZE:,} training images, one view of each",
        ),
    }
    rows = [
        (figure, condition, _percent(training[key]))
        for key, (figure, condition) in conditions.items()
        if key in training
    ]
    if not rows:
        return ""
    seed = training.get("arguments", {}).get("seed")
    run = "one run" if seed is None else f"one run, seed {seed}"
    caption = f"The training: {run}, after the last epoch"
    return _table(caption, ["Figure", "Measured on", "Right"], rows, words=2)


def _evaluation_figures(evaluation: dict[str, Any]) -> str:
    if not evaluation:
        return _paragraph("This checkpoint has not been evaluated any further yet.")
    digits, others = evaluation.get("digits", []), evaluation.get("not digits", [])
    runs = [spread for spread in evaluation.get("runs", []) if spread["runs"] > 1]
    parts = []
    if digits:
        caption = "Digits, read as the page reads them"
        columns = ["Set", "Digits", "Right", "Accepted", "Calibration error", "Worst digit"]
        parts.append(_table(caption, columns, map(_score_row, digits)))
        note = (
            "Right: the most probable digit is the one that was drawn. Accepted: the answer was a "
            "digit, not a question mark. Calibration error: how far the stated probability is, on "
            "average, from how often the answer is right."
        )
        parts.append(_paragraph(note, "note"))
    if runs:
        columns = ["Set", "Runs", "Mean ± standard deviation", "Lowest", "Highest"]
        rows = [
            (
                _set_name(spread["name"]),
                f"{spread['runs']}",
                f"{_percent(spread['mean'])} ± {_percent(spread['deviation'])}",
                _percent(spread["lowest"]),
                _percent(spread["highest"]),
            )
            for spread in runs
        ]
        parts.append(_table("The same training with other seeds: share right", columns, rows))
    if others:
        columns = ["Set", "Drawings", "Taken for a digit", "At 99 %", "AUROC"]
        rows = [
            (
                _set_name(rejection["name"]),
                f"{rejection['count']:,}",
                _percent(rejection["accepted"]),
                _percent(rejection["accepted_at_99"]),
                f"{rejection['auroc']:.3f}",
            )
            for rejection in others
        ]
        parts.append(_table("Drawings that are not digits", columns, rows))
        against = f' of "{_set_name(digits[0]["name"])}"' if digits else ""
        note = (
            "At 99 %: the share that would be taken for a digit if 99 % of the digits had to be "
            "accepted. AUROC: how often a digit is held more likely to be one than such a drawing "
            f"is; 0.5 is chance, 1 is perfect. The digits are those{against}."
        )
        parts.append(_paragraph(note, "note"))
    return "".join(parts)


def _score_row(score: dict[str, Any]) -> tuple[str, ...]:
    shares = enumerate(score["accuracy_by_digit"])
    worst, digit = min((share, digit) for digit, share in shares if share is not None)
    return (
        _set_name(score["name"]),
        f"{score['count']:,}",
        _percent(score["accuracy"]),
        _percent(score["accepted"]),
        _percent(score["calibration_error"]),
        f"{digit}: {_percent(worst)}",
    )


def _layers(layers: Sequence[LayerSummary]) -> str:
    rows = [
        (
            row.name,
            row.layer.replace(" -> ", "\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}"),
            row.output_shape.replace("x", "×"),
            f"{row.parameters:,}",
        )
        for row in layers
    ]
    caption = f"The layers, first to last: {_count(layers):,} parameters"
    return _table(caption, ["Name", "Layer", "Output", "Parameters"], rows, words=3)


def _count(layers: Sequence[LayerSummary]) -> int:
    return sum(row.parameters for row in layers)


def _confusion(scores: Sequence[dict[str, Any]]) -> str:
    """Drawn against answered, of digits placed at random or else of the first set."""
    if not scores:
        return ""
    score = next((score for score in scores if score["name"] == "random placement"), scores[0])
    confusion: list[list[int]] = score["confusion"]
    mistakes = [  # share of the drawn digit, drawn, answered
        (count / sum(row), drawn, answered)
        for drawn, row in enumerate(confusion)
        for answered, count in enumerate(row)
        if count and drawn != answered
    ]
    largest, drawn, answered = max(mistakes, default=(1.0, 0, 0))
    body = ""
    for digit, row in enumerate(confusion):
        body += f'<tr><th scope="row">{digit}</th>'
        for column, count in enumerate(row):
            if column == digit:
                body += f'<td class="right">{count:,}</td>'
            elif count:
                shade = count / sum(row) / largest
                body += f'<td class="mistake" style="--shade: {shade:.2f}">{count:,}</td>'
            else:
                body += "<td></td>"
        body += "</tr>"
    caption = f"{_set_name(score['name'])}: {score['count']:,} digits"
    answers = "".join(f'<th scope="col">{digit}</th>' for digit in range(len(confusion)))
    table = (
        f'<table class="confusion"><caption>{escape(caption)}</caption><thead>'
        f'<tr><th scope="col" rowspan="2">Drawn</th>'
        f'<th scope="colgroup" colspan="{len(confusion)}">Answered</th></tr>'
        f"<tr>{answers}</tr></thead><tbody>{body}</tbody></table>"
    )
    if mistakes:
        note = (
            f"The stronger the colour, the larger the share of that digit. Most often {answered} "
            f"is answered where {drawn} was drawn: {confusion[drawn][answered]:,} times in "
            f"{sum(confusion[drawn]):,}."
        )
    else:
        note = "There is no mistake among them."
    return _scrolling(caption, table) + _paragraph(note, "note")


def _curves(history: Sequence[dict[str, Any]]) -> str:
    accuracies = [100 * epoch["validation_accuracy"] for epoch in history]
    losses = [epoch["loss"] for epoch in history]
    if not history or not all(map(math.isfinite, accuracies + losses)):
        return ""
    charts = draw_curve("Validation accuracy", " %", accuracies)
    charts += draw_curve("Training loss", "", losses)
    note = (
        "The accuracy is that of the averaged weights, which are the ones that are kept; the loss "
        "is measured on training pictures that are bent, turned and shifted at random."
    )
    return f'<div class="charts">{charts}</div>\n' + _paragraph(note, "note")


def _mistakes(picture: Path) -> str:
    if not picture.exists():
        return ""
    caption = (
        "The mistakes on MNIST's test images of which it was surest, as the network saw them. "
        "Above each: what it is, what was answered, and how probable that was held to be."
    )
    alternative = (
        "Misread digits in rows, many of them cut off, blotted or written like another digit; "
        "above each stand its digit, the wrong answer and the probability of that answer."
    )
    source = "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()
    image = f'<img src="{source}" alt="{escape(alternative)}"/>'
    contents = _scrolling("Mistakes on MNIST's test images", image)
    return f"<figure>{contents}<figcaption>{escape(caption)}</figcaption></figure>\n"


def _table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1
) -> str:
    """A table whose first column heads its rows; `words` columns are text, the others numbers."""
    kinds = ["" if index < words else ' class="number"' for index in range(len(columns))]
    head = "".join(
        f'<th scope="col"{kind}>{escape(column)}</th>'
        for kind, column in zip(kinds, columns, strict=True)
    )
    body = []
    for name, *cells in rows:
        row = f'<th scope="row">{escape(name)}</th>'
        for kind, cell in zip(kinds[1:], cells, strict=True):
            row += f"<td{kind}>{escape(cell)}</td>"
        body.append(f"<tr>{row}</tr>")
    return _scrolling(
        caption,
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>",
    )


def _scrolling(label: str, contents: str) -> str:
    """HTML that scrolls sideways where it is too wide, with the keyboard too."""
    opening = f'<div class="wide" role="region" tabindex="0" aria-label="{escape(label)}">'
    return f"{opening}{contents}</div>\n"


def _paragraph(text: str, kind: str = "") -> str:
    opening = f'<p class="{kind}">' if kind else "<p>"
    return f"{opening}{escape(text)}</p>\n"


def _set_name(name: str) -> str:
    return SETS.get(name, name)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
