"""Do the recognisers in Python and in the browser agree? python -m benchmarks.twins --strokes FILE

Draws every digit of a strokes file on the pad, in the four placements in turn, and composes numbers
of them. Reads all of it in Python and in headless Chromium. Prints how often each is right, how
often they agree, and the largest difference.
"""

import argparse
import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.latency import open_browser, running
from finalnet import Recognizer
from finalnet.drawings import Drawing, read_drawings
from finalnet.evaluation.numbers import KINDS, compose_text
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.strokes import fit_pen, render_strokes
from finalnet.web.browser import recognizer_settings

NUMBERS = 1_000
CHUNK = 500  # drawings per call to the browser

LOAD = """async ({ checkpoint, constants }) => {
  const file = (path) => new URL(`/files/any/${path}`, location.href).href;
  const { Recognizer } = await import(file("recognizer/recognizer.js"));
  window.recognizer = await Recognizer.load(file(checkpoint), constants);
}"""
RECOGNIZE = """(drawings) => drawings.map(([strokes, penWidth]) => {
  const { verdict, digit, probabilities, input } = recognizer.recognize(strokes, penWidth);
  return [verdict, digit, probabilities, btoa(String.fromCharCode(...input))];
})"""
TEACH = """(examples) => {
  const memories = examples.map((example) => recognizer.remember(example));
  window.untaught ??= recognizer;
  window.recognizer = untaught.taught(memories);
}"""
READ_NUMBERS = "(drawings) => drawings.map((strokes) => recognizer.readNumber(strokes).text)"


class Answer(NamedTuple):
    """A recogniser's answer for one drawing."""

    verdict: str
    digit: int | None
    probabilities: np.ndarray  # (10,)
    network_input: np.ndarray  # (784,) int64


class Agreement(NamedTuple):
    """How well two lists of answers agree."""

    same: float  # share with the same verdict and digit, in [0, 1]
    mean_difference: float  # mean over all drawings of the probability that differs most
    largest_difference: float
    grey_levels: dict[str, float]  # largest difference per input, of 255: 50, 99 and 100 %


def place_on_pad(drawings: Sequence[Drawing], seed: int = 0) -> list[tuple[list, float]]:
    """Strokes as the pad records them, rounded to 0.1 px, and the pen width in px."""
    random = np.random.default_rng(seed)
    placements = list(PLACEMENTS.values())
    placed = []
    for index, drawing in enumerate(drawings):
        strokes, pen_width = placements[index % len(placements)].place(drawing.strokes, random)
        placed.append(([np.round(stroke, 1).tolist() for stroke in strokes], float(pen_width)))
    return placed


def compose_numbers(
    drawings: Sequence[Drawing], count: int, seed: int = 0
) -> tuple[list[list], list[str]]:
    """Compose numbers of every kind, each from one writer; returns strokes and texts."""
    random = np.random.default_rng(seed)
    writers: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        writers.setdefault(drawing.writer, []).append(drawing)
    names = sorted(writers)
    patterns = [pattern for kind in KINDS.values() for pattern in kind]
    numbers = [
        compose_text(
            writers[names[random.integers(len(names))]], patterns[index % len(patterns)], random
        )
        for index in range(count)
    ]
    strokes = [[np.round(100 * s, 1).tolist() for s in number.strokes] for number in numbers]
    return strokes, [number.text for number in numbers]


def teach_both(
    page: Page, recognizer: Recognizer, placed: Sequence[tuple[list, float]], labels: Sequence
) -> Recognizer:
    """Teach the same drawings to the browser's recogniser and to a new one in Python.

    Every second drawing is passed as strokes alone, which is how digits of a number are remembered.
    """
    examples, theirs = [], []
    for index, ((strokes, pen_width), label) in enumerate(zip(placed, labels, strict=True)):
        on_pad = index % 2 == 0
        drawing = render_strokes(strokes, fit_pen(strokes, pen_width)) if on_pad else strokes
        examples.append((drawing, label))
        theirs.append(
            {"strokes": strokes, "penWidth": pen_width if on_pad else None, "label": label}
        )
    call(page, TEACH, theirs)
    return recognizer.taught(examples)


def ask_python(recognizer: Recognizer, drawings: Sequence[tuple[list, float]]) -> list[Answer]:
    predictions = [
        recognizer.recognize(render_strokes(strokes, fit_pen(strokes, pen_width)))
        for strokes, pen_width in drawings
    ]
    return [
        Answer(p.verdict, p.digit, p.probabilities, p.network_input.ravel().astype(np.int64))
        for p in predictions
    ]


def load_in_browser(page: Page) -> None:
    """Load the recogniser in a page served by the app."""
    page.evaluate(LOAD, recognizer_settings())


def ask_browser(page: Page, drawings: Sequence[tuple[list, float]]) -> list[Answer]:
    answers: list[list[Any]] = _in_chunks(page, RECOGNIZE, drawings)
    return [
        Answer(verdict, digit, np.array(probabilities), _pixels(network_input))
        for verdict, digit, probabilities, network_input in answers
    ]


def ask_browser_for_numbers(page: Page, numbers: Sequence[list]) -> list[str]:
    return _in_chunks(page, READ_NUMBERS, numbers)


def _in_chunks(page: Page, code: str, drawings: Sequence[Any]) -> list[Any]:
    starts = range(0, len(drawings), CHUNK)
    return [each for start in starts for each in call(page, code, drawings[start:][:CHUNK])]


def call(page: Page, code: str, argument: Any) -> Any:
    """Call a function in the page, via JSON, which is faster than Playwright's serialization."""
    by_json = f"async (text) => JSON.stringify((await ({code})(JSON.parse(text))) ?? null)"
    return json.loads(page.evaluate(by_json, json.dumps(argument)))


def _pixels(network_input: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(network_input), np.uint8).astype(np.int64)


def compare(one: Sequence[Answer], other: Sequence[Answer]) -> Agreement:
    pairs = list(zip(one, other, strict=True))
    probabilities = [np.abs(a.probabilities - b.probabilities).max() for a, b in pairs]
    grey = [np.abs(a.network_input - b.network_input).max() for a, b in pairs]
    return Agreement(
        same=float(np.mean([a[:2] == b[:2] for a, b in pairs])),
        mean_difference=float(np.mean(probabilities)),
        largest_difference=float(np.max(probabilities)),
        grey_levels={f"{q} %": float(np.percentile(grey, q)) for q in (50, 99, 100)},
    )


def accuracy(answers: Sequence[Answer], labels: Sequence[int]) -> float:
    """Share whose most probable digit equals the label, whatever the verdict."""
    digits = [answer.probabilities.argmax() for answer in answers]
    return float(np.mean(np.array(digits) == np.array(labels)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strokes", type=Path, required=True, help="file of drawn digits")
    drawings = [d for d in read_drawings(parser.parse_args().strokes) if d.is_digit]
    placed, labels = place_on_pad(drawings), [int(drawing.label) for drawing in drawings]
    numbers, texts = compose_numbers(drawings, NUMBERS)
    recognizer = Recognizer.load()
    with (
        sync_playwright() as playwright,
        running([sys.executable, "app.py", "--port"]) as (url, *_),
    ):
        page = open_browser(playwright).new_page()
        page.goto(url)
        load_in_browser(page)
        in_browser, read = ask_browser(page, placed), ask_browser_for_numbers(page, numbers)
    in_python = ask_python(recognizer, placed)
    read_in_python = [recognizer.read_number(strokes).text for strokes in numbers]
    print(f"{len(labels):,} drawings, the four placements in turn")
    for name, answers in (("Python", in_python), ("browser", in_browser)):
        print(f"right: {accuracy(answers, labels):.2%} {name}")
    print(compare(in_python, in_browser))
    print(
        f"{NUMBERS:,} numbers of every kind, completely right: "
        f"{np.mean(np.array(read_in_python) == texts):.1%} Python, "
        f"{np.mean(np.array(read) == texts):.1%} browser; "
        f"the same text: {np.mean(np.array(read) == read_in_python):.2%}"
    )


if __name__ == "__main__":
    main()
