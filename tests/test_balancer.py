"""Two processes that share nothing, behind a round-robin load balancer."""

import json
import urllib.error
import urllib.request

import pytest
from balancer import Balancer
from drawings import DRAWINGS
from serving import running_app
from visitor import SCREENS, visit

from finalnet import draw_strokes
from finalnet.web import texts

THREE = DRAWINGS["3 round"][1]


@pytest.fixture(scope="module")
def balancer(app_url, tmp_path_factory):
    # In a folder of its own, as on another machine.
    with running_app(tmp_path_factory.mktemp("other")) as other:
        balancer = Balancer([app_url, other.url])
        yield balancer
        balancer.stop()


def post(url: str, value) -> dict:
    request = urllib.request.Request(
        url, json.dumps(value).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_strokes_are_read_by_either_process(balancer):
    url = f"{balancer.url}/gradio_api/run/recognize_strokes"
    seen = len(balancer.seen)
    answers = [post(url, {"data": [THREE]})["data"][0] for _ in range(4)]
    assert answers[0]["digit"] == 3 and all(answer == answers[0] for answer in answers)
    assert [number for number, *_ in balancer.seen[seen:]].count(0) == 2


def test_every_part_of_the_page_works(balancer, browser, tmp_path):
    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    seen = len(balancer.seen)
    with visit(browser, balancer.url, **SCREENS["desktop"]) as visitor:
        page = visitor.page
        visitor.draw("5 one stroke")
        visitor.sees("5")
        page.click("#inside summary")
        page.wait_for_function("document.querySelectorAll('#inside .map canvas')[1].width > 100")
        page.click("#inside summary")
        for _ in range(2):  # one for each process
            page.set_input_files("#picture-choose input", tmp_path / "4.png")
            visitor.sees("4")
            page.wait_for_function("document.querySelectorAll('#picture .marks li').length === 1")
            page.click("#picture-remove")
            visitor.sees("5")
        page.get_by_role("tab", name=texts.ABOUT_TAB).click()
        page.wait_for_selector("#about table")
    answered = balancer.seen[seen:]
    assert {number for number, *_ in answered} == {0, 1}
    assert [entry for entry in answered if entry[2] >= 400] == []


def test_calls_of_two_requests_need_sticky_sessions(balancer):
    """As docs/hosting.md says, only the process that took a call knows its event."""
    url = f"{balancer.url}/gradio_api/call/recognize_strokes"
    event = post(url, {"data": [THREE]})["event_id"]
    with urllib.request.urlopen(f"{url}/{event}", timeout=60) as answer:
        assert "404" in answer.read().decode()
