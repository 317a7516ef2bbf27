"""The page's recogniser: loading, failing and retrying while the pen keeps working."""

from drawings import DRAWINGS
from hosts import Host
from visitor import SCREENS, draw_on

from finalnet import draw_strokes
from finalnet.checkpoint import BUNDLED
from finalnet.sharing.export import export_page
from finalnet.web import texts


def draw_one(page) -> None:
    canvas = page.locator("#sketchpad canvas").bounding_box()
    page.mouse.move(canvas["x"] + 200, canvas["y"] + 60)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 200, canvas["y"] + 300, steps=9)
    page.mouse.up()


def test_the_page_says_when_the_network_does_not_load_and_retries(browser, app_url):
    context = browser.new_context(**SCREENS["desktop"])
    page = context.new_page()
    context.route("**/model.safetensors", lambda route: route.abort())
    page.goto(app_url)
    failure = page.locator("#sketchpad ~ .failure")
    failure.wait_for()
    assert texts.PAD["failure"] in failure.inner_text()
    draw_one(page)
    assert page.locator("#answer .digit").inner_text() == ""
    context.unroute("**/model.safetensors")
    page.click("#retry")
    page.wait_for_function("document.querySelector('#answer .digit').textContent === '1'")
    assert not failure.is_visible()
    context.close()


def test_a_drawing_made_before_the_network_loads_is_read_afterwards(browser, app_url):
    context = browser.new_context(**SCREENS["desktop"])
    page = context.new_page()
    waiting = []
    context.route("**/model.safetensors", lambda route: waiting.append(route))
    page.goto(app_url)
    page.wait_for_selector("#sketchpad.ready")
    draw_on(page, page, DRAWINGS["7 crossed"][1])
    assert page.locator("#answer .digit").inner_text() == ""
    waiting[0].continue_()
    page.wait_for_function("document.querySelector('#answer .digit').textContent === '7'")
    context.close()


def test_an_answer_that_arrives_before_the_readout_is_shown_later(browser, app_url):
    with browser.new_context(**SCREENS["desktop"]) as context:
        page = context.new_page()
        waiting = []
        context.route("**/readout.js", lambda route: waiting.append(route))
        page.goto(app_url, wait_until="commit")
        page.wait_for_selector("#sketchpad.ready")
        draw_one(page)
        page.wait_for_function("document.querySelector('#sketchpad').reading?.finished")
        assert page.locator("#answer .digit").inner_text() == ""
        for route in waiting:
            route.continue_()
        page.wait_for_function("document.querySelector('#answer .digit').textContent === '1'")


def test_see_inside_shows_a_picture_once_the_network_loads(browser, app_url, tmp_path):
    with browser.new_context(**SCREENS["desktop"]) as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        context.route("**/model.safetensors", lambda route: route.abort())
        page.goto(app_url)
        page.locator("#sketchpad ~ .failure").wait_for()
        page.click("#inside summary")
        draw_strokes(DRAWINGS["3 round"][1]).save(tmp_path / "3.png")
        page.set_input_files("#picture-choose input", tmp_path / "3.png")
        page.wait_for_function("document.querySelector('#answer .digit').textContent === '3'")
        page.get_by_text(texts.INSIDE["waiting"]).wait_for()
        assert not page.locator("#inside .parts").is_visible()
        context.unroute("**/model.safetensors")
        page.evaluate("document.querySelector('#retry').click()")
        page.wait_for_selector("#inside .parts", state="visible")
        page.wait_for_selector("#inside .evidence h2:not(:empty)")
        assert errors == []


# Records the page's workers and whether they still run.
COUNT_WORKERS = """
window.workers = [];
window.Worker = class extends Worker {
  constructor(...options) { super(...options); workers.push(this); this.isAlive = true; }
  terminate() { super.terminate(); this.isAlive = false; }
};
"""


def test_a_new_worker_reads_what_a_crashed_one_did_not(browser, app_url):
    with browser.new_context(**SCREENS["desktop"]) as context:
        page = context.new_page()
        page.add_init_script(COUNT_WORKERS)
        page.goto(app_url)
        page.wait_for_selector("#sketchpad.reads")
        page.evaluate("workers[0].terminate()")
        draw_one(page)
        page.evaluate("workers[0].dispatchEvent(new ErrorEvent('error', { message: 'lost' }))")
        page.click("#retry")
        page.wait_for_function("document.querySelector('#answer .digit').textContent === '1'")


# Counts what could leak: listeners of document and window, resize observers, intervals, workers.
COUNT_ALL = (
    COUNT_WORKERS
    + """
window.held = new Set();
window.ResizeObserver = class extends ResizeObserver {
  observe(...more) { held.add(this); super.observe(...more); }
  disconnect() { held.delete(this); super.disconnect(); }
};
const { setInterval: begin, clearInterval: end } = window;
window.setInterval = (...more) => { const id = begin(...more); held.add(id); return id; };
window.clearInterval = (id) => { held.delete(id); end(id); };
const { addEventListener: listen } = EventTarget.prototype;
EventTarget.prototype.addEventListener = function (type, take, options) {
  const isOurs = new Error().stack.includes(".js:");
  if (isOurs && (this === document || this === window)) {
    const entry = [type, take];
    held.add(entry);
    options?.signal?.addEventListener("abort", () => held.delete(entry));
  }
  listen.call(this, type, take, options);
};
window.count = () => [held.size, workers.filter(({ isAlive }) => isAlive).length];
"""
)


def test_a_removed_part_leaks_nothing(browser, tmp_path):
    export_page(tmp_path / "page", BUNDLED)
    host = Host(tmp_path / "page")
    try:
        with browser.new_context(**SCREENS["desktop"]) as context:
            page = context.new_page()
            page.add_init_script(COUNT_ALL)
            page.goto(host.url)
            page.wait_for_selector("#sketchpad.reads")
            before = page.evaluate("count()")
            assert before[0] > 10 and before[1] == 1
            ours = "['pad', 'answer', 'bars', 'network-input', 'digits', 'hand', 'inside']"
            page.evaluate(f"{ours}.forEach((id) => document.getElementById(id).remove())")
            page.evaluate("new Promise((resolve) => setTimeout(resolve))")
            left = page.evaluate(
                """() => [...held].filter((each) => typeof each === "object")
                  .map((each) => each instanceof Array ? each[0] : each.constructor.name)"""
            )
            assert sorted(left) == ["fullscreenchange", "keydown"]  # of the stage
            assert page.evaluate("count()") == [2, 0]
    finally:
        host.stop()
