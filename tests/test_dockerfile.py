"""Checks the Dockerfile line by line, without a container engine."""

import json
import shlex
import shutil
import subprocess
import sys

import pytest
from serving import ROOT, running_app

IGNORED = (ROOT / ".dockerignore").read_text().split("\n")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Instructions and their arguments, with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines()]
    return [(line[0], line[1]) for line in lines if line and not line[0].startswith("#")]


def arguments_of(steps, name: str) -> list[str]:
    return [arguments for instruction, arguments in steps if instruction == name]


def test_every_copied_path_exists_and_is_not_ignored(steps):
    assert "*" in IGNORED
    for arguments in arguments_of(steps, "COPY"):
        *sources, _ = shlex.split(arguments)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in IGNORED, source


def test_the_app_does_not_run_as_root(steps):
    names = [instruction for instruction, _ in steps]
    (user,) = arguments_of(steps, "USER")
    assert user not in ("root", "0")
    assert any("useradd" in run and run.endswith(user) for run in arguments_of(steps, "RUN"))
    assert names.index("USER") < names.index("CMD")


def test_only_the_requirements_for_serving_are_installed(steps):
    installs = [run for run in arguments_of(steps, "RUN") if "pip install" in run]
    assert installs == ["pip install --no-cache-dir --requirement requirements-app.txt"]
    assert "torch" not in (ROOT / "requirements-app.txt").read_text()


def test_the_copied_files_alone_start_and_pass_the_health_check(steps, tmp_path):
    for arguments in arguments_of(steps, "COPY"):
        *sources, _ = shlex.split(arguments)
        for source in sources:
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copyfile
            copy(ROOT / source, tmp_path / source)
    command = json.loads(arguments_of(steps, "CMD")[0])
    assert command == ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
    (health,) = arguments_of(steps, "HEALTHCHECK")
    assert "http://127.0.0.1:7860/healthz" in health
    probe = json.loads(health[health.index("[") :])[2]
    with running_app(tmp_path, command=(sys.executable, tmp_path / "app.py")) as app:
        probe = probe.replace("http://127.0.0.1:7860", app.url)
        assert subprocess.run([sys.executable, "-c", probe]).returncode == 0
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True).returncode != 0
