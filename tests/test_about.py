import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from finalnet import FinalNet
from finalnet.checkpoint import COMMITTED, EVALUATION
from finalnet.model import summarize
from finalnet.web.about import describe, draw_curve

PNG = b"\x89PNG\r\n\x1a\n"
SCORE = {
    "name": "random placement",
    "count": 1_234,
    "accuracy": 0.9753,
    "accuracy_by_digit": [None, *[0.9642] * 9],
    "accuracy_by_source": {"": 0.9753},
    "accepted": 0.9531,
    "calibration_error": 0.0123,
    "negative_log_likelihood": 0.1,
    "confusion": [[7 if row == column else 0 for column in range(10)] for row in range(10)],
}
REJECTION = {
    "name": "unseen scribbles",
    "count": 2_345,
    "auroc": 0.9876,
    "accepted": 0.0456,
    "accepted_at_99": 0.0567,
}
SPREAD = {
    "name": "MNIST test",
    "runs": 5,
    "mean": 0.9941,
    "deviation": 0.0003,
    "lowest": 0.9938,
    "highest": 0.9944,
}


@pytest.fixture
def checkpoint(tmp_path):
    """A copy of the committed checkpoint, without its evaluation."""
    folder = tmp_path / "finalnet"
    shutil.copytree(COMMITTED, folder, ignore=shutil.ignore_patterns(EVALUATION))
    return folder


@pytest.fixture
def evaluated(checkpoint):
    """The same with an evaluation of made-up figures: 4 is taken for 9 three times in ten."""
    score = json.loads(json.dumps(SCORE))
    score["confusion"][4][9] = 3
    mnist = score | {"name": "MNIST test", "confusion": [[5] * 10] * 10}
    evaluation = {"digits": [mnist, score], "not digits": [REJECTION], "runs": [SPREAD]}
    (checkpoint / EVALUATION).mkdir()
    write(checkpoint / EVALUATION / "metrics.json", evaluation)
    (checkpoint / EVALUATION / "mnist-test-mistakes.png").write_bytes(PNG)
    return checkpoint


def write(path, metrics):
    path.write_text(json.dumps(metrics))


def change(path, **figures):
    write(path, json.loads(path.read_text()) | figures)


def parse(html):
    """The elements of a description, which is well-formed XML too."""
    return ElementTree.fromstring(html)


def texts(element):
    return ["".join(part.itertext()) for part in element]


def tables(html):
    """The rows of every table, by its caption."""
    return {
        table.findtext("caption"): [texts(row) for row in table.iter("tr")]
        for table in parse(html).iter("table")
    }


def test_figures_of_the_training_are_those_in_its_file(checkpoint):
    metrics = json.loads((checkpoint / "metrics.json").read_text())
    assert f"{100 * metrics['test_accuracy']:.2f} %" in describe(checkpoint)
    assert "87.65 %" not in describe(checkpoint)
    change(checkpoint / "metrics.json", test_accuracy=0.8765)
    assert "87.65 %" in describe(checkpoint)


def test_figures_of_the_evaluation_are_those_in_its_file(evaluated):
    rows = [row for table in tables(describe(evaluated)).values() for row in table]
    name, *figures = "Drawn anywhere on the pad", "1,234", "97.53 %", "95.31 %", "1.23 %"
    assert [name, *figures, "1: 96.42 %"] in rows
    assert ["Scribbles of untrained kinds", "2,345", "4.56 %", "5.67 %", "0.988"] in rows
    assert ["MNIST test", "5", "99.41 % ± 0.03 %", "99.38 %", "99.44 %"] in rows


def test_a_single_run_has_no_spread(evaluated):
    change(evaluated / EVALUATION / "metrics.json", runs=[SPREAD | {"runs": 1}])
    assert "±" not in describe(evaluated)


def test_a_checkpoint_without_evaluation_is_described_all_the_same(checkpoint):
    html = describe(checkpoint)
    assert "has not been evaluated any further yet" in html
    assert "Test accuracy" in html
    assert parse(html).find(".//img") is None


def test_a_folder_of_weights_alone_is_described_all_the_same(tmp_path):
    FinalNet().save_pretrained(tmp_path)
    assert "conv4" in describe(tmp_path)


def test_every_layer_is_listed_with_its_parameter_count(checkpoint):
    layers = summarize(FinalNet())
    total = sum(layer.parameters for layer in layers)
    rows = tables(describe(checkpoint))[f"The layers, first to last: {total:,} parameters"]
    listed = [(row[0], row[-1]) for row in rows[1:]]
    assert listed == [(layer.name, f"{layer.parameters:,}") for layer in layers]


def test_the_confusion_is_that_of_the_digits_placed_at_random(evaluated):
    rows = tables(describe(evaluated))["Drawn anywhere on the pad: 1,234 digits"]
    assert rows[2 + 4] == ["4", "", "", "", "", "7", "", "", "", "", "3"]
    assert "Most often 9 is answered where 4 was drawn: 3 times in 10." in describe(evaluated)


def test_mistakes_are_shaded_by_their_share_of_the_digit(evaluated):
    score = json.loads(json.dumps(SCORE))
    score["confusion"][4][9] = 7  # half of the fours
    score["confusion"][0][6] = 1  # an eighth of the zeros
    change(evaluated / EVALUATION / "metrics.json", digits=[score])
    cells = parse(describe(evaluated)).findall(".//td[@class='mistake']")
    assert [cell.get("style") for cell in cells] == ["--shade: 0.25", "--shade: 1.00"]


def test_a_matrix_without_mistakes_says_so(evaluated):
    change(evaluated / EVALUATION / "metrics.json", digits=[SCORE])
    assert "There is no mistake among them." in describe(evaluated)


def test_markup_in_the_files_is_shown_as_text(evaluated):
    markup = '<img src="x" onerror="alert(1)"> & "more"'
    change(evaluated / "metrics.json", device=markup, versions={"torch": markup})
    others, spread = [REJECTION | {"name": markup}], [SPREAD | {"name": markup}]
    change(
        evaluated / EVALUATION / "metrics.json",
        **{"digits": [SCORE | {"name": markup}], "not digits": others, "runs": spread},
    )
    html = describe(evaluated)
    assert markup not in html
    assert "".join(parse(html).itertext()).count(markup) >= 5


def test_everything_wide_can_be_reached_and_is_named(evaluated):
    root = parse(describe(evaluated))
    regions = root.findall(".//div[@role='region']")
    assert len(regions) == len(list(root.iter("table"))) + len(list(root.iter("img")))
    assert all(region.get("tabindex") == "0" and region.get("aria-label") for region in regions)
    assert all(image.get("alt") for image in root.iter("img"))
    assert all(header.get("scope") for header in root.iter("th"))


def test_charts_have_a_name_and_a_description(checkpoint):
    root = parse(describe(checkpoint))
    by_id = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    charts = list(root.iter("svg"))
    assert len(charts) == 2
    for chart in charts:
        assert "over the epochs" in by_id[chart.get("aria-labelledby")]
        assert "after epoch 1" in by_id[chart.get("aria-describedby")]


def test_a_history_that_holds_no_number_is_not_drawn(checkpoint):
    epoch = {"epoch": 1, "loss": float("nan"), "validation_accuracy": 0.1, "seconds": 1}
    change(checkpoint / "metrics.json", history=[epoch])
    assert parse(describe(checkpoint)).find(".//svg") is None


@pytest.mark.parametrize("values", [[99.5], [1, 1], [0.001, 0.002], [10, 98, 99] * 10, [0, 100]])
def test_any_curve_ends_inside_its_chart(values):
    chart = parse(draw_curve("Accuracy", " %", values))
    points = chart.find(".//polyline").get("points").split()
    assert len(points) == len(values)
    x, y = map(float, points[-1].split(","))
    frame = chart.find(".//rect")
    left, top, width, height = (float(frame.get(k)) for k in ("x", "y", "width", "height"))
    assert left <= x <= left + width
    assert top <= y <= top + height
    ticks = [text.text for text in chart.iter("text") if text.get("class") == "y"]
    assert len(set(ticks)) == len(ticks) >= 2
