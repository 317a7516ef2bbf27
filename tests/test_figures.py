"""Figures in README, docs and SECURITY match the recorded metrics and the code."""

import json
import re
from pathlib import Path

import pytest

from finalnet import strokes
from finalnet.checkpoint import BUNDLED
from finalnet.pictures import opening, pixels
from finalnet.server import limits, protocol, server, service

ROOT = Path(__file__).resolve().parent.parent
METRICS = json.loads((BUNDLED / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
TRAINING = json.loads((BUNDLED / "metrics.json").read_text(encoding="utf-8"))
SCORES = {score["name"]: score for score in METRICS["digits"]}
REJECTIONS = {score["name"]: score for score in METRICS["not digits"]}
RUNS = {runs["name"]: runs for runs in METRICS["runs"]}


def row(page: str, name: str) -> str:
    """The table row that begins with this name."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(name)} \|.*$", text, re.MULTILINE)
    assert found, f"{page} has no row {name!r}"
    return found.group()


@pytest.mark.parametrize(
    ("name", "placement"),
    [
        ("drawn digits, random placement", "random placement"),
        ("in a corner and small", "corner and small"),
        ("thin and thick", "thin and thick"),
        ("tilted", "tilted"),
    ],
)
def test_drawn_digits_are_measured_on_held_out_writers(name, placement):
    assert METRICS["held-out writers"]
    score = SCORES[placement]
    worst = score["accuracy_by_source"][score["worst_source"]]
    written = row("docs/results.md", name)
    assert f"| {score['accuracy_over_sources']:.2%} |".replace("%", " %") in written
    assert f"{worst:.2%}".replace("%", " %") in written


def test_results_give_the_rejection_figures():
    letters, scribbles = REJECTIONS["drawn letters"], REJECTIONS["unseen scribbles"]
    written = row("docs/results.md", "drawn letters and signs rejected")
    assert f"AUROC {letters['auroc']:.3f}" in written
    assert f"{letters['count']:,} drawn ones" in written
    assert f"{100 * letters['accepted']:.1f} % accepted" in written
    assert f"{100 * scribbles['accepted']:.1f} %" in row(
        "docs/results.md", "scribbles and doodles accepted"
    )


def test_results_give_mnist_with_its_spread():
    runs = RUNS["MNIST test"]
    written = row("docs/results.md", "MNIST test accuracy")
    assert f"{100 * runs['mean']:.2f} ± {100 * runs['deviation']:.2f} %" in written
    assert f"{100 * TRAINING['test_accuracy']:.2f} %" in written


def test_the_readme_matches_the_metrics():
    assert f"| {100 * SCORES['random placement']['accuracy_over_sources']:.2f} % |" in row(
        "README.md", "drawn digits, anywhere on the pad, held-out writers"
    )
    assert f"| {100 * RUNS['MNIST test']['mean']:.2f} % |" in row(
        "README.md", "MNIST test, mean of five seeds"
    )
    assert f"| {100 * REJECTIONS['drawn letters']['accepted']:.1f} % |" in row(
        "README.md", "drawn letters accepted as digits, held-out writers"
    )


def million(count: float) -> str:
    return f"{count / 1_000_000:g}"


@pytest.mark.parametrize(
    "row",
    [
        f"| JSON | {million(limits.JSON_LIMIT)} MB | 413 |",
        f"| a picture | {million(limits.PICTURE_LIMIT)} MB; "
        f"{million(pixels.MAX_PIXELS)} megapixels, {opening.MAX_SIDE:,} px a side, "
        f"{opening.MAX_SCANS} scans of a JPEG, {opening.MAX_READS:,} parts",
        f"| strokes | {strokes.MAX_POINTS:,} points, {strokes.MAX_STROKES} strokes; "
        f"{service.NUMBER_POINTS:,} points to be read as a number | 422 |",
        f"| a request's head | {protocol.HEADER_TIMEOUT:g} s | 408 |",
        f"| its body | {limits.IDLE:g} s without a byte, {limits.SLOWEST:g} s in all | 408 |",
        f"| all bodies together | {million(limits.MAX_BODIES)} MB | 503 |",
        f"| connections | {server.MAX_CONNECTIONS:,} | 503 |",
        f"| drawings at once | {service.AT_ONCE}; others wait up to {service.PATIENCE:g} s | 503 |",
        f"| calls of one client | {limits.RATE:g} a second, "
        f"{limits.RATE * limits.BURST:g} at once;",
    ],
    ids=lambda row: row.split(" |")[0],
)
def test_security_lists_the_limits_of_the_code(row):
    assert row in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
