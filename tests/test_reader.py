"""The recogniser of the page: loaded, failed and tried again, beside a pen that never waits."""

from drawings import DRAWINGS
from visitor import SCREENS

from finalnet.web import texts


def draw_one(page) -> None:
    canvas = page.locator("#sketchpad canvas").bounding_box()
    page.mouse.move(canvas["x"] + 200, canvas["y"] + 60)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 200, canvas["y"] + 300, steps=9)
    page.mouse.up()


def test_a_network_that_cannot_be_loaded_is_told_and_tried_again(browser, app_url):
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


def test_what_is_drawn_before_the_network_is_there_is_read_once_it_is(browser, app_url):
    context = browser.new_context(**SCREENS["desktop"])
    page = context.new_page()
    waiting = []
    context.route("**/model.safetensors", lambda route: waiting.append(route))
    page.goto(app_url)
    page.wait_for_selector("#sketchpad.ready")
    canvas = page.locator("#sketchpad canvas").bounding_box()
    for stroke in DRAWINGS["7 crossed"][1]:
        points = [
            (canvas["x"] + x * canvas["width"] / 100, canvas["y"] + y * canvas["height"] / 100)
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()
    assert page.locator("#answer .digit").inner_text() == ""
    waiting[0].continue_()
    page.wait_for_function("document.querySelector('#answer .digit').textContent === '7'")
    context.close()


def test_an_answer_that_comes_before_its_place_on_the_page_is_shown_all_the_same(browser, app_url):
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
