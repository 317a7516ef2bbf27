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
PATTERN = frozenset("*?[")  # characters that make one of a name


class Answer(NamedTuple):
    """What is in an image file.

    Attributes:
        verdict: "digit" or "number"; "unsure", "blank".
        read: the digit, or the number's text.
        probability: how likely that is; None when blank.
        whole: all of it, as `finalnet.answer` says.
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
        help="images, patterns like *.png; - or none: the standard input",
    )
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    parser.add_argument("--number", action="store_true", help="read whole numbers")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(options: argparse.Namespace) -> None:
    """Print one line a file: name, verdict, digit (or what was read), probability.

    Raises:
        SystemExit: with status 1, when a file could not be read; the others were.
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
    """The files of the patterns among the names, in order; Windows leaves `*.png` to the program.

    A pattern that nothing matches stays as it is, and so does a file whose name looks like one.
    """
    files = []
    for name in names:
        is_name = name == STANDARD_INPUT or os.path.exists(name)
        files += [name] if is_name else (sorted(glob(name, recursive=True)) or [name])
    return files


def read(recognizer: Recognizer, file: str, is_number: bool) -> Answer:
    """What is in an image file.

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
    # A number is as good as its worst digit.
    worst = min((digit.top(1)[0][1] for digit in number.digits), default=None)
    return Answer(verdict, number.text, worst, describe_number(number))


def _to_word(value: Any) -> str:
    """A value in a line of text; what there is not is a dash."""
    if value is None or value == "":
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split("\n"))
