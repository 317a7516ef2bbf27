"""Teaching the page by corrections, files and ten prompts; drawings stay in the browser."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from drawings import DRAWINGS
from hosts import Host
from visitor import SCREENS, Visitor, visit

from finalnet.checkpoint import BUNDLED
from finalnet.drawings import read_drawings
from finalnet.sharing.export import export_page
from finalnet.web import texts

KEY = "finalnet-hand:/:pad"
PAD = "document.querySelector('.paper')"
# A 1 with a flat flag, which the network takes for a 7.
FLAT = [[(22, 16), (62, 10), (58, 90)]]
LIKE_IT = [[(22, 17), (63, 11), (58, 88)]]


@pytest.fixture(scope="module")
def shared(browser, page_url):
    with visit(browser, page_url, **SCREENS["desktop"]) as visitor:
        visitor.page.set_default_timeout(10_000)
        yield visitor


@pytest.fixture
def person(shared) -> Visitor:
    """A visitor of the shared page, which has not been taught anything."""
    start_anew(shared)
    return shared


def start_anew(visitor: Visitor) -> None:
    visitor.page.evaluate(
        """() => {
          document.querySelector(".on-stage #leave")?.click();
          document.querySelectorAll(":popover-open").forEach((each) => each.hidePopover());
          document.querySelector(".tour:not([hidden]) .stop")?.click();
          document.querySelector("#wide[aria-pressed=true]")?.click();
          document.querySelector("#clear").click();
          localStorage.clear();
          dispatchEvent(new StorageEvent("storage", { key: null })); // as if from another tab
        }"""
    )
    visitor.sees("")
    knows(visitor, texts.HAND["none"])


def kept(visitor: Visitor) -> list[dict]:
    state = json.loads(
        visitor.page.evaluate(f"localStorage.getItem('{KEY}')") or '{"drawings": []}'
    )
    return state["drawings"]


def knows(visitor: Visitor, words: str) -> None:
    visitor.page.locator("#hand-known", has_text=words).wait_for()


def correct(visitor: Visitor, label: str) -> None:
    visitor.page.click("#wrong")
    visitor.page.locator("#correction").get_by_text(label, exact=True).click()


def draw_anew(visitor: Visitor, strokes) -> None:
    visitor.page.evaluate("document.querySelector('#clear').click()")
    visitor.sees("")
    visitor.draw_strokes(strokes)


def test_a_correction_holds_for_similar_drawings_and_after_a_reload(person):
    page = person.page
    sent = []
    person.draw_strokes(FLAT)
    person.sees("7")
    page.on("request", lambda request: sent.append(request.url))
    correct(person, "1")
    person.sees("1")
    assert max(person.bars(), key=lambda bar: bar["percent"])["digit"] == "1"
    assert not page.locator("#correction").is_visible()
    page.get_by_text(texts.ANSWER["learned"], exact=True).wait_for()
    draw_anew(person, LIKE_IT)
    person.sees("1")
    assert page.locator("#wrong").inner_text() == texts.ANSWER["wrong"]
    knows(person, "Knows 1 of your drawings")
    assert sent == []
    (drawing,) = kept(person)
    assert drawing["label"] == 1 and drawing["pen_width"] == 18 and len(drawing["strokes"]) == 1
    page.reload()
    page.wait_for_selector(person.READY)
    person.sees("1")
    draw_anew(person, DRAWINGS["7 crossed"][1])
    person.sees("7")


def test_a_correction_can_be_undone_and_changed(person):
    page = person.page
    person.draw("7 crossed")
    person.sees("7")
    correct(person, "2")
    person.sees("2")
    for button in page.locator("#correction button").all()[:3]:
        button.evaluate("button => button.click()")  # three clicks in quick succession
    page.wait_for_function(f"{PAD}.taught.reads?.join() === '2'")
    correct(person, "1")
    person.sees("1")
    page.click("#wrong")
    assert page.locator("#correction [aria-pressed=true]").inner_text() == "1"
    page.keyboard.press("Escape")
    assert [drawing["label"] for drawing in kept(person)] == [1]
    page.get_by_role("button", name=texts.ANSWER["unsay_name"]).click()
    person.sees("2")  # the label before
    correct(person, texts.ANSWER["no_digit"])
    person.sees("?")
    page.click("#wrong")
    page.keyboard.press("7")  # keys work, too
    person.sees("7")
    page.click("#wrong")
    page.keyboard.press("n")
    person.sees("?")
    page.click("#clear")
    person.sees("")
    assert not page.locator("#unsay").is_visible()
    page.locator("#correction button").first.evaluate("button => button.click()")
    assert [drawing["label"] for drawing in kept(person)] == [None]  # an empty pad teaches nothing


def test_a_finger_can_teach(phone):
    phone.touch("7 crossed")
    phone.sees("7")
    phone.page.tap("#wrong")
    phone.page.locator("#correction").get_by_text("1", exact=True).tap()
    phone.sees("1")
    knows(phone, "Knows 1 of your drawings")


def test_a_digit_of_a_number_can_be_chosen_and_taught(person):
    page = person.page
    page.click("#wide")
    for left, strokes in ((0, DRAWINGS["3 round"][1]), (30, FLAT)):
        person.draw_strokes([[(left + x * 0.4, y) for x, y in stroke] for stroke in strokes])
    person.sees("37")
    assert not page.locator("#wrong").is_visible()  # no digit is chosen
    page.locator("#digits .tile").nth(1).click()
    correct(person, "1")
    person.sees("31")
    assert page.locator(".tiles[data-tile='1']").count() == 1  # the digit is still chosen
    (drawing,) = kept(person)
    assert drawing["label"] == 1 and "pen_width" not in drawing and len(drawing["strokes"]) == 1


def test_on_stage_keys_teach_a_digit_and_a_digit_of_a_number(person):
    page = person.page
    page.click("#present")
    person.draw_strokes(FLAT)
    person.sees("7")
    page.wait_for_selector("#wrong:not([hidden])", state="attached")
    page.keyboard.press("t")
    page.wait_for_selector("#correction", state="visible")
    page.keyboard.press("1")
    person.sees("1")
    page.keyboard.press("Space")
    person.sees("")
    person.draw_strokes(LIKE_IT)
    person.sees("1")
    page.keyboard.press("Space")
    page.keyboard.press("w")
    for left, name in ((0, "3 round"), (30, "5 one stroke")):
        strokes = DRAWINGS[name][1]
        person.draw_strokes([[(left + x * 0.4, y) for x, y in stroke] for stroke in strokes])
    person.sees("35")
    page.wait_for_function(f"{PAD}.reading.finished")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tiles[data-tile='1']")
    page.wait_for_selector("#wrong:not([hidden])", state="attached")  # the answer is final
    page.keyboard.press("t")
    page.keyboard.press("9")
    person.sees("39")
    page.keyboard.press("Escape")
    page.wait_for_selector("#hand-known", state="visible")


def test_taught_drawings_are_listed_saved_forgotten_and_loaded(person, tmp_path):
    page = person.page
    for name, label in (("7 crossed", "2"), ("3 round", "8"), ("scribble", "4")):
        person.draw(name)
        person.page.wait_for_selector("#wrong:visible")
        correct(person, label)
        person.sees(label)
        page.click("#clear")
        person.sees("")
    knows(person, "Knows 3 of your drawings")
    page.click("#hand-known")
    pictures = page.locator("#drawings li")
    assert [text.strip() for text in pictures.all_inner_texts()] == ["4", "8", "2"]
    with page.expect_download() as download:
        page.click("#hand-download")
    path = tmp_path / "mine.jsonl"
    path.write_bytes(download.value.path().read_bytes())
    assert [drawing.label for drawing in read_drawings(path)] == ["2", "8", "4"]
    page.get_by_role("button", name="Forget this drawing: 8").click()
    assert [drawing["label"] for drawing in kept(person)] == [2, 4]
    page.click("#hand-undo")
    assert sorted(drawing["label"] for drawing in kept(person)) == [2, 4, 8]
    page.click("#hand-forget")
    assert kept(person) == [] and pictures.count() == 0
    assert page.locator(".notice").inner_text() == "Forgot 3 drawings."
    page.set_input_files("#drawings input", path)
    knows(person, "Knows 3 of your drawings")
    path.write_text(path.read_text() + '{"label": "A", "strokes": [[[1, 2]]]}\nno JSON\n')
    page.set_input_files("#drawings input", path)
    page.get_by_text("Line 5 of the file is not a drawing").wait_for()
    assert len(kept(person)) == 3
    page.keyboard.press("Escape")


def test_ten_prompts_teach_a_handwriting_and_the_page_says_what_changed(person):
    page = person.page
    page.click("#hand-known")
    page.click("#hand-show")
    prompt = page.locator(".tour p")
    assert prompt.inner_text() == "Draw a 0 (1 of 10)"
    page.get_by_role("button", name=texts.HAND["skip"]).click()
    page.wait_for_function(f"{PAD}.querySelector('.hint').textContent.startsWith('Draw a 1')")
    person.draw_strokes(FLAT)
    person.sees("7")
    prompt.get_by_text("Draw a 2").wait_for()  # after a pause of the pen
    person.draw("2 plain")
    page.get_by_role("button", name=texts.HAND["next"]).click()
    prompt.get_by_text("Draw a 3").wait_for()
    page.locator(".tour .back").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    prompt.get_by_text("Draw a 1").wait_for()
    page.locator(".tour .stop").focus()
    page.keyboard.press("Enter")
    page.get_by_text("It read 1 of your 2 digits right; now it reads 2.").wait_for()
    assert [drawing["label"] for drawing in kept(person)] == [1, 2]
    assert not page.locator(".tour").is_visible()
    person.draw_strokes(LIKE_IT)
    person.sees("1")
    page.click("#hand-known")
    page.click("#hand-show")
    page.click("#present")  # ends the prompts
    page.keyboard.press("p")
    assert not page.locator(".tour").is_visible()


def test_two_tabs_keep_each_others_drawings(person):
    with person.page.context.new_page() as page:
        other = Visitor(page, person.page.url)
        for visitor, label in ((person, "2"), (other, "3")):
            visitor.page.bring_to_front()
            visitor.draw("7 crossed" if visitor is person else "1 bar")
            visitor.page.wait_for_selector("#wrong:visible")
            correct(visitor, label)
            visitor.sees(label)
        assert [drawing["label"] for drawing in kept(person)] == [2, 3]
        knows(person, "Knows 2 of your drawings")  # without a reload
        draw_anew(person, DRAWINGS["1 bar"][1])
        person.sees("3")
        assert not other.complaints


def test_it_keeps_100_drawings_and_forgets_the_oldest_of_a_digit(person, tmp_path):
    path = tmp_path / "many.jsonl"
    lines = [
        {"label": i % 10, "strokes": [[[20 + 3 * j, 40 + (i * j * 37) % 190] for j in range(9)]]}
        for i in range(100)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    page = person.page
    page.set_input_files("#drawings input", path)
    knows(person, "Knows 100 of your drawings")
    page.wait_for_function(f"{PAD}.taught.reads?.length === 100")
    person.draw("7 crossed")
    page.wait_for_selector("#wrong:visible")
    correct(person, "6")
    person.sees("6")
    page.get_by_text("It keeps at most 100, so it forgot the oldest, a 6.").wait_for()
    labels = [drawing["label"] for drawing in kept(person)]
    assert len(labels) == 100 and labels[6] == 7 and labels[-1] == 6


# What happens to the storage before teaching, and the key of the notice in `texts.HAND`.
STORAGES = {
    "cut short": (f"localStorage.setItem('{KEY}', '{{\"version\": 1')", "broken"),
    "of another kind": (f"localStorage.setItem('{KEY}', '[7]')", "broken"),
    "of a newer version": (
        f"localStorage.setItem('{KEY}', '{{\"version\": 2, \"hands\": []}}')",
        "foreign",
    ),
    "full": ("localStorage.setItem('more', 'x'.repeat(5_242_870))", "not_kept"),
    "blocked": (
        """() => {
          Storage.prototype.getItem = Storage.prototype.setItem = () => {
            throw new DOMException("blocked", "SecurityError");
          };
        }""",
        "not_kept",
    ),
}


@pytest.mark.parametrize("kind", STORAGES)
def test_teaching_works_despite_unusable_storage_and_the_page_says_so(person, kind):
    happens, words = STORAGES[kind]
    page = person.page
    page.reload()
    page.wait_for_selector(person.READY)
    page.evaluate(happens)
    page.evaluate("dispatchEvent(new StorageEvent('storage', { key: null }))")
    if words != "not_kept":
        page.get_by_text(texts.HAND[words]).wait_for()
    before = page.evaluate("localStorage.length") if kind != "blocked" else None
    for name, label in (("7 crossed", "1"), ("3 round", "8")):
        draw_anew(person, DRAWINGS[name][1])
        page.wait_for_selector("#wrong:visible")
        correct(person, label)
        person.sees(label)
    knows(person, "Knows 2 of your drawings")
    if words == "broken":
        assert len(kept(person)) == 2  # new drawings are stored
    else:
        page.get_by_text(texts.HAND[words]).wait_for()
    if words == "foreign":
        assert page.evaluate("localStorage.length") == before
        assert '"hands"' in page.evaluate(f"localStorage.getItem('{KEY}')")
    page.evaluate("document.querySelector('#clear').click()")
    person.sees("")
    page.reload()  # also forgets drawings that were not stored
    page.wait_for_selector(person.READY)


def test_corrections_of_an_earlier_version_are_kept(person):
    before = (
        '[{"label":"1","strokes":[[[70,40],[212,40],[130,250]]],"answered":"7"}, null, {"a":1}]'
    )
    person.page.evaluate(f"localStorage.setItem('finalnet-corrections', '{before}')")
    person.page.reload()
    knows(person, "Knows 1 of your drawings")
    person.draw("3 round")
    person.page.wait_for_selector("#wrong:visible")
    correct(person, "8")
    person.sees("8")
    assert [drawing["label"] for drawing in kept(person)] == [1, 8]
    assert person.page.evaluate("localStorage.getItem('finalnet-corrections')") is None


def test_the_exported_page_learns_offline_and_remembers_after_a_reload(browser, tmp_path):
    export_page(tmp_path / "page", BUNDLED)
    host = Host(tmp_path / "page")
    try:
        with visit(browser, host.url, **SCREENS["phone"]) as visitor:
            visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            host.stop()
            visitor.draw_strokes(FLAT)
            visitor.sees("7")
            correct(visitor, "1")
            visitor.sees("1")
            visitor.page.reload()
            visitor.page.wait_for_selector(visitor.READY)
            visitor.sees("1")
            draw_anew(visitor, LIKE_IT)
            visitor.sees("1")
    finally:
        host.stop()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_while_teaching(person, theme):
    page = person.page
    page.emulate_media(color_scheme=theme)
    found = []

    def look(*presses: str) -> None:
        for selector in presses:
            page.click(selector)
        person.rests()
        found.append(Axe().run(page, options={"resultTypes": ["violations"]}))

    person.draw("7 crossed")
    person.sees("7")
    look("#wrong")
    page.keyboard.press("1")
    person.sees("1")
    look("#hand-known")
    look("#hand-show")
    page.click(".tour .stop")
    assert all(each.violations_count == 0 for each in found), "".join(
        each.generate_report() for each in found if each.violations_count
    )
