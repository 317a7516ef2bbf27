"""Watch it learn: compares each training state on the page with PyTorch."""

import base64
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open
from test_export import StaticServer
from torch.nn import functional as F
from visitor import DESKTOP, SCREENS, Visitor, visit

from benchmarks.twins import load_in_browser
from finalnet import FinalNet
from finalnet.checkpoint import BUNDLED, STATES, TUTORIAL
from finalnet.model import to_tensor
from finalnet.preprocessing import shrink_whole
from finalnet.sharing.export import export_page
from finalnet.views import make_views
from finalnet.web import texts
from finalnet.web.sketchpad import Sketch

CONFIG = json.loads((BUNDLED / "config.json").read_text())
WORDS = texts.INSIDE["learning"]
FRAME = 16  # ms

# Moves the slider to a stop; returns the reading, the bars and the outputs of conv4 and fc1.
SLIDE = """async (stop) => {
  const pad = document.querySelector("#sketchpad");
  const slider = document.querySelector("#learning input");
  const state = stop === Number(slider.max) ? null : stop;
  const read = new Promise((resolve) => {
    document.addEventListener("reading", function heard({ detail }) {
      if (detail.state !== state) return;
      document.removeEventListener("reading", heard);
      resolve(detail);
    });
  });
  slider.value = stop;
  slider.dispatchEvent(new Event("input"));
  const { digits: [digit] } = await read;
  const { maps, features } = await new Promise((resolve) =>
    // Answers for the previous stop may still arrive.
    pad.look(digit.input, false, state, (inside) => inside.state === state && resolve(inside)));
  const bars = [...document.querySelectorAll("#bars .row")].map((row) => row.ariaValueNow / 100);
  return { ...digit, bars, map: [...maps[3].values], features: [...features] };
}"""
# Moves the slider and waits until the bars and maps show that state.
DRAG = """async (stop) => {
  const pad = document.querySelector("#sketchpad");
  const slider = document.querySelector("#learning input");
  const { look } = pad;
  const drawn = new Promise((resolve) => {
    pad.look = (input, isThorough, state, show) => look(input, isThorough, state, (inside) => {
      show(inside);
      requestAnimationFrame(() => setTimeout(resolve)); // after the paint
    });
  });
  slider.value = stop;
  slider.dispatchEvent(new Event("input"));
  await drawn;
  pad.look = look;
}"""
FETCHED = """() => performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((name) => /checkpoint.(states|tutorial|metrics)/.test(name))"""


def states_of(name: str) -> tuple[list[dict], list[FinalNet]]:
    """The states in a file of the checkpoint: their metadata, and PyTorch models."""
    with safe_open(BUNDLED / name, "pt") as file:
        states = json.loads(file.metadata()["states"])
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    models = []
    for number in range(len(states)):
        model = FinalNet()
        model.load_state_dict({n: tensor[number] for n, tensor in tensors.items()}, strict=False)
        models.append(model.eval())
    return states, models


def probabilities(model: FinalNet, views: np.ndarray, temperature: float) -> np.ndarray:
    with torch.inference_mode():
        logits = model.logits(to_tensor(views)).mean(0)
    return (logits / temperature).softmax(0).numpy()


def decode(digit: dict) -> np.ndarray:
    return np.frombuffer(bytearray(base64.b64decode(digit["input"])), np.uint8).reshape(28, 28)


def watch(visitor: Visitor) -> None:
    """Open "Watch it learn", or return it to the trained network."""
    if visitor.page.locator("#inside details[open]").count() == 0:
        visitor.page.click("#inside summary")
    visitor.page.click("#learn")
    visitor.page.wait_for_selector("#learning", state="visible")


@pytest.fixture(scope="module")
def three(browser, app_url):
    """A visitor who has drawn a 3."""
    with visit(browser, app_url, **SCREENS["desktop"]) as visitor:
        visitor.draw("3 round")
        visitor.sees("3")
        assert visitor.page.evaluate(FETCHED) == []  # not before the visitor asks
        yield visitor


@pytest.fixture
def watcher(three):
    """A visitor who has drawn a 3 and opened "Watch it learn"."""
    watch(three)
    three.sees("3")
    return three


def test_every_state_gives_the_probabilities_and_features_of_pytorch(watcher):
    states, models = states_of(STATES)
    models[-1] = FinalNet.from_pretrained(BUNDLED).eval()  # the last state is the trained network
    for stop, (state, model) in enumerate(zip(states, models, strict=True)):
        said = watcher.page.evaluate(SLIDE, stop)
        network_input = decode(said)
        views = make_views(network_input[None], CONFIG["pens"])
        expected = probabilities(model, views.reshape(-1, 28, 28), CONFIG["temperature"])
        np.testing.assert_allclose(said["probabilities"], expected, atol=1e-3, err_msg=str(state))
        np.testing.assert_allclose(said["bars"], expected, atol=1.5e-3)  # bars show 0.1 % steps
        answer = to_tensor(network_input[None])
        with torch.inference_mode():
            for number in range(1, 5):
                convolved = getattr(model, f"conv{number}")(answer)
                answer = maps = F.relu(getattr(model, f"bn{number}")(convolved))
                answer = F.max_pool2d(answer, 2) if number in (2, 4) else answer
            features = F.relu(model.fc1(answer.flatten(1)))[0]
        np.testing.assert_allclose(said["map"], maps.ravel(), atol=1e-3)
        np.testing.assert_allclose(said["features"], features, atol=1e-3)
        shown = watcher.page.locator("#learning .told").inner_text()
        assert state["name"].lower() in shown.lower()
        assert f"{100 * state['validation_accuracy']:.0f}"[:2] in shown or stop > 4
    slider = watcher.page.locator("#learning input")
    slider.dispatch_event("change")  # releases the slider
    watcher.page.wait_for_selector("#wrong", state="visible")


def test_the_page_says_when_the_states_are_cut_short_and_retries(in_app):
    page = in_app.page
    whole = (BUNDLED / STATES).read_bytes()
    page.route("**/states.safetensors", lambda route: route.fulfill(body=whole[:500_000]))
    page.click("#inside summary")
    page.click("#learn")
    page.get_by_text("incomplete").wait_for()
    assert not page.locator("#learning").is_visible()
    page.unroute("**/states.safetensors")
    watch(in_app)
    assert not page.get_by_text("incomplete").is_visible()
    assert WORDS["prompt"] in page.locator("#learning").inner_text()


def test_the_tutorials_network_sees_the_whole_pad_shrunk_to_28x28(watcher):
    _, (model,) = states_of(TUTORIAL)
    page = watcher.page
    page.click("#tutorial")
    page.wait_for_function("document.querySelector('#sketchpad').reading.state === 'tutorial'")
    drawing = page.evaluate("document.querySelector('#sketchpad').drawing()")
    (said,) = page.evaluate("document.querySelector('#sketchpad').reading.digits")
    seen = shrink_whole(Sketch(drawing["strokes"], drawing["pen_width"]).render())
    assert np.array_equal(decode(said), seen)
    expected = probabilities(model, seen[None], 1)
    np.testing.assert_allclose(said["probabilities"], expected, atol=1e-3)
    assert said["digit"] == expected.argmax()
    assert WORDS["tutorial_text"] in page.locator("#learning").inner_text()
    assert not page.locator("#wrong").is_visible()  # only the trained network can be corrected
    page.click("#tutorial")
    watcher.sees("3")


def test_the_slider_keeps_up_with_60_frames_per_second_without_a_request(watcher):
    fetched = watcher.page.evaluate(FETCHED)
    assert {name.rpartition("/")[2] for name in fetched} == {STATES, TUTORIAL, "metrics.json"}
    requests = []
    watcher.page.on("request", lambda request: requests.append(request.url))
    # CPU time of the page's main thread, because the machine may be busy.
    thread = watcher.page.context.new_cdp_session(watcher.page)
    thread.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = thread.send("Performance.getMetrics")["metrics"]
        return 1000 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    medians = []
    for _ in range(4):  # the first run compiles the code; others may be disturbed
        took = []
        for stop in [*range(12), *range(11, -1, -1)]:
            before = worked()
            watcher.page.evaluate(DRAG, stop)
            took.append(worked() - before)
        medians.append(np.median(took))
    print("medians of a frame's work:", *(f"{median:.1f} ms" for median in medians))
    assert min(medians) < FRAME
    assert requests == [] and watcher.page.evaluate(FETCHED) == fetched


def test_taught_drawings_do_not_change_earlier_states(watcher):
    load_in_browser(watcher.page)
    said = watcher.page.evaluate("""async () => {
      const { recognizersOf } = await import("/files/any/recognizer/states.js");
      const file = await (await fetch("/files/any/checkpoint/states.safetensors")).arrayBuffer();
      const { strokes, pen_width: penWidth } = document.querySelector("#sketchpad").drawing();
      const memory = recognizer.remember({ strokes, penWidth, label: 7 });
      const taught = recognizer.taught([memory]);
      const [last] = recognizersOf(file, taught).slice(-1);
      return [taught, last.recognizer].map((each) => each.recognize(strokes, penWidth).digit);
    }""")
    assert said == [7, 3]


def test_closing_restores_the_trained_network(watcher):
    page = watcher.page
    page.evaluate(SLIDE, 0)
    assert page.locator("#answer .digit").inner_text() == "?"
    assert page.locator("#answer .caption").inner_text() == texts.ANSWER["no_idea"]
    page.click("#inside summary")
    watcher.sees("3")
    assert not page.locator("#learning").is_visible()
    page.click("#inside summary")


def test_a_key_plays_the_training_on_stage(watcher):
    page = watcher.page
    page.click("#present")
    assert not page.locator("#learning").is_visible()
    page.keyboard.press("i")  # hides the layers
    page.keyboard.press("l")
    page.wait_for_function("document.querySelector('#sketchpad').reading.state === 0")
    began = page.evaluate("performance.now()")
    watcher.sees("?")
    assert all(5 < bar["percent"] < 20 for bar in watcher.bars())
    assert "untrained" in page.locator("#learning .moment").inner_text().lower()
    assert page.locator("#learning .moment").evaluate(
        "(e) => parseFloat(getComputedStyle(e).fontSize) > 0.04 * Math.min(innerWidth, innerHeight)"
    )
    page.wait_for_function("document.querySelector('#sketchpad').reading.state === null")
    assert 5_000 < page.evaluate("performance.now()") - began < 8_000
    watcher.sees("3")
    watcher.rests()
    assert max(watcher.bars(), key=lambda bar: bar["percent"])["digit"] == "3"
    page.keyboard.press("Escape")
    assert not page.locator("#learning").is_visible()


def test_the_pad_keeps_its_size_while_the_training_plays(watcher):
    page = watcher.page
    page.set_viewport_size({"width": 1024, "height": 768})  # where the last words take a third line
    page.click("#present")
    page.keyboard.press("l")
    page.wait_for_function("document.querySelector('#sketchpad').reading.state === 0")
    height = "document.querySelector('#learning').clientHeight"
    before = page.evaluate(height)
    box = page.locator("#sketchpad").bounding_box()
    page.wait_for_function("document.querySelector('#sketchpad').reading.state === null")
    assert page.evaluate(height) > before
    assert page.locator("#sketchpad").bounding_box() == box
    page.keyboard.press("Escape")
    page.set_viewport_size(DESKTOP)


def test_an_exported_page_shows_the_training_offline_unless_the_checkpoint_lacks_it(
    browser, tmp_path
):
    bare = tmp_path / "bare"
    shutil.copytree(BUNDLED, bare, ignore=shutil.ignore_patterns(STATES))
    export_page(tmp_path / "a" / "sub-path", BUNDLED)
    export_page(tmp_path / "a" / "bare", bare)
    server = StaticServer(tmp_path)
    try:
        with visit(browser, server.url, **SCREENS["phone"]) as visitor:
            visitor.page.wait_for_function("navigator.serviceWorker.controller")
            watch(visitor)
        neighbour = server.url.replace("sub-path", "bare")  # with its own cache
        with visit(browser, neighbour, **SCREENS["phone"]) as visitor:
            visitor.page.wait_for_function("navigator.serviceWorker.controller")
            visitor.page.click("#inside summary")
            assert not visitor.page.locator("#learn").is_visible()
            assert not visitor.page.locator("#learning").is_visible()
    finally:
        server.stop()
    with visit(browser, server.url, **SCREENS["phone"]) as visitor:
        page = visitor.page
        visitor.touch("3 round")
        visitor.sees("3")
        watch(visitor)
        assert page.evaluate(SLIDE, 0)["verdict"] == "unsure"
        visitor.sees("?")
        page.evaluate("scrollTo(0, 0)")
        for part in ("#bars .rows", "#learning input", "#learning .mark"):  # all visible at once
            box = page.locator(part).bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= 844
