"""Command line: python -m finalnet summary | evaluate"""

import argparse
from pathlib import Path

from finalnet.data import DATA_DIR, load_mnist


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m finalnet")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("summary", help="print the network, layer by layer")
    evaluate = commands.add_parser("evaluate", help="measure a checkpoint")
    evaluate.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    evaluate.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    evaluate.add_argument("--strokes", type=Path, help="drawn digits, JSON lines, instead of MNIST")
    options = parser.parse_args()
    try:
        print_summary() if options.command == "summary" else print_evaluation(options)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None


def print_summary() -> None:
    from finalnet.model import FinalNet, summarize

    rows = summarize(FinalNet())
    print(f"{'name':<8} {'layer':<20} {'output':<9} {'parameters':>10}")
    for row in rows:
        print(f"{row.name:<8} {row.layer:<20} {row.output_shape:<9} {row.parameters:>10,}")
    print(f"{'total':<39} {sum(row.parameters for row in rows):>10,}")


def print_evaluation(options: argparse.Namespace) -> None:
    from finalnet.evaluation import accuracy_on_mnist, accuracy_on_strokes
    from finalnet.recognizer import Recognizer

    recognizer = Recognizer.load(options.checkpoint)
    if options.strokes:
        accuracy = accuracy_on_strokes(recognizer, options.strokes)
        print(f"{options.strokes.name}, placed at random: {accuracy:.2%}")
    else:
        digits = load_mnist("test", options.data_dir)
        accuracy = accuracy_on_mnist(recognizer, digits)
        print(f"MNIST test, {len(digits.labels):,} images: {accuracy:.2%}")


if __name__ == "__main__":
    main()
