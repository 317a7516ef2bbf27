"""The exported page: served by any web server, then offline."""

import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from drawings import DRAWINGS
from hosts import Host
from serving import free_port
from visitor import SCREENS, visit

from finalnet.checkpoint import BUNDLED
from finalnet.sharing.export import export_page
from finalnet.web import texts
from finalnet.web.browser import training

NEEDS_SERVER = {"tabs", "about", "picture"}
LARGEST = 420_000  # bytes, of all files that every visitor downloads


class StaticServer:
    """`python -m http.server` on a free port, with the page under a sub-path."""

    def __init__(self, root):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/a/sub-path/"
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        self.process = subprocess.Popen(command, cwd=root, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    export_page(root / "a" / "sub-path", BUNDLED)
    return root


@pytest.fixture
def site(exported):
    server = StaticServer(exported)
    yield server
    server.stop()


@pytest.mark.parametrize("screen", SCREENS)
def test_the_exported_page_reads_digits_and_numbers_and_presents(browser, site, screen):
    with visit(browser, site.url, **SCREENS[screen]) as visitor:
        for button in ("#widen", "#copy", "#wrong"):
            assert not visitor.page.locator(button).is_visible()  # no answer yet
        visitor.draw("7 crossed")
        visitor.sees("7")
        assert visitor.page.locator("#bars .row.top .name").first.inner_text() == "7"
        visitor.page.click("#clear")
        visitor.page.click("#wide")
        for name, left in (("4 open", 0), ("2 plain", 50)):
            visitor.draw_strokes([[(left + x / 2, y) for x, y in s] for s in DRAWINGS[name][1]])
        visitor.sees("42")
        assert visitor.page.locator("#digits .tile").count() == 2
        visitor.page.click("#wide")
        visitor.page.get_by_role("button", name="slashed 0").click()
        visitor.sees("0")
        visitor.page.click("#present")
        assert "stage=1" in visitor.page.url
        assert not visitor.page.locator("#undo").is_visible() or screen == "phone"


def test_the_exported_page_has_every_part_of_the_app_that_needs_no_server(browser, site, in_app):
    """And each part has content."""
    ids = in_app.page.evaluate("gradio_config.components.map(({ props }) => props.elem_id)")
    with visit(browser, site.url) as visitor:
        missing = visitor.page.evaluate(
            "ids => ids.filter((id) => id && !document.getElementById(id)?.innerHTML)", ids
        )
    assert set(missing) == NEEDS_SERVER


def test_the_exported_page_works_offline(browser, site):
    with visit(browser, site.url, **SCREENS["phone"]) as visitor:
        visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        site.stop()
        visitor.page.reload()
        visitor.page.wait_for_selector("#sketchpad.ready")
        visitor.draw("5 two strokes")
        visitor.sees("5")


def test_a_new_export_replaces_an_old_one(exported, tmp_path):
    folder = tmp_path / "page"
    shutil.copytree(exported / "a" / "sub-path", folder)
    worker = (folder / "service-worker.js").read_text()
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(BUNDLED, checkpoint)
    (checkpoint / "config.json").write_text('{"temperature": 2.0, "rejection_threshold": null}')
    export_page(folder, checkpoint)
    assert "2.0" in (folder / "checkpoint" / "config.json").read_text()
    assert (folder / "service-worker.js").read_text() != worker


def test_visitors_with_a_cached_export_get_the_new_one(browser, exported, tmp_path):
    folder = tmp_path / "page"
    shutil.copytree(exported / "a" / "sub-path", folder)
    host = Host(folder)
    host.headers["Cache-Control"] = "max-age=86400"
    try:
        with visit(browser, host.url, **SCREENS["desktop"]) as visitor:
            page = visitor.page
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            script = "fetch('tabs.js').then((response) => response.text())"
            assert "// new" not in page.evaluate(script)  # now in both caches
            (folder / "tabs.js").write_text("// new\nexport const mountTabs = () => {};\n")
            worker = (folder / "service-worker.js").read_text()
            (folder / "service-worker.js").write_text(worker.replace('"finalnet-', '"finalnet-1'))
            page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.update())")
            page.wait_for_function(f"{script}.then((text) => text.startsWith('// new'))")
            page.reload()
            page.wait_for_selector("#sketchpad.ready")
    finally:
        host.stop()


def test_the_export_is_small_and_has_the_files_for_a_space_and_a_home_screen(exported):
    folder = exported / "a" / "sub-path"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    late = set(training(BUNDLED).values())
    assert late < files
    assert sum((folder / name).stat().st_size for name in files - late) <= LARGEST
    assert "sdk: static" in (folder / "README.md").read_text()
    assert '"display": "standalone"' in (folder / "manifest.webmanifest").read_text()
    index = (folder / "index.html").read_text()
    assert texts.HEADING in index and not re.search(r"""(src|href|url)\W{1,2}http""", index)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.txt"):
        export_page(tmp_path, BUNDLED)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_export_command_writes_the_page_without_importing_gradio(tmp_path):
    code = "import sys; from finalnet.__main__ import main; main(sys.argv[1:]); "
    code += "sys.exit('gradio' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code, "export", str(tmp_path / "page")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0 and "files" in run.stdout
    assert (tmp_path / "page" / "index.html").exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_in_the_exported_page(browser, site, theme):
    with visit(browser, site.url, **SCREENS["desktop"], media={"color_scheme": theme}) as visitor:
        visitor.draw("2 plain")
        visitor.sees("2")
        visitor.rests()
        found = Axe().run(visitor.page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
