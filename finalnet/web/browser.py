"""What both pages, with and without a server, load: templates, modules and Python's constants."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from finalnet import answer, hand, network, preprocessing, recognizer, strokes, views
from finalnet.checkpoint import CHECKPOINT_FILES, STATES, TUTORIAL
from finalnet.numbers import lines, separators, splitting
from finalnet.pictures import ink
from finalnet.strokes import PAD_SIZE

FOLDER = Path(__file__).parent
RECOGNIZER = FOLDER / "recognizer"
# Modules that every page loads; RECOGNIZER also holds the modules of the worker.
MODULES = [
    "reading.js",
    "lifetime.js",
    "words.js",
    "sketchpad.js",
    "ink.js",
    "pointers.js",
    "history.js",
    "replay.js",
    "recognizer/reader.js",
    "recognizer/packing.js",
    "recognizer/answer.js",
    "recognizer/strokes.js",
    "readout.js",
    "taught.js",
    "teaching.js",
    "tour.js",
    "inside.js",
    "learning.js",
    "sum.js",
    "stage.js",
    "tabs.js",
]
# Modules that only pages with a server load.
PICTURE_MODULES = ["picture_input.js", "cropping.js", "shrinking.js"]
LATE_MODULES = ["vendor/lean-qr.js"]  # loaded on demand
CHECKPOINT = "checkpoint"  # folder of the checkpoint's files, beside the modules
# Files of a training, named as in learning.js; loaded when a visitor opens "Watch it learn".
TRAINING_FILES = {"states": STATES, "tutorial": TUTORIAL, "metrics": "metrics.json"}
# Python's constants that the twins in recognizer/*.js use, per module.
CONSTANTS = {
    answer: "TOP_K",
    hand: "FALLOFF GAIN GAIN_IF_RIGHT LEAD PICTURE SAME THUMBNAIL",
    ink: "MIN_CONTRAST",
    lines: "DIRT EVEN_GAP GAP_SCALE LEVEL MAX_DIGITS MAX_LINES MOST_PIECES REACH SLIMMEST SPACE "
    "SPACE_GAPS STACKED STROKES_ROOM SURE TALL",
    network: "CHANNELS EPSILON FEATURES NUM_CLASSES POOLED",
    preprocessing: "CENTER DIGIT_SIZE INPUT_SIZE MEAN STD",
    recognizer: "LIKELY",
    separators: "DOT DOTS DOT_OVERLAP FARTHEST FARTHEST_AT_END MARKS UNREAD",
    splitting: "MAX_PIECES MOST_SPANS SMALL SMALL_COST TRUST",
    strokes: "FINEST_PEN LARGEST_PEN MARGIN MAX_COORDINATE MAX_POINTS MAX_STROKES PAD_SIZE "
    "PEN_WIDTH SUPERSAMPLING",
    views: "UNRECORDED_PENS",
}
DEFAULT_PEN_WIDTH = 18  # pad px; 8 % of a digit that fills most of the pad
WIDE_SIZE = 700  # pad px, width of the pad for whole numbers
MIN_PEN_WIDTH, MAX_PEN_WIDTH = 6, 48  # pad px
PAD_OPTIONS = {
    "size": PAD_SIZE,
    "wide_size": WIDE_SIZE,
    "pen_width": DEFAULT_PEN_WIDTH,
    "min_pen_width": MIN_PEN_WIDTH,
    "max_pen_width": MAX_PEN_WIDTH,
}
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **words: Any) -> str:
    """Render a template as HTML; escapes all words."""
    return TEMPLATES.get_template(template).render(**words)


def preload_links(files: str) -> str:
    """HTML that makes a Gradio page load all modules in parallel."""
    names = MODULES + PICTURE_MODULES
    return "".join(f'<link rel="modulepreload" href="{files}{name}">' for name in names)


def page_files(checkpoint: Path, more_modules: list[str] | None = None) -> dict[str, Path]:
    """Map the relative URL of every file that a page loads to its path."""
    files = {name: FOLDER / name for name in MODULES + LATE_MODULES + (more_modules or [])}
    files |= {f"{RECOGNIZER.name}/{path.name}": path for path in sorted(RECOGNIZER.glob("*.js"))}
    files |= {f"{CHECKPOINT}/{name}": checkpoint / name for name in CHECKPOINT_FILES}
    return files | {place: checkpoint / Path(place).name for place in training(checkpoint).values()}


def training(checkpoint: Path) -> dict[str, str]:
    """Map the `TRAINING_FILES` of a checkpoint to their URLs; empty if it has no states."""
    there = {part: name for part, name in TRAINING_FILES.items() if (checkpoint / name).is_file()}
    return {part: f"{CHECKPOINT}/{name}" for part, name in there.items() if "states" in there}


def to_link(path: Path) -> str:
    """Escape a path for use in a URL."""
    return quote(path.as_posix())


def recognizer_settings(checkpoint: str = CHECKPOINT) -> dict[str, Any]:
    """Settings of the recogniser in the browser: the checkpoint's URL and Python's constants."""
    return {"checkpoint": checkpoint, "constants": constants()}


def constants() -> dict[str, dict[str, Any]]:
    """The values of `CONSTANTS`: module name -> constant name -> value."""
    return {
        module.__name__.rpartition(".")[2]: {name: getattr(module, name) for name in names.split()}
        for module, names in CONSTANTS.items()
    }
