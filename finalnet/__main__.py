"""Command line: python -m finalnet summary | evaluate"""

import argparse
from pathlib import Path

from finalnet.data import DATA_DIR, Split, load_mnist


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m finalnet")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("summary", help="print the network, layer by layer")
    evaluate = commands.add_parser(
        "evaluate", help="measure a checkpoint: on MNIST, or on the drawings that are named"
    )
    evaluate.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    evaluate.add_argument("--data-dir", type=Path, default=DATA_DIR, help="torchvision's root")
    evaluate.add_argument("--mnist", choices=["validation", "test"], help="test by default")
    evaluate.add_argument("--pictures", type=Path, help="folder with subfolders 0 to 9")
    evaluate.add_argument("--strokes", type=Path, help="drawn digits, JSON lines, gzip or plain")
    evaluate.add_argument("--others", type=Path, help="what is not a digit, in the same format")
    evaluate.add_argument(
        "--numbers", action="store_true", help="measure numbers composed of the --strokes instead"
    )
    evaluate.add_argument("--report", type=Path, help="folder for the figures and pictures")
    options = parser.parse_args()
    try:
        if options.command == "summary":
            print_summary()
        elif options.numbers:
            print_numbers(options)
        else:
            print_evaluation(options)
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
    from finalnet import evaluation
    from finalnet.recognizer import Recognizer

    recognizer = Recognizer.load(options.checkpoint)
    samples = []
    if options.pictures:
        samples.append(evaluation.read_pictures(options.pictures))
    if options.strokes:
        drawings = list(evaluation.read_strokes(options.strokes))
        samples += [evaluation.draw_samples(drawings, name) for name in evaluation.PLACEMENTS]
    if options.mnist or not samples:
        split: Split = options.mnist or "test"
        digits = load_mnist(split, options.data_dir)
        samples.append(evaluation.mnist_samples(f"MNIST {split}", digits))
    others = [evaluation.generated_scribbles()]
    if options.others:
        letters = evaluation.read_strokes(options.others)
        drawn = evaluation.draw_samples(letters, "random placement")
        others.append(drawn._replace(name=options.others.name))

    scores = [evaluation.score(recognizer, sample) for sample in samples]
    rejections = [evaluation.score_rejection(recognizer, samples[0], other) for other in others]
    for s in scores:
        share, worst = min((a, d) for d, a in enumerate(s.accuracy_by_digit) if a is not None)
        print(
            f"{s.name}: {s.count:,} digits, right {s.accuracy:.2%}, accepted {s.accepted:.2%}, "
            f"calibration error {s.calibration_error:.2%}, "
            f"negative log-likelihood {s.negative_log_likelihood:.4f}, "
            f"worst digit {worst}: {share:.2%}"
        )
        if len(s.accuracy_by_source) > 1:
            print("  " + ", ".join(f"{k} {v:.2%}" for k, v in s.accuracy_by_source.items()))
    for r in rejections:
        print(
            f"{r.name}: {r.count:,} that are not digits, AUROC {r.auroc:.4f}, "
            f"accepted {r.accepted:.2%}, with 99 % of the digits {r.accepted_at_99:.2%}"
        )
    if options.report:
        from finalnet.report import write_report

        write_report(options.report, recognizer, samples, scores, rejections)
        print(f"report in {options.report}")


def print_numbers(options: argparse.Namespace) -> None:
    from finalnet.evaluation import DIGIT_NAMES, read_strokes
    from finalnet.numeracy import score_numbers
    from finalnet.recognizer import Recognizer

    if not options.strokes:
        raise ValueError("--numbers needs digits to compose them of; name a file with --strokes")
    digits = [drawing for drawing in read_strokes(options.strokes) if drawing.label in DIGIT_NAMES]
    for s in score_numbers(Recognizer.load(options.checkpoint), digits):
        print(
            f"{s.numbers:,} numbers of {s.length}: wholly right {s.strokes_right:.1%} as strokes, "
            f"{s.pictures_right:.1%} as pictures; taken apart rightly {s.strokes_split:.1%}, "
            f"{s.pictures_split:.1%}"
        )


if __name__ == "__main__":
    main()
