"""Measure a checkpoint: python -m finalnet evaluate"""

import argparse
from pathlib import Path

from finalnet.checkpoint import BUNDLED
from finalnet.drawings import read_drawings
from finalnet.evaluation import scores as evaluation
from finalnet.evaluation.placements import PLACEMENTS
from finalnet.recognizer import Recognizer
from finalnet.training.data import Split, add_data_dir, load_mnist


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", help="folder or Hub id; default: the bundled one")
    add_data_dir(parser)
    parser.add_argument(
        "--mnist", choices=["validation", "test"], help="the part to measure; default: test"
    )
    parser.add_argument(
        "--pictures", type=Path, help="measure pictures, in subfolders 0 to 9 of this folder"
    )
    parser.add_argument(
        "--strokes", type=Path, help="measure drawn digits: JSON lines, gzip or plain"
    )
    parser.add_argument(
        "--others", type=Path, help="drawings that are not digits, in the same format"
    )
    parser.add_argument(
        "--numbers",
        type=int,
        nargs="?",
        const=500,
        metavar="COUNT",
        help="measure COUNT numbers of each kind instead, composed of the digits of --strokes",
    )
    parser.add_argument("--report", type=Path, help="write figures and pictures to this folder")
    parser.add_argument(
        "--record", action="store_true", help="store the figures with the checkpoint"
    )
    parser.add_argument(
        "--runs", nargs="+", default=[], help="checkpoints of other seeds, for mean and spread"
    )


def run(options: argparse.Namespace) -> None:
    if options.numbers is None:
        print_evaluation(options)
    else:
        print_numbers(options)


def print_evaluation(options: argparse.Namespace) -> None:
    if options.record and not Path(options.checkpoint or BUNDLED).is_dir():
        raise ValueError(
            f"--record needs a checkpoint folder, got {options.checkpoint}; download it first"
        )
    recognizer = Recognizer.load(options.checkpoint)
    runs = [Recognizer.load(run) for run in options.runs]
    samples, others = _collect_digits(options), [evaluation.generated_scribbles()]
    if options.others:
        drawings = list(read_drawings(options.others))
        letters = all(drawing.label.isalpha() for drawing in drawings)
        drawn = evaluation.draw_samples(drawings, "random placement")
        others.append(drawn._replace(name="drawn letters" if letters else "drawn others"))
    scores = [evaluation.score(recognizer, sample) for sample in samples]
    rejections = [evaluation.score_rejection(recognizer, samples[0], other) for other in others]
    spreads = [evaluation.score_runs([recognizer, *runs], sample) for sample in samples if runs]
    for score in scores:
        _print_score(score)
    for spread in spreads:
        print(
            f"{spread.name}, {spread.runs} runs: {spread.mean:.3%} +- {spread.deviation:.3%}, "
            f"{spread.lowest:.2%} to {spread.highest:.2%}"
        )
    for r in rejections:
        print(
            f"{r.name}: {r.count:,} that are not digits, AUROC {r.auroc:.4f}, "
            f"accepted {r.accepted:.2%}, with 99 % of the digits {r.accepted_at_99:.2%}"
        )
    if options.report or options.record:
        from finalnet.evaluation.report import record, write_report

        report = (recognizer, samples, scores, rejections, spreads)
        if options.report:
            write_report(options.report, *report)
        if options.record:
            record(options.checkpoint, *report)


def _collect_digits(options: argparse.Namespace) -> list[evaluation.Samples]:
    samples = []
    if options.pictures:
        samples.append(evaluation.read_pictures(options.pictures))
    if options.strokes:
        drawings = [drawing for drawing in read_drawings(options.strokes) if drawing.is_digit]
        samples += [evaluation.draw_samples(drawings, name) for name in PLACEMENTS]
    if options.mnist or not samples:
        split: Split = options.mnist or "test"
        digits = load_mnist(split, options.data_dir)
        samples.append(evaluation.mnist_samples(f"MNIST {split}", digits))
    return samples


def _print_score(score: evaluation.Scores) -> None:
    share, worst = min((a, d) for d, a in enumerate(score.accuracy_by_digit) if a is not None)
    print(
        f"{score.name}: {score.count:,} digits, right {score.accuracy:.2%}, "
        f"accepted {score.accepted:.2%}, calibration error {score.calibration_error:.2%}, "
        f"negative log-likelihood {score.negative_log_likelihood:.4f}, "
        f"worst digit {worst}: {share:.2%}"
    )
    if len(score.accuracy_by_source) > 1:
        print(
            f"  mean over {len(score.accuracy_by_source)} sources "
            f"{score.accuracy_over_sources:.2%}, the worst {score.worst_source} "
            f"{score.accuracy_by_source[score.worst_source]:.2%}: "
            + ", ".join(f"{k} {v:.2%}" for k, v in score.accuracy_by_source.items())
        )


def print_numbers(options: argparse.Namespace) -> None:
    from finalnet.evaluation.numbers import score_numbers

    if options.numbers < 1:
        raise ValueError(f"--numbers must be at least 1, got {options.numbers}")
    if not options.strokes:
        raise ValueError("--numbers needs drawn digits; name a file of them with --strokes")
    drawings = read_drawings(options.strokes)
    digits = [drawing for drawing in drawings if drawing.is_digit]
    for s in score_numbers(Recognizer.load(options.checkpoint), digits, options.numbers):
        print(
            f"{s.numbers:,} numbers, {s.kind}: entirely right {s.strokes_right:.1%} as strokes, "
            f"{s.pictures_right:.1%} as pictures; split correctly {s.strokes_split:.1%}, "
            f"{s.pictures_split:.1%}"
        )
