"""The tab "About the model": where each figure comes from, and the layout."""

import base64
import json
import shutil
import xml.etree.ElementTree as ElementTree
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from visitor import visit

from finalnet import FinalNet
from finalnet.checkpoint import BUNDLED, CURVES, EVALUATION
from finalnet.summary import summarize
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.browser import FOLDER

CONFIG, TRAINING, EVALUATED = "config.json", "metrics.json", f"{EVALUATION}/metrics.json"
MISTAKES = f"{EVALUATION}/mnist-test-mistakes.png"
# (file, keys of a figure, new value, text that the page must then show)
FIGURES = [
    (TRAINING, ["test_accuracy"], 0.8765, "87.65 %"),
    (TRAINING, ["test_accuracy_of_one_view"], 0.8654, "86.54 %"),
    (TRAINING, ["validation_accuracy"], 0.8543, "85.43 %"),
    (TRAINING, ["seconds"], 4_620, "77 minutes on a GPU"),
    (TRAINING, ["device"], "mps", "on an Apple GPU"),
    (TRAINING, ["versions", "torch"], "9.8.7+cu199", "with PyTorch 9.8.7."),
    (TRAINING, ["arguments", "epochs"], 77, "77 epochs"),
    (TRAINING, ["arguments", "seed"], 4_321, "seed 4321,"),
    (TRAINING, ["arguments", "generated_digits"], 12_345, "12,345 generated digits"),
    (TRAINING, ["arguments", "generated_others"], 12_345, "12,345 generated drawings"),
    (TRAINING, ["history", -1, "epoch"], 77, "After epoch 77:"),
    (TRAINING, ["history", -1, "loss"], 0.4567, "loss 0.457."),
    (TRAINING, ["history", -1, "validation_accuracy"], 0.8432, "validation accuracy 84.32 %"),
    (EVALUATED, ["digits", 0, "count"], 7_654, "7,654"),
    (EVALUATED, ["digits", 1, "accuracy"], 0.8321, "83.21 %"),
    (EVALUATED, ["digits", 2, "accepted"], 0.8210, "82.10 %"),
    (EVALUATED, ["digits", 3, "calibration_error"], 0.0809, "8.09 %"),
    (EVALUATED, ["digits", 4, "accuracy_by_digit", 6], 0.0708, "6: 7.08 %"),
    (
        EVALUATED,
        ["digits", 0, "confusion", 5],
        [0, 0, 0, 6_543, 0, 1_588, 0, 0, 0, 0],
        "5 was drawn: 6,543 times in 8,131",
    ),
    (EVALUATED, ["digits", 0, "name"], "tilted", "Drawn at a tilt: 8,154 digits"),
    (EVALUATED, ["runs", 0, "runs"], 77, "77"),
    (EVALUATED, ["runs", 0, "mean"], 0.8107, "81.07 % ±"),
    (EVALUATED, ["runs", 0, "deviation"], 0.0706, "± 7.06 %"),
    (EVALUATED, ["runs", 0, "lowest"], 0.7907, "79.07 %"),
    (EVALUATED, ["runs", 0, "highest"], 0.9908, "99.08 %"),
    (EVALUATED, ["not digits", 0, "count"], 7_654, "7,654"),
    (EVALUATED, ["not digits", 0, "auroc"], 0.8768, "0.877"),
    (EVALUATED, ["not digits", 1, "accepted"], 0.0605, "6.05 %"),
    (EVALUATED, ["not digits", 1, "accepted_at_99"], 0.0504, "5.04 %"),
]
SECTIONS = {
    CURVES: "How it learned",
    MISTAKES: "Where it was sure but wrong",
    EVALUATED: "Which digits it confuses",
}
THEMES = ("light", "dark")
# (width and height of the window in px, forced colors)
LOOKS = [
    ((1920, 950), "none"),
    ((1280, 800), "none"),
    ((390, 844), "none"),
    ((1280, 800), "active"),
]

# Applies each rule of a style sheet as an inline style to the elements that it selects: a property
# that does not change was already in force. Skips rules for another screen or theme.
RULES_IN_FORCE = """
async (css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const dark = document.querySelector(".dark") !== null;
  const rules = [];
  const check = (rule, condition) => {
    const selector = rule.selectorText;
    if (selector.startsWith(".dark") && !dark) return;
    const elements = document.querySelectorAll(selector.replace(":focus-visible", ""));
    const names = [...rule.style];
    const works = new Set();
    for (const element of elements) {
      if (selector.includes(":focus-visible")) element.focus();
      const look = () => names.map((name) => getComputedStyle(element).getPropertyValue(name));
      const before = look();
      const style = element.getAttribute("style");
      element.style.cssText += rule.style.cssText.replaceAll(";", " !important;");
      const after = look();
      style === null ? element.removeAttribute("style") : element.setAttribute("style", style);
      names.forEach((name, index) => before[index] === after[index] && works.add(name));
    }
    const special = Boolean(condition) || selector.startsWith(".dark");
    rules.push({
      rule: `${condition} ${selector}`,
      special,
      selects: elements.length > 0,
      works: [...works],
      fails: names.filter((name) => !works.has(name)),
    });
  };
  for (const rule of sheet.cssRules) {
    if (rule instanceof CSSStyleRule) check(rule, "");
    else if (matchMedia(rule.media.mediaText).matches)
      for (const inner of rule.cssRules) check(inner, rule.media.mediaText);
  }
  return rules;
}
"""


@pytest.fixture
def checkpoint(tmp_path):
    """A copy of the committed checkpoint."""
    return Path(shutil.copytree(BUNDLED, tmp_path / "finalnet"))


@pytest.fixture(scope="module", params=THEMES)
def themed(request, browser, app_url):
    """The open tab "About the model" in one theme."""
    with visit(browser, app_url, media={"color_scheme": request.param}) as visitor:
        yield open_about(visitor.page)


@pytest.fixture(params=LOOKS, ids=str)
def about(request, themed):
    """The open tab "About the model" in one theme and look."""
    look(themed, *request.param)
    return themed


def open_about(page):
    page.get_by_role("tab", name=texts.ABOUT_TAB).click()
    page.wait_for_selector("#about table")
    page.wait_for_function("[...document.querySelectorAll('#about img')].every((i) => i.complete)")
    return page


def look(page, size, forced_colors):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(forced_colors=forced_colors)


def change(path, keys, value):
    """Set a value in a JSON file."""
    contents = part = json.loads(path.read_text())
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    path.write_text(json.dumps(contents))


def parse(html):
    """Parse a description, which is also well-formed XML."""
    return ElementTree.fromstring(html)


def plain(element):
    """The text of an element with all whitespace as single spaces."""
    return " ".join("".join(element.itertext()).split())


def words(folder):
    return plain(parse(describe(folder)))


def rows(folder, caption):
    """The rows of the table with this caption."""
    tables = {
        plain(table.find("caption")): table for table in parse(describe(folder)).iter("table")
    }
    return [[plain(cell) for cell in row] for row in tables[caption].iter("tr")]


@pytest.mark.parametrize(
    ("file", "keys", "value", "text"), FIGURES, ids=lambda part: str(part).replace("/", " ")
)
def test_every_figure_on_the_page_comes_from_the_checkpoint(checkpoint, file, keys, value, text):
    before = words(checkpoint)
    change(checkpoint / file, keys, value)
    assert words(checkpoint).count(text) > before.count(text)


@pytest.mark.parametrize("file", [CURVES, MISTAKES])
def test_every_picture_on_the_page_comes_from_the_checkpoint(checkpoint, file):
    (checkpoint / file).write_bytes(b"another picture")
    sources = [image.get("src") for image in parse(describe(checkpoint)).iter("img")]
    assert b"another picture" in [base64.b64decode(s.partition("base64,")[2]) for s in sources]


@pytest.mark.parametrize("file", SECTIONS)
def test_the_section_of_a_missing_file_is_left_out(checkpoint, file):
    assert SECTIONS[file] in words(checkpoint)
    (checkpoint / file).unlink()
    assert SECTIONS[file] not in words(checkpoint)


def test_rejection_is_mentioned_only_if_the_checkpoint_has_a_threshold(checkpoint):
    assert "When it is not sure" in words(checkpoint)
    change(checkpoint / CONFIG, ["rejection_threshold"], None)
    assert "When it is not sure" not in words(checkpoint)


def test_every_data_set_has_a_name_that_visitors_understand(checkpoint):
    evaluation = json.loads((checkpoint / EVALUATED).read_text())
    for score in [*evaluation["digits"], *evaluation["not digits"]]:
        assert score["name"] not in words(checkpoint)
    assert "jsonl" not in words(checkpoint) and "Drawn letters" in words(checkpoint)


@pytest.mark.parametrize("share", [1.0, 0.999_999])
def test_no_figure_is_rounded_up_to_100_percent(checkpoint, share):
    change(checkpoint / TRAINING, ["test_accuracy"], share)
    change(checkpoint / EVALUATED, ["digits", 0, "accepted"], share)
    assert "100.00" not in words(checkpoint) and words(checkpoint).count("99.99 %") >= 2


def test_the_build_tag_of_pytorch_is_hidden(checkpoint):
    change(checkpoint / TRAINING, ["versions", "torch"], "2.15.0+cu130")
    assert "PyTorch 2.15.0." in words(checkpoint) and "cu130" not in words(checkpoint)


def test_without_several_runs_no_spread_is_shown(checkpoint):
    change(checkpoint / EVALUATED, ["runs"], [])
    assert "±" not in words(checkpoint)


def test_a_checkpoint_without_evaluation_is_described(checkpoint):
    shutil.rmtree(checkpoint / EVALUATION)
    assert "There is no evaluation of this checkpoint yet" in words(checkpoint)
    assert "Test accuracy" in words(checkpoint) and "How it learned" in words(checkpoint)


def test_a_checkpoint_of_weights_alone_is_described(tmp_path):
    FinalNet().save_pretrained(tmp_path)
    assert "conv4" in words(tmp_path)


def test_every_layer_is_listed_with_its_parameter_count(checkpoint):
    layers = summarize()
    total = sum(layer.parameters for layer in layers)
    table = rows(checkpoint, f"The layers, first to last: {total:,} parameters")
    listed = [(row[0], row[-1]) for row in table[1:]]
    assert listed == [(layer.name, f"{layer.parameters:,}") for layer in layers]


def test_mistakes_are_shaded_by_their_share_of_the_drawn_digit(checkpoint):
    confusion = [[7 if row == column else 0 for column in range(10)] for row in range(10)]
    confusion[4][9] = 7  # half of the fours
    confusion[0][6] = 1  # an eighth of the zeros
    change(checkpoint / EVALUATED, ["digits", 0, "confusion"], confusion)
    cells = parse(describe(checkpoint)).findall(".//td[@class='mistake']")
    assert [cell.get("style") for cell in cells] == ["--shade: 0.25", "--shade: 1.00"]
    table = rows(checkpoint, "Drawn anywhere on the pad: 8,154 digits")
    assert table[2 + 4] == ["4", "", "", "", "", "7", "", "", "", "", "7"]


def test_the_page_says_when_there_are_no_mistakes(checkpoint):
    confusion = [[5 if row == column else 0 for column in range(10)] for row in range(10)]
    change(checkpoint / EVALUATED, ["digits", 0, "confusion"], confusion)
    assert "It made no mistakes." in words(checkpoint)


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        (TRAINING, ["device"]),
        (TRAINING, ["versions", "torch"]),
        (TRAINING, ["arguments", "seed"]),
        (TRAINING, ["arguments", "epochs"]),
        (EVALUATED, ["digits", 0, "name"]),
        (EVALUATED, ["runs", 0, "name"]),
        (EVALUATED, ["not digits", 0, "name"]),
    ],
    ids=str,
)
def test_markup_in_the_files_is_shown_as_text(checkpoint, file, keys):
    markup = """<img src="x" onerror='alert(1)'> & "more" """.strip()
    change(checkpoint / file, keys, markup)
    assert markup not in describe(checkpoint) and markup in words(checkpoint)


def test_a_script_in_a_picture_does_not_run(checkpoint, browser):
    script = "<script>parent.document.title = document.title = 'harmed'</script>"
    chart = (checkpoint / CURVES).read_text().replace("</svg>", f"{script}</svg>")
    (checkpoint / CURVES).write_text(chart)
    page = browser.new_page()
    page.set_content(f"<title>unharmed</title>{describe(checkpoint)}")
    page.wait_for_function("document.querySelector('.curves').complete")
    assert page.locator(".curves").evaluate("image => image.naturalWidth") > 0
    assert page.title() == "unharmed"
    page.close()


def test_a_history_of_nan_losses_is_not_shown(checkpoint):
    epoch = {"epoch": 1, "loss": float("nan"), "validation_accuracy": 0.1, "seconds": 1}
    change(checkpoint / TRAINING, ["history"], [epoch])
    assert "How it learned" not in words(checkpoint)


def test_everything_wide_is_focusable_and_named(checkpoint):
    root = parse(describe(checkpoint))
    regions = root.findall(".//div[@role='region']")
    assert len(regions) == len(list(root.iter("table"))) + 1  # the picture of mistakes
    assert all(region.get("tabindex") == "0" and region.get("aria-label") for region in regions)
    assert all(image.get("alt") for image in root.iter("img"))
    assert all(header.get("scope") for header in root.iter("th"))


def test_every_rule_of_the_style_sheet_applies(browser, app_url):
    css, works, fails = (FOLDER / "about.css").read_text(), set(), set()
    for theme in THEMES:
        with visit(browser, app_url, media={"color_scheme": theme}) as visitor:
            page = open_about(visitor.page)
            page.keyboard.press("Tab")  # shows focus outlines, as for keyboard users
            for size, forced_colors in LOOKS:
                look(page, size, forced_colors)
                for found in page.evaluate(RULES_IN_FORCE, css):
                    name = f"{theme} {size} {forced_colors}: {found['rule']}"
                    assert found["selects"], f"{name} selects nothing"
                    # Rules for this screen or theme must apply here, others in at least one look.
                    assert not (found["special"] and found["fails"]), f"{name}: {found}"
                    works |= {(found["rule"], declaration) for declaration in found["works"]}
                    fails |= {(found["rule"], declaration) for declaration in found["fails"]}
    assert fails - works == set()
    assert len({rule for rule, _ in works}) == css.count("{") - css.count("@media")


def test_the_width_is_used_and_nothing_is_cut_off(about):
    width = about.viewport_size["width"]
    boxes = [box.bounding_box() for box in about.locator(".about section").all()]
    columns = {round(box["x"]) for box in boxes}
    assert len(columns) == {1920: 3, 1280: 2, 390: 1}[width]
    heading = about.locator("#title h1").bounding_box()
    assert width == 390 or min(columns) == round(heading["x"])  # the page's
    margins = min(columns), width - max(box["x"] + box["width"] for box in boxes)
    assert max(margins) < 50
    assert about.evaluate("document.documentElement.scrollWidth") <= width
    cut = """(part) => part.scrollWidth > part.clientWidth + 1"""
    frames = about.locator(".about .wide")
    assert width == 390 or not any(frame.evaluate(cut) for frame in frames.all())


def test_pictures_have_the_background_of_the_page(about):
    about.evaluate("document.querySelector('#about .wide').focus()")
    paper = about.evaluate("getComputedStyle(document.body).backgroundColor")
    for name in ("curves", "mistakes"):
        picture = Image.open(BytesIO(about.locator(f".about .{name}").screenshot())).convert("RGB")
        assert f"rgb{picture.getpixel((2, 2))}" == paper, name
        dark_page = sum(picture.getpixel((2, 2))) < 3 * 128
        darkest, brightest = picture.convert("L").getextrema()
        assert brightest > 130 if dark_page else darkest < 130, name


def test_axe_finds_no_violation(about):
    found = Axe().run(about, context="#about", options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
