"""The page without a server: a folder of static files, written by `python -m finalnet export`."""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from markupsafe import Markup
from PIL import Image, ImageOps

from finalnet.checkpoint import find_checkpoint
from finalnet.strokes import draw_strokes
from finalnet.summary import count_parameters
from finalnet.web import texts
from finalnet.web.browser import (
    CHECKPOINT_FILES,
    FOLDER,
    LATE_MODULES,
    MODULES,
    RECOGNIZER,
    recognizer_settings,
    render,
)
from finalnet.web.examples import EXAMPLES
from finalnet.web.page import STYLES
from finalnet.web.sketchpad import PAD_OPTIONS

PAGE_STYLES = ["controls.css", "sketchpad.css", *STYLES, "static.css"]
PAGE_MODULES = ["static.js", *MODULES]
CHECKPOINT = "checkpoint"  # folder
ICON_SIZES = (192, 512)  # px
COLORS = {"background_color": "#ffffff", "theme_color": "#4f46e5"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="is made; replaced if it holds such a page")
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")


def run(options: argparse.Namespace) -> None:
    names = export_page(options.folder, find_checkpoint(options.checkpoint))
    size = sum((options.folder / name).stat().st_size for name in names)
    print(f"{len(names)} files, {size / 1000:.0f} kB, in {options.folder}; any web server shows it")


def export_page(folder: Path, checkpoint: Path) -> list[Path]:
    """Write the page into a folder, which is made; files of the same name are replaced.

    Args:
        checkpoint: the folder of the checkpoint that the page reads drawings with.
    Returns:
        What was written, relative to the folder.
    Raises:
        FileExistsError: the folder holds other files than an exported page.
    """
    parts = {
        "pad": render("sketchpad.html", **texts.PAD, **PAD_OPTIONS, examples=EXAMPLES),
        "stage": render("stage.html", **texts.STATIC_STAGE),
        "answer": render("answer.html", **texts.ANSWER),
        "bars": render("bars.html", **texts.BARS),
        "network_input": render("network-input.html", **texts.NETWORK_INPUT),
        "digits": render("digits.html", **texts.DIGIT_OF_NUMBER),
        "inside": render("inside.html", **texts.INSIDE),
        "props": json.dumps(_props(checkpoint)).replace("<", "\\u003c"),
    }
    words = {"title": texts.TITLE, "description": texts.DESCRIPTION}
    index = render(
        "index.html",
        **words,
        **{name: Markup(part) for name, part in parts.items()},
        heading=texts.HEADING,
        footer=texts.STATIC_FOOTER,
        styles=PAGE_STYLES,
        modules=PAGE_MODULES,
    )
    parameters = f"{count_parameters():,}"
    written = {
        "index.html": index,
        "manifest.webmanifest": json.dumps(_manifest(), indent=2),
        "README.md": render("static-readme.md", **words, parameters=parameters),
    }
    copied = {name: FOLDER / name for name in PAGE_STYLES + PAGE_MODULES + LATE_MODULES}
    copied |= {f"{RECOGNIZER.name}/{path.name}": path for path in RECOGNIZER.glob("*.js")}
    copied |= {f"{CHECKPOINT}/{name}": checkpoint / name for name in CHECKPOINT_FILES}
    icons = {f"icon-{size}.png": _icon(size) for size in ICON_SIZES}
    names = sorted([*written, *copied, *icons, "service-worker.js"])
    _check_folder(folder, names)
    for name, text in written.items():
        _path(folder, name).write_text(text, encoding="utf-8")
    for name, source in copied.items():
        shutil.copyfile(source, _path(folder, name))
    for name, icon in icons.items():
        icon.save(_path(folder, name), optimize=True)
    _write_service_worker(folder, [name for name in names if name != "service-worker.js"])
    return [Path(name) for name in names]


def _props(checkpoint: Path) -> dict[str, Any]:
    """The props of each part, as its Gradio component would have them."""
    settings = recognizer_settings(checkpoint) | {"checkpoint": CHECKPOINT}
    examples = [example._asdict() for example in EXAMPLES]
    return {
        "pad": {**PAD_OPTIONS, "examples": examples, "recognizer": settings},
        "answer": {"texts": texts.ANSWER},
        "bars": {"texts": texts.BARS},
        "network-input": {"texts": texts.NETWORK_INPUT},
        "digits": {"texts": texts.DIGIT_OF_NUMBER},
        "inside": {"texts": texts.INSIDE},
        "stage-bar": {"texts": texts.STATIC_STAGE},
    }


def _manifest() -> dict[str, Any]:
    """What a phone needs to put the page on its home screen."""
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


def _icon(size: int) -> Image.Image:
    """A ready-made 3, white on indigo."""
    ink = ImageOps.invert(draw_strokes(EXAMPLES[0].strokes, pen_width=0.14, size=size))
    icon = Image.new("RGB", (size, size), COLORS["theme_color"])
    icon.paste("white", mask=ink)
    return icon.quantize(16)


def _write_service_worker(folder: Path, names: list[str]) -> None:
    """The files in it have a version of their own, so that a new page replaces an old one whole."""
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in names))
    files = [".", *(name for name in names if name not in ("index.html", "README.md"))]
    worker = render(
        "service-worker.js", version=digest.hexdigest()[:12], files=Markup(json.dumps(files))
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
        foreign = sorted(path.name for path in folder.glob("*"))  # of the same names
    if foreign or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(
            f"{folder} holds other files ({', '.join(foreign[:3])}); name a folder of its own"
        )
