"""See inside: compares the browser's maps, sums and evidence with PyTorch, and tests the page."""

import base64
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmarks.twins import load_in_browser
from finalnet import FinalNet, Recognizer
from finalnet.checkpoint import BUNDLED
from finalnet.model import to_tensor
from finalnet.web import texts
from finalnet.web.sketchpad import Sketch
from tests.drawings import DRAWINGS
from tests.visitor import HAND

LOOK = """async ({ input, spots }) => {
  const module = await import("/files/any/recognizer/explaining.js");
  const { lookInside, findEvidence, explainPixel } = module;
  const { network, constants } = recognizer;
  const pixels = Uint8Array.from(atob(input), (character) => character.charCodeAt(0));
  const { maps, features } = lookInside(network, pixels, constants);
  const evidence = await findEvidence(network, pixels, constants, async () => true);
  return [maps.map(({ size, values }) => [size, [...values]]), [...features], [...evidence],
    spots.map((spot) => explainPixel(network, pixels, spot, constants))];
}"""
# Pixels in the middle and at the corner of each convolution, where padding feeds them.
SPOTS = [
    {"index": index, "map": feature, "x": x, "y": y}
    for index in (1, 2, 3, 4)
    for feature, x, y in ((0, 0, 0), (3, 6, 8), (7, 13, 13), (5, 12, 7))
]
# Width of a map in px of the screen; gaps in its canvas are 1/14 of a map.
MAP = """(place) => {
  const canvas = place.querySelector("canvas");
  const columns = place.dataset.layer === "4" ? (canvas.width + 1) / 15 : (canvas.width + 2) / 30;
  const box = canvas.getBoundingClientRect();
  return Math.min(box.width / canvas.width, box.height / canvas.height) * (canvas.width / columns);
}"""
CANVAS = "document.querySelectorAll('#inside .map canvas')[2].toDataURL()"


@pytest.fixture(scope="module")
def model() -> FinalNet:
    return FinalNet.from_pretrained(BUNDLED).eval()


@pytest.fixture(scope="module")
def network_input(recognizer: Recognizer) -> np.ndarray:
    strokes = [[(2.8 * x, 2.8 * y) for x, y in stroke] for stroke in DRAWINGS["7 crossed"][1]]
    return recognizer.recognize(Sketch(strokes).render()).network_input


@pytest.fixture(scope="module")
def seen(browser, app_url, network_input):
    page = browser.new_page()
    page.goto(f"{app_url}/healthz")  # of the same origin as the modules, and soon loaded
    load_in_browser(page)
    encoded = base64.b64encode(network_input.tobytes()).decode()
    yield page.evaluate(LOOK, {"input": encoded, "spots": SPOTS})
    page.close()


def log_odds(model: FinalNet, network_input: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        logits = model.logits(to_tensor(network_input[None]))[0].double()
    others = torch.stack([torch.cat([logits[:d], logits[d + 1 :]]).logsumexp(0) for d in range(10)])
    return (logits - others).numpy()


def test_the_maps_of_every_layer_match_pytorch(model, network_input, seen):
    maps = []
    with torch.inference_mode():
        answer = to_tensor(network_input[None])
        for number in range(1, 5):
            answer = F.relu(getattr(model, f"bn{number}")(getattr(model, f"conv{number}")(answer)))
            maps.append(answer[0].numpy())
            answer = F.max_pool2d(answer, 2) if number in (2, 4) else answer
        features = F.relu(model.fc1(answer.flatten(1)))[0].numpy()
    for (size, values), expected in zip(seen[0], maps, strict=True):
        assert size == expected.shape[1]
        np.testing.assert_allclose(values, expected.ravel(), atol=1e-3)
    np.testing.assert_allclose(seen[1], features, atol=1e-3)


def test_the_sum_behind_a_pixel_matches_pytorch(model, network_input, seen):
    before, folded = [to_tensor(network_input[None])], [None]
    with torch.inference_mode():
        for number in range(1, 5):
            convolution = getattr(model, f"conv{number}")
            norm = getattr(model, f"bn{number}")
            folded.append(fuse_conv_bn_eval(convolution, norm))
            answer = F.relu(norm(convolution(before[-1])))
            before.append(F.max_pool2d(answer, 2) if number in (2, 4) else answer)
    for spot, found in zip(SPOTS, seen[3], strict=True):
        index, feature, x, y = spot.values()
        window = F.pad(before[index - 1][0], (1, 1, 1, 1))[:, y : y + 3, x : x + 3]
        weights, bias = folded[index].weight[feature], folded[index].bias[feature].item()
        shares = (window * weights).sum((1, 2))
        channel = found["channel"]
        assert channel == shares.abs().argmax() and found["channels"] == len(shares)
        close = {"rtol": 0, "atol": 1e-3}
        np.testing.assert_allclose(found["inputs"], window[channel].ravel(), **close)
        np.testing.assert_allclose(found["weights"], weights[channel].ravel().detach(), **close)
        total = found["share"] + found["others"] + found["bias"]
        assert found["share"] == pytest.approx(shares[channel].item(), abs=1e-3)
        assert found["bias"] == pytest.approx(bias, abs=1e-3)
        assert total == pytest.approx(shares.sum().item() + bias, abs=1e-3)
        with torch.inference_mode():
            convolved = getattr(model, f"conv{index}")(before[index - 1])
            pixel = F.relu(getattr(model, f"bn{index}")(convolved))[0, feature, y, x].item()
        assert found["value"] == pytest.approx(pixel, abs=1e-3)


def test_evidence_is_the_mean_loss_of_log_odds_when_squares_are_erased(model, network_input, seen):
    lost, squares = np.zeros((10, 28, 28)), np.zeros((28, 28))
    whole = log_odds(model, network_input)
    for top in range(0, 25, 3):
        for left in range(0, 25, 3):
            erased = network_input.copy()
            erased[top : top + 4, left : left + 4] = 0
            if (erased == network_input).all():
                continue
            lost[:, top : top + 4, left : left + 4] += (whole - log_odds(model, erased))[
                :, None, None
            ]
            squares[top : top + 4, left : left + 4] += 1
    expected = lost / squares.clip(1) * network_input / 255
    np.testing.assert_allclose(np.reshape(seen[2], (10, 28, 28)), expected, atol=0.01)


def test_the_inside_follows_the_pen_without_a_request(desktop):
    desktop.draw("1 bar")
    desktop.sees("1")
    desktop.page.click("#clear")
    desktop.page.click("#inside summary")
    assert texts.INSIDE["blank"] in desktop.page.locator("#inside").inner_text()
    requests = []
    desktop.page.on("request", lambda request: requests.append(request.url))
    (stroke,) = desktop.on_pad(DRAWINGS["3 round"][1])
    desktop.page.mouse.move(*stroke[0])
    desktop.page.mouse.down()
    pictures = set()
    for point in stroke[1:]:
        desktop.page.mouse.move(*point, steps=3)
        desktop.page.wait_for_timeout(60)
        pictures.add(desktop.page.evaluate(CANVAS))
    stale = desktop.page.locator("#inside .evidence.stale")
    assert stale.count() == 2  # updated once the pen is lifted
    desktop.page.mouse.up()
    assert len(pictures) > 3
    title = texts.INSIDE["evidence"][0]["title"].format(digit="a 3")
    desktop.page.wait_for_function(
        "title => document.querySelector('#inside').innerText.includes(title)", arg=title
    )
    assert stale.count() == 0
    scores = desktop.page.locator("#inside .scores li")
    assert scores.count() == 10 and scores.nth(3).get_attribute("class") == "best"
    assert requests == []


def test_pointing_at_a_map_shows_its_inputs(visitor):
    visitor.draw("5 one stroke")
    visitor.sees("5")
    visitor.page.click("#inside summary")
    last = visitor.page.locator("#inside .map[data-layer='4']")
    visitor.page.wait_for_function(
        "document.querySelectorAll('#inside .map canvas')[4].width < 300"
    )
    fed = "[...document.querySelectorAll('.parts .field')].map((path) => path.getAttribute('d'))"
    last.scroll_into_view_if_needed()
    last.hover(position={"x": 20, "y": 20})
    drawn = visitor.page.evaluate(fed)
    last.click(position={"x": 20, "y": 20})  # stays marked
    visitor.page.mouse.move(1, 1)
    assert visitor.page.evaluate(fed) == drawn
    last.click(position={"x": 20, "y": 20})
    visitor.page.mouse.move(1, 1)
    assert not any(visitor.page.evaluate(fed))
    last.hover(position={"x": 20, "y": 20})
    # One square in the input, one per map in the layers before, none in the layers after.
    assert [len((path or "").split("M")) - 1 for path in drawn] == [1, 8, 16, 16, 0, 0]
    last.focus()
    visitor.page.keyboard.press("ArrowRight")
    assert visitor.page.evaluate(fed) != drawn


def numbers_of(place) -> list[float]:
    return [float(n.replace("\u2212", "-")) for n in re.findall(r"[\u2212\d]+\.\d+", place)]


def test_pointing_at_a_pixel_shows_the_sum_behind_it(visitor):
    visitor.draw("5 one stroke")
    visitor.sees("5")
    page = visitor.page
    page.click("#inside summary")
    page.wait_for_function("document.querySelectorAll('#inside .map canvas')[4].width < 300")
    layer, shown = page.locator("#inside .map[data-layer='3']"), page.locator(".floating.shown")
    layer.scroll_into_view_if_needed()
    assert shown.count() == 0
    layer.click(position={"x": 30, "y": 30})
    page.mouse.move(1, 1)
    spots = []
    for key in (None, "ArrowRight", "ArrowDown"):
        if key:
            page.keyboard.press(key)
            page.wait_for_function(
                "spot => document.querySelector('.spot').textContent !== spot", arg=spots[-1]
            )
        spots.append(shown.locator(".spot").inner_text())
        cells = [numbers_of(text) for text in shown.locator(".nine div").all_inner_texts()]
        assert [len(each) for each in cells] == [9, 9, 9]
        for one, other, product in zip(*cells, strict=True):
            assert product == pytest.approx(one * other, abs=0.01 + 0.006 * (abs(one) + abs(other)))
        share, others, bias, total, value = numbers_of(shown.locator(".line").inner_text())
        assert share == pytest.approx(sum(cells[2]), abs=0.05)
        assert total == pytest.approx(share + others + bias, abs=0.021)
        assert value == pytest.approx(max(total, 0), abs=0.011)
        assert numbers_of(spots[-1]) == [value]
        box = shown.bounding_box()
        width = page.viewport_size["width"]
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert shown.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert len(set(spots)) == 3
    page.mouse.click(2, 2)  # anywhere else
    assert shown.count() == 0


def test_a_finger_points_without_scrolling_and_a_tap_keeps_the_mark(phone):
    phone.touch("5 one stroke")
    phone.sees("5")
    page = phone.page
    page.tap("#inside summary")
    last = page.locator("#inside .map[data-layer='4']")
    page.wait_for_function("document.querySelectorAll('#inside .map canvas')[4].width < 300")
    last.scroll_into_view_if_needed()
    box, before = last.bounding_box(), page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)
    marks, fields = [], "document.querySelectorAll('.parts .field')[0].getAttribute('d')"
    for kind, y in [("Start", 60), ("Move", 40), ("Move", 20), ("End", None)]:
        points = [] if y is None else [{"x": box["x"] + 20, "y": box["y"] + y}]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        page.evaluate("new Promise(requestAnimationFrame)")
        marks.append(page.evaluate(fields))
    assert all(marks) and marks[0] != marks[1] != marks[2] == marks[3]
    assert page.evaluate("scrollY") == before
    page.wait_for_timeout(HAND)
    last.tap(position={"x": 20, "y": 20})
    assert page.evaluate(fields) in ("", None)  # a second tap removes the marks
    last.tap(position={"x": 20, "y": 20})
    assert page.evaluate(fields) == marks[3]
    page.locator("#inside .scores").tap()  # so does a tap elsewhere
    assert page.evaluate(fields) in ("", None)


def test_a_map_opens_large(visitor):
    page = visitor.page
    visitor.draw("5 one stroke")
    visitor.sees("5")
    page.click("#inside summary")
    page.wait_for_function("document.querySelectorAll('#inside .map canvas')[4].width < 300")
    layer = page.locator("#inside .map[data-layer='2']")
    large = page.locator("#large .map[tabindex]")
    page.click(".enlarge[value='2']")
    assert large.bounding_box()["height"] > 0.5 * page.viewport_size["height"]
    page.wait_for_function("document.querySelectorAll('#large canvas')[1].width < 300")
    assert large.evaluate(MAP) > 80  # px, large enough for a finger
    large.click(position={"x": 100, "y": 200})
    assert page.locator("#large .field").first.get_attribute("d")  # its inputs
    page.click("#large button")
    assert not large.is_visible()
    layer.press("Enter")
    assert large.is_visible()
    page.keyboard.press("Escape")
    assert not large.is_visible()
    visitor.sees("5")  # Escape did not clear the pad
    for width in (280, 700, 1600):
        page.locator("#inside").evaluate("(e, width) => (e.style.width = `${width}px`)", width)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
        assert layer.evaluate(MAP) > 55
        assert page.locator(".parts").evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_see_inside_shows_the_chosen_digit_of_a_number(desktop):
    page = desktop.page
    page.click("#inside summary")
    desktop.draw("5 one stroke")
    page.wait_for_selector("#inside .parts", state="visible")
    page.click("#wide")
    page.wait_for_selector("#inside .parts", state="hidden")
    page.get_by_text(texts.INSIDE["number"]).wait_for()
    page.click("#digits .tile")
    page.wait_for_selector("#inside .parts", state="visible")
    assert page.locator("#inside .scores .best b").inner_text() == "5"
    page.click("#digits .tile")
    page.wait_for_selector("#inside .parts", state="hidden")


def test_a_key_shows_the_layers_on_stage(desktop):
    page = desktop.page
    desktop.draw("5 one stroke")
    desktop.sees("5")
    page.click("#present")
    assert not page.locator("#inside").is_visible()
    page.keyboard.press("i")
    page.wait_for_selector("#inside .map[data-layer='4']", state="visible")
    page.wait_for_function(f"({MAP})(document.querySelector('.map[data-layer=\"4\"]')) > 70")
    page.keyboard.press("i")
    page.wait_for_selector("#inside", state="hidden")
