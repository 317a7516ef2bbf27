"""Publishing to a stand-in for the Hub: it receives the files listed, and they work."""

import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from drawings import DRAWINGS
from gradio_client import Client
from hub import READER, WRITER, Hub
from serving import ROOT, free_port, running_app
from test_export import StaticServer
from visitor import SCREENS, visit

from finalnet import Recognizer, draw_strokes
from finalnet.checkpoint import BUNDLED
from finalnet.sharing.publish import collect_model


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.stop()


@pytest.fixture
def publish(tmp_path, hub):
    """Runs the command, with or without a token."""

    def run(*arguments, token=WRITER, endpoint=hub.url) -> subprocess.CompletedProcess:
        environment = {n: v for n, v in os.environ.items() if not n.startswith(("HF_", "HUGGING"))}
        environment |= {"HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
        # The stand-in does not support the storage protocol of Xet.
        environment |= {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
        return subprocess.run(
            [sys.executable, "-m", "finalnet", "publish", *arguments],
            env=environment | ({"HF_TOKEN": token} if token else {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def files_in(output: str) -> dict[str, int]:
    """The sizes by file name that the command prints."""
    lines = re.findall(r"^ *([\d,]+)  (\S+)$", output, re.MULTILINE)
    return {name: int(size.replace(",", "")) for size, name in lines}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_nothing_is_sent_without_yes(publish, hub):
    run = publish("--space", "ann/app", token=None)
    assert run.returncode == 0, run.stderr
    assert "nothing is published" in run.stdout and hub.repositories == {}
    assert {"README.md", "app.py", "requirements.txt", "LICENSE"} <= files_in(run.stdout).keys()
    for line in ("sdk: gradio", "sdk_version: ", "python_version: ", "app_file: app.py"):
        assert f"\n{line}" in run.stdout


def test_a_published_space_has_the_same_bytes_and_runs(publish, hub, tmp_path):
    run = publish("--space", "ann/app", "--yes")
    assert run.returncode == 0, run.stderr
    assert f"published: {hub.url}/spaces/ann/app" in run.stdout
    arrived = hub.repositories["space", "ann/app"]
    assert {name: len(content) for name, content in arrived.items()} == files_in(run.stdout)
    for name, content in arrived.items():
        if name != "requirements.txt":
            assert content == (ROOT / name).read_bytes(), name
    assert hub.sdks["ann/app"] == "gradio"
    assert hub.large == {n for n in arrived if n.endswith((".png", ".safetensors"))}
    assert not {n for n in arrived if n.endswith((".pyc", ".pyi"))}
    requirements = arrived["requirements.txt"].decode()
    assert "gradio==" in requirements and "torch" not in requirements
    space = write(tmp_path / "space", arrived)
    with running_app(tmp_path, command=(sys.executable, space / "app.py")) as app:
        answer = Client(app.url, verbose=False).predict(
            DRAWINGS["3 round"][1], api_name="/recognize_strokes"
        )
    assert answer["digit"] == 3


def test_a_space_contains_every_picture_of_its_readme(publish, hub):
    publish("--space", "ann/app", "--yes")
    arrived = hub.repositories["space", "ann/app"]
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", arrived["README.md"].decode())
    assert pictures and set(pictures) <= arrived.keys()


def test_a_published_static_space_reads_digits(publish, hub, tmp_path, browser):
    run = publish("--space", "ann/page", "--static", "--yes")
    assert run.returncode == 0, run.stderr
    arrived = hub.repositories["space", "ann/page"]
    assert {name: len(content) for name, content in arrived.items()} == files_in(run.stdout)
    assert hub.sdks["ann/page"] == "static" and b"sdk: static" in arrived["README.md"]
    write(tmp_path / "a" / "sub-path", arrived)
    server = StaticServer(tmp_path)
    with visit(browser, server.url, **SCREENS["desktop"]) as visitor:
        visitor.draw("7 crossed")
        visitor.sees("7")
    server.stop()


def test_a_published_model_loads(publish, hub, tmp_path, recognizer):
    run = publish("--model", "ann/net", "--yes")
    assert run.returncode == 0, run.stderr
    arrived = hub.repositories["model", "ann/net"]
    assert {name: len(content) for name, content in arrived.items()} == files_in(run.stdout)
    for name, content in arrived.items():
        assert content == (BUNDLED / name).read_bytes(), name
    assert {"README.md", "metrics.json", "learning-curves.svg"} <= arrived.keys()
    assert "model.safetensors" in hub.large
    loaded = Recognizer.load(write(tmp_path / "net", arrived))
    strokes = DRAWINGS["3 round"][1]
    ours, theirs = (r.recognize(draw_strokes(strokes)) for r in (recognizer, loaded))
    assert (ours.probabilities == theirs.probabilities).all()


def test_publishing_again_sends_only_changed_files_and_keeps_others(publish, hub):
    publish("--model", "ann/net", "--yes")
    arrived = hub.repositories["model", "ann/net"]
    arrived["notes.md"] = b"mine"
    arrived["config.json"] = b"{}"
    hub.large.clear()
    run = publish("--model", "ann/net", "--yes")
    assert run.returncode == 0, run.stderr
    assert arrived["config.json"] == (BUNDLED / "config.json").read_bytes()
    assert arrived["notes.md"] == b"mine" and hub.large == set()


def complains(run: subprocess.CompletedProcess, *words: str) -> None:
    """Check that the command failed with one line of error that contains the words."""
    assert run.returncode == 1
    assert run.stderr.startswith("error: ") and run.stderr.count("\n") == 1, run.stderr
    for word in words:
        assert word in run.stderr, run.stderr


def test_refusals_give_one_line_of_error(publish, hub):
    complains(publish("--model", "ann/net", "--yes", token=None), "no token", "HF_TOKEN")
    complains(publish("--model", "ann/net", "--yes", token="hf_old"), "401", "not valid")
    complains(publish("--model", "ann/net", "--yes", token=READER), "403", "may not write")
    complains(publish("--model", "bob/net", "--yes"), "403", "bob/net")
    complains(publish("--space", "ann/unpaid", "--yes"), "402", "--static")
    assert hub.repositories == {}


def test_an_existing_repository_of_another_owner_is_refused(publish, hub):
    hub.repositories["model", "bob/net"] = {}
    complains(publish("--model", "bob/net", "--yes"), "403", "bob/net")


@pytest.mark.parametrize("name", ["net", "ann/net/more", "ann/n et", "ann/net.git", "/net"])
def test_an_invalid_name_is_rejected_before_anything_is_sent(name):
    with pytest.raises(ValueError, match=f"must be OWNER/NAME, got '{name}'"):
        collect_model(name, BUNDLED)


def test_an_unreachable_hub_gives_one_line_of_error(publish):
    nobody = f"http://127.0.0.1:{free_port()}"
    complains(publish("--model", "ann/net", "--yes", endpoint=nobody), "cannot be reached", nobody)


def test_a_web_server_that_is_not_a_hub_gives_one_line_of_error(publish):
    class Portal(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>Welcome to the hotel</h1>")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Portal)
    Thread(target=server.serve_forever, daemon=True).start()
    run = publish("--model", "ann/net", "--yes", endpoint=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    complains(run, "is not a Hub", "HF_ENDPOINT")


def test_a_checkpoint_without_a_card_can_be_published_as_a_space_only(publish, tmp_path):
    bare = {n: (BUNDLED / n).read_bytes() for n in ("config.json", "model.safetensors")}
    folder = write(tmp_path / "bare", bare)
    complains(publish("--model", "ann/net", "--checkpoint", str(folder)), "no model card")
    run = publish("--space", "ann/app", "--checkpoint", str(folder))
    assert run.returncode == 0 and "checkpoints/finalnet/config.json" in run.stdout


def test_a_model_cannot_be_static(publish):
    complains(publish("--model", "ann/net", "--static"), "--static")
