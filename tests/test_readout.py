"""Calls readout.js in a real browser: captions and highlighted bars of a reading."""

from dataclasses import replace

import numpy as np
import pytest
from drawings import DRAWINGS
from visitor import visit

from finalnet import draw_strokes
from finalnet.web import texts

FUNCTION = """async ([name, values]) => {
  const module = name === "topDigits" ? "recognizer/answer.js" : "readout.js";
  const { href } = document.querySelector(`link[href$='${module}']`);
  return (await import(href))[name](...values);
}"""


@pytest.fixture(scope="module")
def call(browser, page_url):
    with visit(browser, page_url) as visitor:
        yield lambda name, *values: visitor.page.evaluate(FUNCTION, [name, list(values)])


def reading(verdict, best, **more):
    """A reading of one digit: `best` maps digits to probabilities, the others share the rest."""
    rest = (1 - sum(best.values())) / (10 - len(best))
    probabilities = [best.get(digit, rest) for digit in range(10)]
    text = str(max(best, key=best.get)) if verdict == "digit" else "?"
    digit = {"verdict": verdict, "digit": None, "probabilities": probabilities, "input": ""}
    return {"text": text, "digits": [digit], "is_number": False, **more}


@pytest.mark.parametrize(
    ("best", "caption"),
    [
        ({3: 0.45, 8: 0.4}, "Not sure: looks like a 3 or an 8"),
        ({8: 0.5, 0: 0.3}, "Not sure: looks like an 8 or a 0"),
        ({7: 0.65, 1: 0.05}, "Not sure: looks most like a 7"),
        ({3: 0.2, 8: 0.2}, "That does not look like a digit"),
    ],
)
def test_the_caption_says_how_unsure_an_answer_is(call, best, caption):
    shown = call("describe", reading("unsure", best), texts.ANSWER)
    assert shown == {"verdict": "unsure", "caption": caption}


@pytest.mark.parametrize(
    ("count", "unread", "caption"),
    [
        (1, 0, "One digit read"),
        (4, 0, "4 digits, read one by one"),
        (2, 1, "2 digits, 1 symbol unread"),
        (1, 2, "1 digit, 2 symbols unread"),
        (0, 1, "1 symbol unread"),
    ],
)
def test_the_caption_of_a_number_counts_digits_and_unread_symbols(call, count, unread, caption):
    digits = [{"verdict": "digit"}] * count
    number = {"text": "7" * count, "digits": digits, "is_number": True, "finished": True}
    assert call("describe", number | {"unread": unread}, texts.ANSWER)["caption"] == caption
    if caption in ("One digit read", "4 digits, read one by one"):
        assert call("describe", number, texts.ANSWER)["caption"] == caption


@pytest.mark.parametrize("text", ["", "?????"])
def test_the_caption_says_when_a_picture_has_no_digits(call, text):
    digits = [{"verdict": "unsure"}] * len(text)
    picture = {"text": text, "digits": digits, "is_number": True, "source": "picture"}
    assert call("describe", picture, texts.ANSWER)["caption"] == "No digits in the picture"


@pytest.mark.parametrize(
    ("verdict", "best", "k", "marked"),
    [
        ("digit", {2: 0.9, 3: 0.06, 7: 0.039}, 3, [2, 3, 7]),
        ("digit", {2: 0.999}, 3, [2]),  # rows that show 0 % are not highlighted
        ("digit", {2: 0.9, 3: 0.06, 7: 0.039}, 1, [2]),
        ("unsure", {3: 0.45, 8: 0.4}, 2, [3, 8]),
        ("unsure", {3: 0.2, 8: 0.2}, 3, []),  # not a digit
    ],
)
def test_only_bars_of_likely_digits_are_highlighted(call, verdict, best, k, marked):
    assert call("standOut", reading(verdict, best)["digits"][0], k) == marked


def test_the_caption_says_why_a_drawing_cannot_be_read(call):
    problem = {"text": "", "digits": [], "is_number": True, "problem": "too many pieces"}
    assert "too many pieces" in call("describe", problem, texts.ANSWER)["caption"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "99.9 %"), (0.9994, "99.9 %"), (0.99, "99.0 %"), (0.5, "50 %"), (0.004, "0 %")],
)
def test_a_percentage_is_rounded_and_never_100(call, share, text):
    assert call("percent", share) == text


def test_the_top_digits_match_python(call, recognizer):
    prediction = recognizer.recognize(draw_strokes(DRAWINGS["7 crossed"][1]))
    tied = np.array([0, 0.1, 0, 0.6, 0, 0.1, 0.2, 0, 0, 0], np.float32)
    for probabilities in (prediction.probabilities, tied):
        in_python = replace(prediction, probabilities=probabilities).top(4)
        in_browser = call("topDigits", probabilities.tolist(), 4)
        assert in_browser == [digit for digit, _ in in_python]
