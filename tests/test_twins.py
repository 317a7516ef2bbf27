"""The recognisers in the browser and in Python agree on thousands of drawings."""

import base64
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file
from test_lines import write

from benchmarks.twins import (
    accuracy,
    ask_browser,
    ask_browser_for_numbers,
    ask_python,
    call,
    compare,
    compose_numbers,
    load_in_browser,
    place_on_pad,
    teach_both,
)
from finalnet.answer import describe_number
from finalnet.checkpoint import BUNDLED, load_checkpoint
from finalnet.drawings import Drawing, read_drawings
from finalnet.training.handwriting import generate_digits
from finalnet.training.handwriting.digits import DIGITS
from finalnet.training.handwriting.others import OTHERS, UNSEEN
from finalnet.training.handwriting.pen import vary
from finalnet.views import make_views
from finalnet.web.browser import constants

DIGIT_COUNT, OTHER_COUNT, NUMBER_COUNT = 1_600, 400, 200
STROKES = Path(os.environ.get("STROKES_DIR", "no strokes")) / "digits-dev.jsonl.gz"


def generate(count: int, kinds, label, seed: int) -> list[Drawing]:
    random = np.random.default_rng(seed)
    drawings = [vary(kinds[i % len(kinds)](random), random) for i in range(count)]
    # A hundred drawings, ten of each digit, make a writer.
    return [
        Drawing(label(i), "generated", drawing, writer=str(i // 100))
        for i, drawing in enumerate(drawings)
    ]


@pytest.fixture(scope="module")
def digits() -> list[Drawing]:
    return generate(DIGIT_COUNT, [DIGITS[digit] for digit in range(10)], lambda i: str(i % 10), 7)


@pytest.fixture(scope="module")
def page(browser, app_url):
    page = browser.new_page()
    page.goto(f"{app_url}/healthz")  # of the same origin as the modules, and soon loaded
    load_in_browser(page)
    yield page
    page.close()


def test_both_recognisers_agree_on_2000_drawings(page, recognizer, digits):
    others = generate(OTHER_COUNT, [*OTHERS, *UNSEEN], lambda i: "none", 8)
    placed = place_on_pad([*digits, *others])
    answers = ask_python(recognizer, placed), ask_browser(page, placed)
    agreement = compare(*answers)
    print(agreement)
    assert agreement.same >= 0.999
    assert agreement.mean_difference < 1e-4
    assert agreement.grey_levels["99 %"] <= 4
    labels = [int(digit.label) for digit in digits]
    right = [accuracy(each[:DIGIT_COUNT], labels) for each in answers]
    assert right[0] > 0.95 and abs(right[0] - right[1]) <= 0.001


def test_both_recognisers_read_the_same_numbers(page, recognizer, digits):
    numbers, texts = compose_numbers(digits, NUMBER_COUNT)
    in_browser = np.array(ask_browser_for_numbers(page, numbers))
    in_python = np.array([recognizer.read_number(strokes).text for strokes in numbers])
    assert any(":" in text for text in texts) and any("\n" in text for text in texts)
    assert (in_browser == in_python).mean() >= 0.995
    assert (in_browser == np.array(texts)).mean() > 0.8


def test_both_recognisers_describe_numbers_in_the_same_way(page, recognizer, digits):
    (number, *_), _ = compose_numbers(digits, 1)
    code = """async (strokes) => {
      const { describeNumber } = await import("/files/any/recognizer/answer.js");
      return describeNumber(recognizer.readNumber(strokes), recognizer.constants);
    }"""
    answer = page.evaluate(code, number)
    expected = describe_number(recognizer.read_number(number), with_inputs=True)
    assert answer.keys() == expected.keys() and answer["text"] == expected["text"]
    for one, other in zip(answer["digits"], expected["digits"], strict=True):
        assert one.keys() == other.keys()
        exact = ("verdict", "digit", "character")
        assert [one[key] for key in exact] == [other[key] for key in exact]
        assert one["box"] == pytest.approx(other["box"], abs=0.01)
        assert [row["digit"] for row in one["top"][:1]] == [
            row["digit"] for row in other["top"][:1]
        ]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=0.01)
        assert len(one["input"]) == len(other["input"])


@pytest.mark.skipif(not STROKES.exists(), reason="no drawings; name their folder in STROKES_DIR")
def test_both_recognisers_agree_on_drawings_of_people(page, recognizer):
    drawings = list(read_drawings(STROKES))[::16]
    placed, labels = place_on_pad(drawings), [int(drawing.label) for drawing in drawings]
    answers = ask_python(recognizer, placed), ask_browser(page, placed)
    agreement = compare(*answers)
    print(agreement)
    assert agreement.same >= 0.999
    assert abs(accuracy(answers[0], labels) - accuracy(answers[1], labels)) <= 0.001


@pytest.mark.parametrize("count", [5, 100])
def test_both_recognisers_agree_after_the_same_teaching(page, recognizer, digits, count):
    """Teaches wrong labels, so that the effect shows in every answer."""
    known = place_on_pad(digits[:count], 1)
    labels = [None if i % 9 == 8 else (int(digits[i].label) + 1) % 10 for i in range(count)]
    taught = teach_both(page, recognizer, known, labels)
    asked = [*known, *place_on_pad(digits[count : count + 200], 2)]
    numbers, _ = compose_numbers(digits[:300], 20, 3)
    in_browser, texts = ask_browser(page, asked), ask_browser_for_numbers(page, numbers)
    page.evaluate("recognizer = untaught")
    agreement = compare(ask_python(taught, asked), in_browser)
    print(agreement)
    # A drawing as close to a digit as to "no digit" may go either way.
    assert agreement.same >= 0.99 and agreement.mean_difference < 0.01
    in_python = [taught.read_number(strokes).text for strokes in numbers]
    assert (np.array(texts) == in_python).mean() >= 0.95
    on_pad = slice(0, count, 2)  # the others were taught as strokes alone
    assert compare(ask_python(recognizer, known[on_pad]), in_browser[:count][on_pad]).same < 0.1


def test_with_300_taught_drawings_an_answer_takes_less_than_a_frame(page, recognizer, digits):
    known = place_on_pad(digits[:300], 1)
    teach_both(page, recognizer, known[:1], [3])
    code = """([known, asked]) => {
      const remember = ([strokes, penWidth], i) =>
        recognizer.remember({ strokes, penWidth, label: i % 10 });
      const taught = untaught.taught(known.map(remember));
      recognizer = untaught;
      return asked.map(([strokes, penWidth]) => {
        const start = performance.now();
        taught.recognize(strokes, penWidth);
        return performance.now() - start;
      });
    }"""
    times = call(page, code, [known, place_on_pad(digits[300:360], 2)])
    print(f"{np.median(times):.1f} ms")
    assert np.median(times) < 1000 / 60


@pytest.mark.parametrize(
    ("count", "under"), [(0, False), (1, False), (21, False), (11, True), (501, False)]
)
def test_both_recognisers_give_the_same_error_for_too_many_digits_or_lines(
    page, recognizer, count, under
):
    """Includes two drawings without an error: no strokes, and a single 1."""
    strokes = [[[40 * i, 20], [40 * i, 60]] for i in range(count)]
    if under:
        strokes = [[[y, x] for x, y in stroke] for stroke in strokes]
        strokes = [[[x, y], [x, y + 18]] for [[x, y], _] in strokes]
    read = "strokes => { try { return recognizer.readNumber(strokes).text }"
    browser = page.evaluate(read + " catch (error) { return error.message } }", strokes)
    try:
        python = recognizer.read_number(strokes).text
    except ValueError as error:
        python = str(error)
    assert browser == python
    assert ("are read" in browser) == (count > 1)


def test_both_recognisers_count_the_same_unread_signs(page, recognizer):
    for text in ("2+3", ".5", "5.", "2_3", "1..2=3", "12:30", "7"):
        number = recognizer.read_number(write(text))
        code = "strokes => { const { text, unread } = recognizer.readNumber(strokes);"
        read = page.evaluate(code + " return [text, unread] }", write(text))
        assert read == [number.text, number.unread]


@pytest.mark.parametrize(
    ("drawing", "pen_width"),
    [
        ([], 18),
        ([[[140, 140]]], 18),
        ([[[0, 0], [279, 279]]], 48),
        ([[[-500, 140], [900, 141]]], 6),
        ([[[20, 140], [260, 140]]], 6),
        ([[[3, 3], [277, 3], [277, 277], [3, 277], [3, 3]]], 48),
    ],
    ids=["nothing", "dot", "diagonal", "beyond the pad", "level line", "inked border"],
)
def test_both_recognisers_draw_odd_drawings_the_same_way(page, recognizer, drawing, pen_width):
    (python,) = ask_python(recognizer, [(drawing, pen_width)])
    (browser,) = ask_browser(page, [(drawing, pen_width)])
    assert np.abs(python.network_input - browser.network_input).max() <= 2
    assert python[:2] == browser[:2]


def test_the_views_are_the_same_in_both_recognisers(page, recognizer):
    inputs = generate_digits(200, 3)
    code = """async (inputs) => {
      const { makeViews } = await import("/files/any/recognizer/views.js");
      return inputs.map((input) =>
        [...makeViews(Uint8Array.from(input), recognizer.pens, recognizer.constants)]);
    }"""
    views = call(page, code, inputs.reshape(len(inputs), -1).tolist())
    pens = recognizer.network.pens
    assert np.array_equal(np.reshape(views, (-1, len(pens), 28, 28)), make_views(inputs, pens))


def test_the_browser_reads_half_precision_as_numpy_does(page):
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    code = """async (file) => {
      const { readSafetensors } = await import("/files/any/recognizer/checkpoint.js");
      const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
      return [...readSafetensors(bytes.buffer).tensors.halves.values];
    }"""
    read = page.evaluate(code, base64.b64encode(save({"halves": halves})).decode())
    assert np.array_equal(np.float32(read), halves.astype(np.float32))


FAULTS = {
    "nothing": (lambda weights: None, None),
    "a missing tensor": (lambda weights: weights.pop("fc1.bias"), "lacks fc1.bias"),
    "a foreign tensor": (lambda weights: weights.update(fc9=np.zeros(3)), "unknown tensors: fc9"),
    "a wrong shape": (
        lambda weights: weights.update({"fc2.bias": np.zeros(11, np.float16)}),
        "wrong shape for fc2.bias",
    ),
    "NaN": (
        lambda weights: weights.update({"fc2.bias": np.full(10, np.nan, np.float16)}),
        "NaN or infinity in fc2.bias",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_browser_and_python_report_the_same_faults_of_a_checkpoint(page, fault, tmp_path):
    spoil, words = FAULTS[fault]
    for name in ("config.json", "model.safetensors"):
        shutil.copy(BUNDLED / name, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights = {n: w if n.endswith("tracked") else w.astype(np.float16) for n, w in weights.items()}
    spoil(weights)
    save_file(weights, tmp_path / "model.safetensors")
    page.route("**/spoilt/*", lambda r: r.fulfill(path=tmp_path / r.request.url.split("/")[-1]))
    code = """async (constants) => {
      const { loadCheckpoint } = await import("/files/any/recognizer/checkpoint.js");
      try { await loadCheckpoint("/spoilt", constants) } catch ({ message }) { return message }
      return null;
    }"""
    message = page.evaluate(code, constants())
    page.unroute("**/spoilt/*")
    if words is None:
        assert message is None and load_checkpoint(tmp_path)
        return
    assert words in message
    with pytest.raises(ValueError, match=re.escape(words)):
        load_checkpoint(tmp_path)


def test_the_browser_rejects_a_truncated_checkpoint(page):
    folder = "/files/any/checkpoint"
    code = """async (folder) => {
      const { readSafetensors } = await import("/files/any/recognizer/checkpoint.js");
      const file = await (await fetch(`${folder}/model.safetensors`)).arrayBuffer();
      try { readSafetensors(file.slice(0, 90_000)) } catch (error) { return error.message }
      return "it was read";
    }"""
    assert "the file of weights is incomplete" in page.evaluate(code, folder)
