"""The app on a local Ray cluster; needs `pip install "ray[serve]"`."""

import json
import os
import threading
import time
import urllib.request

import pytest
from drawings import DRAWINGS
from serving import ROOT, free_port
from visitor import SCREENS, visit

ray = pytest.importorskip("ray", reason='no Ray; `pip install "ray[serve]"`')

CLIENTS = 8
REPLACED = 180  # s, within which a killed reader must be replaced
SECONDS = 8  # of load; one reader is killed after a quarter of them


@pytest.fixture(scope="module")
def url():
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    for check in ("READY_CHECK", "HEALTH_CHECK"):  # a busy machine starts slowly
        os.environ[f"RAY_SERVE_PROXY_{check}_TIMEOUT_S"] = "120"
    os.environ |= {"RAY_worker_niceness": "0"}  # same priority as other processes
    from ray import serve  # reads these variables

    from deploy.ray_serve import Options, build

    # Perhaps more than the machine has, but the processes are mostly idle.
    ray.init(num_cpus=4, include_dashboard=False, runtime_env={"env_vars": environment})
    port = free_port()
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    serve.run(build(Options(readers=2, most_readers=2)), name="finalnet", route_prefix="/")
    yield f"http://127.0.0.1:{port}"
    serve.shutdown()
    ray.shutdown()


def ask(url: str, name: str) -> dict:
    request = urllib.request.Request(
        f"{url}/gradio_api/run/recognize_strokes",
        json.dumps({"data": [DRAWINGS[name][1]]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"][0]


def running() -> int:
    """The number of readers that are ready."""
    from ray import serve

    deployment = serve.status().applications["finalnet"].deployments["Reader"]
    return deployment.replica_states.get("RUNNING", 0)


def readers() -> set[str]:
    """The names of the readers."""
    actors = ray.util.list_named_actors(all_namespaces=True)
    return {a["name"] for a in actors if a["name"].startswith("SERVE_REPLICA::finalnet#Reader#")}


def test_the_page_loads_and_a_drawing_and_a_picture_are_read(url, browser, tmp_path):
    from finalnet import draw_strokes

    draw_strokes(DRAWINGS["4 open"][1]).save(tmp_path / "4.png")
    with visit(browser, url, **SCREENS["desktop"]) as visitor:
        visitor.draw("5 one stroke")
        visitor.sees("5")
        visitor.page.set_input_files("#picture-choose input", tmp_path / "4.png")
        visitor.sees("4")


def test_no_request_fails_when_a_reader_dies(url):
    expected = {name: ask(url, name) for name in ("3 round", "7 crossed", "4 open")}
    before, until = readers(), time.monotonic() + SECONDS
    assert len(before) == 2
    answers, errors = [], []

    def load(number: int) -> None:
        names = list(expected)
        while time.monotonic() < until:
            number += 1
            name = names[number % len(names)]
            try:
                answer = ask(url, name)
            except OSError as error:
                errors.append(error)
            else:
                answers.append((time.monotonic(), answer["digit"] == expected[name]["digit"]))

    clients = [threading.Thread(target=load, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(SECONDS / 4)
    killed = min(before)
    ray.kill(ray.get_actor(killed, namespace="serve"))
    at = time.monotonic()
    for client in clients:
        client.join()
    assert errors == [] and all(right for _, right in answers)
    assert sum(when < at for when, _ in answers) > 20 and sum(when > at for when, _ in answers) > 20
    deadline = time.monotonic() + REPLACED
    while running() < 2 and time.monotonic() < deadline:
        time.sleep(1)
    assert running() == 2 and killed not in readers()  # it was replaced
