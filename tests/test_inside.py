"""What happens inside the network, computed by the browser, against PyTorch; how it is shown."""

import base64

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from benchmarks.twins import load_in_browser
from finalnet import FinalNet, Recognizer
from finalnet.checkpoint import COMMITTED
from finalnet.model import to_tensor
from finalnet.web import texts
from finalnet.web.browser import RECOGNIZER
from finalnet.web.sketchpad import Drawing
from tests.drawings import DRAWINGS

LOOK = """async ([folder, input]) => {
  const { lookInside, findEvidence } = await import(`/gradio_api/file=${folder}/inside.js`);
  const { network, constants } = recognizer;
  const pixels = Uint8Array.from(atob(input), (character) => character.charCodeAt(0));
  const { maps, features } = lookInside(network, pixels, constants);
  const evidence = await findEvidence(network, pixels, constants, async () => true);
  return [maps.map(({ size, values }) => [size, [...values]]), [...features], [...evidence]];
}"""
CANVAS = "document.querySelectorAll('#inside .map canvas')[2].toDataURL()"


@pytest.fixture(scope="module")
def model() -> FinalNet:
    return FinalNet.from_pretrained(COMMITTED).eval()


@pytest.fixture(scope="module")
def network_input(recognizer: Recognizer) -> np.ndarray:
    strokes = [[(2.8 * x, 2.8 * y) for x, y in stroke] for stroke in DRAWINGS["7 crossed"][1]]
    return recognizer.recognize(Drawing(strokes).render()).network_input


@pytest.fixture(scope="module")
def seen(browser, app_url, network_input):
    page = browser.new_page()
    page.goto(app_url)
    load_in_browser(page)
    encoded = base64.b64encode(network_input.tobytes()).decode()
    yield page.evaluate(LOOK, [str(RECOGNIZER), encoded])
    page.close()


def log_odds(model: FinalNet, network_input: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        logits = model.logits(to_tensor(network_input[None]))[0].double()
    others = torch.stack([torch.cat([logits[:d], logits[d + 1 :]]).logsumexp(0) for d in range(10)])
    return (logits - others).numpy()


def test_the_maps_of_every_layer_are_those_of_pytorch(model, network_input, seen):
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


def test_the_evidence_of_a_pixel_is_what_the_digit_loses_without_its_squares(
    model, network_input, seen
):
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
    desktop.page.mouse.up()
    assert len(pictures) > 3
    title = texts.INSIDE["evidence"][0]["title"].format(digit="a 3")
    desktop.page.wait_for_function(
        "title => document.querySelector('#inside').innerText.includes(title)", arg=title
    )
    scores = desktop.page.locator("#inside .scores li")
    assert scores.count() == 10 and scores.nth(3).get_attribute("class") == "best"
    assert requests == []


def test_who_points_at_a_map_sees_what_feeds_it(visitor):
    visitor.draw("5 one stroke")
    visitor.sees("5")
    visitor.page.click("#inside summary")
    last = visitor.page.locator("#inside .map[data-layer='4']")
    visitor.page.wait_for_function(
        "document.querySelectorAll('#inside .map canvas')[4].width > 100"
    )
    fed = "[...document.querySelectorAll('#inside .field')].map((path) => path.getAttribute('d'))"
    last.scroll_into_view_if_needed()
    last.hover(position={"x": 20, "y": 20})
    drawn = visitor.page.evaluate(fed)
    # One square of the input, sixteen of each layer of sixteen maps, none of what comes after.
    assert [len((path or "").split("M")) - 1 for path in drawn] == [1, 8, 16, 16, 0, 0]
    last.focus()
    visitor.page.keyboard.press("ArrowRight")
    assert visitor.page.evaluate(fed) != drawn


def test_a_whole_number_has_no_inside(desktop):
    desktop.page.click("#inside summary")
    desktop.draw("5 one stroke")
    desktop.page.wait_for_selector("#inside .parts", state="visible")
    desktop.page.click("#wide")
    desktop.page.wait_for_selector("#inside .parts", state="hidden")
