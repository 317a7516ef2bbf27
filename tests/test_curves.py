import json
import math
import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from finalnet.checkpoint import BUNDLED, CURVES
from finalnet.training.curves import draw_curves, write_curves
from finalnet.training.loop import Epoch

HISTORIES = {
    "one epoch": ([0.9942], [0.2]),
    "two equal epochs": ([0.99, 0.99], [0.1, 0.1]),
    "tiny differences": ([0.9998, 1.0] * 5, [1e-5, 2e-5] * 5),
    "large": ([0.1, 1.0] * 20, [12_345.678, 0.001] * 20),
    "many": ([0.1, *[0.9955] * 299], [3.0, *[0.2] * 299]),
    "not a number": ([0.1] * 5, [math.nan] * 5),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_no_label_is_cut_off_and_no_two_are_equal(name):
    numbers = enumerate(zip(*HISTORIES[name], strict=True), 1)
    figure = draw_curves([Epoch(n, loss, share, 1.0) for n, (share, loss) in numbers])
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.x1 <= width
    assert drawn.y0 >= 0 and drawn.y1 <= height
    for axes in figure.axes:
        low, high = axes.get_ylim()
        ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        labels = [label.get_text() for tick, label in ticks if low <= tick <= high]
        assert len(set(labels)) == len(labels) >= 2, labels


def test_the_committed_chart_shows_the_committed_history(tmp_path):
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    history = [Epoch(**epoch) for epoch in metrics["history"]]
    write_curves(tmp_path / CURVES, history)
    assert (tmp_path / CURVES).read_bytes() == (BUNDLED / CURVES).read_bytes()
    history[-1] = replace(history[-1], loss=history[-1].loss + 0.01)
    write_curves(tmp_path / CURVES, history)
    assert (tmp_path / CURVES).read_bytes() != (BUNDLED / CURVES).read_bytes()


def test_the_committed_chart_has_margins_and_a_transparent_background(browser, tmp_path):
    page = browser.new_page(viewport={"width": 384, "height": 384})
    page.set_content((BUNDLED / CURVES).read_text().partition("?>")[2])
    page.add_style_tag(content="body { margin: 0; background: none } svg { display: block }")
    picture = page.screenshot(path=tmp_path / "chart.png", omit_background=True)
    page.close()
    ink = np.asarray(Image.open(BytesIO(picture)).convert("RGBA"))[..., 3]
    assert 0.02 < (ink > 0).mean() < 0.3
    assert not (ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())


def test_the_committed_chart_has_enough_contrast_on_white_and_on_black():
    def brightness(colour):
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels > 0.04045, ((channels + 0.055) / 1.055) ** 2.4, channels / 12.92)
        return linear @ [0.2126, 0.7152, 0.0722]

    colours = set(re.findall("#[0-9a-f]{6}", (BUNDLED / CURVES).read_text()))
    assert len(colours) >= 2
    for colour in colours:
        assert 1.05 / (brightness(colour) + 0.05) > 4.4, colour
        assert (brightness(colour) + 0.05) / 0.05 > 3.5, colour
