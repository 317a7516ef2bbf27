"""Builds the package and installs it into a fresh virtual environment."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib.metadata import distribution, distributions, metadata, version
from pathlib import Path

import pytest
from conftest import missing
from drawings import DRAWINGS
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from serving import ROOT, running_app
from visitor import SCREENS, visit

from finalnet import draw_strokes

HEAVY = {"torch", "torchvision", "matplotlib"}


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, **options)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from the project's files, without leftovers of the checkout."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("finalnet", "checkpoints", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = ["app.py", "train.py", "pyproject.toml", "README.md", "LICENSE", ".gitignore"]
    for name in [*files, "requirements-app.txt", "SECURITY.md"]:
        shutil.copy(ROOT / name, folder / name)
    target = tmp_path_factory.mktemp("wheel")
    build = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", target, folder)
    if "No matching distribution found" in build.stderr:
        missing("no package index to build with", "connect to one")
    assert build.returncode == 0, build.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `bin` folder of an environment with the wheel and its dependencies."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment, check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (package,) = distributions(path=[str(wheel)])
    link(package.requires or (), packages)
    pins = ("--constraint", ROOT / "requirements-app.txt")
    install = pip(environment / "bin", "install", "--no-index", *pins, wheel)
    assert install.returncode == 0, install.stderr  # pip misses nothing
    return environment / "bin"


def link(requirements: Iterable[str], packages: Path) -> None:
    """Link packages that are installed here, and all that they need, into a site-packages folder.

    Installing 54 packages would take twenty times as long.
    """
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            package = distribution(requirement.name)
            names = {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}
            missing = [name for name in names if not (packages / name).exists()]
            for name in missing:
                (packages / name).symlink_to(package.locate_file(name))
            if missing:
                link(package.requires or (), packages)


def pip(folder: Path, *arguments: object) -> subprocess.CompletedProcess:
    """Run the pip of these tests on the environment with this `bin` folder."""
    return run(sys.executable, "-m", "pip", "--python", folder / "python", *arguments)


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "three.png"
    draw_strokes(DRAWINGS["3 round"][1]).save(path)
    return path


def test_the_wheel_contains_all_of_the_page_and_the_checkpoint(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = {".py", ".js", ".css", ".html", ".md", ".txt"}
    package = {p for p in (ROOT / "finalnet").rglob("*") if p.suffix in kinds}
    checkpoint = {p for p in (ROOT / "checkpoints" / "finalnet").rglob("*") if p.is_file()}
    wanted = {p.relative_to(ROOT).as_posix() for p in package}
    wanted |= {f"finalnet/{p.relative_to(ROOT).as_posix()}" for p in checkpoint}
    assert wanted - names == set()
    assert {name.split("/")[0] for name in names} == {"finalnet", "finalnet-0.1.0.dist-info"}


def test_installing_without_extras_brings_no_pytorch(installed):
    packages = json.loads(pip(installed, "list", "--format=json").stdout)
    names = {package["name"].lower() for package in packages}
    assert "gradio" in names and HEAVY & names == set()
    folders = os.walk(installed.parent / "lib", followlinks=True)
    files = (Path(folder, name) for folder, _, names in folders for name in names)
    assert sum(path.stat().st_size for path in files if path.suffix != ".pyc") < 700e6


def test_help_lists_the_commands_and_their_options(installed, tmp_path):
    shown = run(installed / "finalnet", "--help", cwd=tmp_path, check=True).stdout
    for command in ("app", "predict", "export", "publish", "train", "evaluate"):
        assert re.search(rf"^\s+{command}\s", shown, re.MULTILINE), command
    assert "--number" in run(installed / "finalnet", "predict", "--help", check=True).stdout
    train = run(installed / "finalnet", "train", cwd=tmp_path)
    assert train.returncode == 1 and "pip install 'finalnet[train]'" in train.stderr


def test_the_installed_command_publishes_the_page_but_the_app_only_from_a_checkout(
    installed, tmp_path
):
    publish = (installed / "finalnet", "publish", "--space", "ann/app")
    refused = run(*publish, cwd=tmp_path)
    assert refused.returncode == 1 and "from a checkout" in refused.stderr
    shown = run(*publish, "--static", cwd=tmp_path, check=True)
    assert "model.safetensors" in shown.stdout and "index.html" in shown.stdout


def test_predict_runs_in_any_directory(installed, three, tmp_path):
    predict = run(installed / "finalnet", "predict", three, cwd=tmp_path, check=True)
    assert predict.stdout.split("\t")[:3] == [str(three), "digit", "3"]


def test_the_installed_app_reads_a_drawing_in_the_browser(installed, browser, tmp_path):
    with (
        running_app(tmp_path, command=(installed / "finalnet", "app")) as app,
        visit(browser, app.url, **SCREENS["desktop"]) as visitor,
    ):
        visitor.draw("3 round")
        visitor.sees("3")
        visitor.page.get_by_role("tab", name="About the model").click()
        visitor.page.get_by_text("31,450").first.wait_for()


def test_the_pinned_packages_match_pyproject():
    tomllib = pytest.importorskip("tomllib")  # since Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def pinned(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {re.split("[=;]", line)[0] for line in lines if re.match(r"\w", line)}

    def wanted(requirements: list[str]) -> set[str]:
        return {re.split("[<>=]", requirement)[0] for requirement in requirements}

    assert pinned("requirements-app.txt") == wanted(project["dependencies"])
    assert pinned("requirements.txt") == wanted(project["optional-dependencies"]["train"])
    assert "-r requirements-app.txt" in (ROOT / "requirements.txt").read_text().splitlines()
    assert f"sdk_version: {_version_of('gradio')}\n" in (ROOT / "README.md").read_text()
    (asked,) = (line for line in project["dependencies"] if line.startswith("gradio"))
    minor = int(_version_of("gradio").split(".")[1])
    for other in (minor - 1, minor, minor + 1):  # the page is tested with this one only
        assert (f"6.{other}.0" in Requirement(asked).specifier) == (other == minor)


def test_the_pinned_packages_install_with_python_3_10():
    texts = [path.read_text() for path in ROOT.glob("requirements*.txt")]
    pins = [Requirement(line) for line in "\n".join(texts).splitlines() if re.match(r"\w", line)]
    unfit = [
        str(pin)
        for pin in pins
        if (pin.marker is None or pin.marker.evaluate({"python_version": "3.10"}))
        and version(pin.name) in pin.specifier  # a pin for other Pythons is not installed here
        and "3.10" not in SpecifierSet(metadata(pin.name).get("Requires-Python", ""))
    ]
    assert unfit == []


def _version_of(package: str) -> str:
    pins = (ROOT / "requirements-app.txt").read_text()
    return re.search(rf"^{package}==(\S+)$", pins, re.MULTILINE)[1]
