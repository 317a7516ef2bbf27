"""Read image files on the command line: finalnet predict FILE..."""

import argparse
import json
import os
import sys
from glob import glob
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from finalnet.answer import describe_digit, describe_number
from finalnet.pictures.opening import open_picture
from finalnet.recognizer import Recognizer

STANDARD_INPUT = "-"
PATTERN = frozenset("*?[")  # characters that make a name a glob pattern


class Answer(NamedTuple):
    """The answer for one image file.

    Attributes:
        verdict: "digit" or "number"; "unsure" or "blank".
        read: the digit (None unless the verdict is "digit"), or the number's text.
        probability: of the most probable digit, of a number the lowest such; None when blank.
        whole: the JSON of `finalnet.answer`.
    """

    verdict: str
    read: int | str | None
    probability: float | None
    whole: dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        default=[STANDARD_INPUT],
        metavar="FILE",
        help="image files or patterns like *.png; - or nothing reads standard input",
    )
    parser.add_argument("--checkpoint", help="folder or Hub id; default: the bundled one")
    parser.add_argument("--number", action="store_true", help="read whole numbers")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def run(options: argparse.Namespace) -> None:
    """Print one line per file: name, verdict, digit or text, probability; separated by tabs.

    Raises:
        SystemExit: with status 1, after all files, if one could not be read.
    """
    recognizer = Recognizer.load(options.checkpoint)
    failed = False
    for file in expand(options.files):
        try:
            answer = read(recognizer, file, options.number)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            print(f"error: {file}: {reason}", file=sys.stderr)
            failed = True
            continue
        if options.json:
            print(json.dumps({"file": file, **answer.whole}), flush=True)
        else:
            print("\t".join([file, *map(_to_word, answer[:3])]), flush=True)
    if failed:
        raise SystemExit(1)


def expand(names: list[str]) -> list[str]:
    """Expand patterns such as `*.png`, which the Windows shell does not expand; keeps the order.

    Patterns without a match stay as they are, and so do existing files named like a pattern.
    """
    files = []
    for name in names:
        is_name = name == STANDARD_INPUT or os.path.exists(name)
        files += [name] if is_name else (sorted(glob(name, recursive=True)) or [name])
    return files


def read(recognizer: Recognizer, file: str, is_number: bool) -> Answer:
    """Read one image file.

    Raises:
        OSError, ValueError: the file cannot be read; the message says why.
    """
    if PATTERN.intersection(file) and not os.path.exists(file):
        raise FileNotFoundError("no file matches this pattern")
    content = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    picture = open_picture(BytesIO(content))
    if not is_number:
        prediction = recognizer.recognize(picture)
        likeliest = prediction.top(1)[0][1] if prediction.verdict != "blank" else None
        return Answer(prediction.verdict, prediction.digit, likeliest, describe_digit(prediction))
    number = recognizer.read_number(picture)
    verdicts = {digit.verdict for digit in number.digits}
    verdict = "unsure" if "unsure" in verdicts else "number" if verdicts else "blank"
    # The least certain digit decides how certain the number is.
    worst = min((digit.top(1)[0][1] for digit in number.digits), default=None)
    return Answer(verdict, number.text, worst, describe_number(number))


def _to_word(value: Any) -> str:
    """Format a value for a line of text: probabilities with four places, nothing as a dash."""
    if value is None or value == "":
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split("\n"))
