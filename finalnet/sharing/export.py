"""The page as a folder of static files that need no server: finalnet export"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from markupsafe import Markup

from finalnet.checkpoint import find_checkpoint
from finalnet.summary import count_parameters
from finalnet.web import texts
from finalnet.web.browser import (
    FOLDER,
    MODULES,
    PAD_OPTIONS,
    page_files,
    recognizer_settings,
    render,
    training,
)
from finalnet.web.examples import EXAMPLES
from finalnet.web.frame import STYLES, body_words, head_words
from finalnet.web.icons import ACCENT, ICON_SIZES, draw_icon, draw_preview, to_png

PAGE_STYLES = [*STYLES, "static.css"]
STATIC_MODULE = "static.js"
NOT_CACHED = {"index.html", "README.md", "preview.png"}  # the page is cached as "."
COLORS = {"background_color": "#ffffff", "theme_color": ACCENT}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="created, or overwritten if it holds an export")
    parser.add_argument("--checkpoint", help="folder or Hub id; default: the bundled one")
    parser.add_argument("--url", default="", help="address of the page, for link previews")


def run(options: argparse.Namespace) -> None:
    names = export_page(options.folder, find_checkpoint(options.checkpoint), options.url)
    size = sum((options.folder / name).stat().st_size for name in names)
    print(
        f"{len(names)} files, {size / 1000:.0f} kB, in {options.folder}; "
        "any web server can serve them"
    )


def export_page(folder: Path, checkpoint: Path, url: str = "") -> list[Path]:
    """Write the page into a folder; creates the folder, or overwrites an earlier export.

    Args:
        checkpoint: the checkpoint folder the page uses.
        url: address of the page; some sites need an absolute URL for the preview picture of a link.
    Returns:
        The files written, relative to the folder.
    Raises:
        FileExistsError: the folder holds files that are not part of an export.
    """
    words = {"title": texts.TITLE, "description": texts.DESCRIPTION}
    index = render(
        "index.html",
        **head_words(PAGE_STYLES),
        **body_words(texts.STATIC_STAGE, texts.STATIC_FOOTER),
        address=f"{url.rstrip('/')}/" if url else "",
        props=Markup(json.dumps(_props(checkpoint)).replace("<", "\\u003c")),
        modules=[STATIC_MODULE, *MODULES],
    )
    parameters = f"{count_parameters():,}"
    written = {
        "index.html": index,
        "manifest.webmanifest": json.dumps(_manifest(), indent=2),
        "README.md": render("static-readme.md", **words, parameters=parameters),
    }
    copied = page_files(checkpoint) | {STATIC_MODULE: FOLDER / STATIC_MODULE}
    pictures = {f"icon-{size}.png": draw_icon(size) for size in ICON_SIZES}
    pictures["preview.png"] = draw_preview()
    names = sorted([*written, *copied, *pictures, "service-worker.js"])
    _check_folder(folder, names)
    for name, text in written.items():
        _path(folder, name).write_text(text, encoding="utf-8")
    for name, source in copied.items():
        shutil.copyfile(source, _path(folder, name))
    for name, picture in pictures.items():
        _path(folder, name).write_bytes(to_png(picture))
    _write_service_worker(
        folder,
        [name for name in names if name != "service-worker.js"],
        list(training(checkpoint).values()),
    )
    return [Path(name) for name in names]


def _props(checkpoint: Path) -> dict[str, Any]:
    """The props of each component, as Gradio would pass them."""
    examples = [example._asdict() for example in EXAMPLES]
    return {
        "pad": {**PAD_OPTIONS, "examples": examples, "recognizer": recognizer_settings()},
        "answer": {"texts": texts.ANSWER},
        "bars": {"texts": texts.BARS},
        "network-input": {"texts": texts.NETWORK_INPUT},
        "digits": {"texts": texts.DIGIT_OF_NUMBER},
        "hand": {"texts": texts.HAND},
        "inside": {"texts": texts.INSIDE, "training": training(checkpoint)},
        "stage-bar": {"texts": texts.STATIC_STAGE},
    }


def _manifest() -> dict[str, Any]:
    """The web app manifest, with which a phone can add the page to its home screen."""
    icons = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in ICON_SIZES
    ]
    return {
        "name": texts.TITLE,
        "short_name": "FinalNet",
        "start_url": ".",
        "scope": ".",
        "display": "standalone",
        "icons": icons,
        **COLORS,
    }


def _write_service_worker(folder: Path, names: list[str], late: list[str]) -> None:
    """Write a service worker whose version is a hash of all files.

    So a new page replaces every cached file of the old page at once.

    Args:
        names: all other files of the page.
        late: those to cache only after the page has fetched them.
    """
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in names))
    files = [".", *(name for name in names if name not in {*NOT_CACHED, *late})]
    worker = render(
        "service-worker.js",
        version=digest.hexdigest()[:12],
        files=Markup(json.dumps(files)),
        late=Markup(json.dumps(late)),
    )
    (folder / "service-worker.js").write_text(worker, encoding="utf-8")


def _path(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _check_folder(folder: Path, names: list[str]) -> None:
    ours = {Path(name).parts[0] for name in names} | {".git", ".gitattributes"}
    foreign = sorted(path.name for path in folder.glob("*") if path.name not in ours)
    if not foreign and any(folder.glob("*")) and not (folder / "service-worker.js").exists():
        # Same names, but no export.
        foreign = sorted(path.name for path in folder.glob("*"))
    if foreign or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(
            f"{folder} holds other files ({', '.join(foreign[:3])}); choose a new or empty folder"
        )
