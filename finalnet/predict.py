"""Read image files on the command line: finalnet predict FILE..."""

import argparse
import json
import os
import sys
from glob import glob
from io import BytesIO
from pathlib import Path
from typing import Any

from finalnet.pictures import open_picture
from finalnet.recognizer import Number, Prediction, Recognizer

STANDARD_INPUT = "-"
PATTERN = frozenset("*?[")  # characters that make one of a name


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
            print(json.dumps({"file": file, **answer}), flush=True)
        else:
            print("\t".join([file, *map(_to_word, answer.values())][:4]), flush=True)
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


def read(recognizer: Recognizer, file: str, is_number: bool) -> dict[str, Any]:
    """What is in an image file: what was concluded, what was read, and how likely that is first.

    Raises:
        OSError, ValueError: the file cannot be read; the message says why.
    """
    if PATTERN.intersection(file) and not os.path.exists(file):
        raise FileNotFoundError("no file matches this pattern")
    content = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    picture = open_picture(BytesIO(content))
    return (
        _of_number(recognizer.read_number(picture))
        if is_number
        else _of_digit(recognizer.recognize(picture))
    )


def _of_digit(prediction: Prediction) -> dict[str, Any]:
    return {
        "verdict": prediction.verdict,
        "digit": prediction.digit,
        "probability": prediction.top(1)[0][1] if prediction.verdict != "blank" else None,
        "probabilities": prediction.probabilities.tolist(),
    }


def _of_number(number: Number) -> dict[str, Any]:
    """A number is as good as its worst digit."""
    verdicts = {digit.verdict for digit in number.digits}
    return {
        "verdict": "unsure" if "unsure" in verdicts else "number" if verdicts else "blank",
        "text": number.text,
        "probability": min((d.top(1)[0][1] for d in number.digits), default=None),
        "digits": [_of_digit(digit) for digit in number.digits],
        "boxes": [list(box) for box in number.boxes],
        "unread": number.unread,
    }


def _to_word(value: Any) -> str:
    """A value in a line of text; what there is not is a dash."""
    if value is None or value == "":
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split("\n"))
