"""Command line: python -m finalnet summary | evaluate | curves | export | publish"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from finalnet.training.data import DATA_DIR, Split, load_mnist

if TYPE_CHECKING:  # importing it takes seconds
    from finalnet.evaluation.scores import Samples, Scores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m finalnet")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("summary", help="print the network, layer by layer")
    export = commands.add_parser("export", help="write the page as static files, without a server")
    export.add_argument("folder", type=Path, help="is made; replaced if it holds such a page")
    export.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    publish = commands.add_parser(
        "publish", help="show, and with --yes put, the app, the page or the model on the Hub"
    )
    target = publish.add_mutually_exclusive_group(required=True)
    target.add_argument("--space", metavar="OWNER/NAME", help="the app")
    target.add_argument("--model", metavar="OWNER/NAME", help="the checkpoint")
    publish.add_argument("--static", action="store_true", help="--space: the page, no server")
    publish.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    publish.add_argument("--yes", action="store_true", help="publish what is shown without it")
    curves = commands.add_parser("curves", help="draw a checkpoint's learning curves anew")
    curves.add_argument("--checkpoint", type=Path, help="folder; the committed one by default")
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
        "--numbers",
        type=int,
        nargs="?",
        const=500,
        metavar="COUNT",
        help="measure so many numbers of each length, composed of the --strokes, instead",
    )
    evaluate.add_argument("--report", type=Path, help="folder for the figures and pictures")
    evaluate.add_argument(
        "--record", action="store_true", help="keep them in the checkpoint and in its model card"
    )
    evaluate.add_argument(
        "--runs", nargs="+", default=[], help="checkpoints of other seeds, for mean and spread"
    )
    options = parser.parse_args()
    try:
        if options.command == "summary":
            print_summary()
        elif options.command == "export":
            export_static(options)
        elif options.command == "publish":
            publish_on_hub(options)
        elif options.command == "curves":
            print_curves(options)
        elif options.numbers is not None:
            print_numbers(options)
        else:
            print_evaluation(options)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None


def print_summary() -> None:
    from finalnet.model import FinalNet, summarize

    rows = summarize(FinalNet())
    print(f"{'name':<8} {'layer':<20} {'output':<9} {'parameters':>10}")
    for row in rows:
        print(f"{row.name:<8} {row.layer:<20} {row.output_shape:<9} {row.parameters:>10,}")
    print(f"{'total':<39} {sum(row.parameters for row in rows):>10,}")


def export_static(options: argparse.Namespace) -> None:
    from finalnet.checkpoint import find_checkpoint
    from finalnet.web.export import export_page

    names = export_page(options.folder, find_checkpoint(options.checkpoint))
    size = sum((options.folder / name).stat().st_size for name in names)
    print(f"{len(names)} files, {size / 1000:.0f} kB, in {options.folder}; any web server shows it")


def publish_on_hub(options: argparse.Namespace) -> None:
    from finalnet.checkpoint import find_checkpoint
    from finalnet.web import publish

    checkpoint = find_checkpoint(options.checkpoint)
    if options.model and options.static:
        raise ValueError("--static is a kind of --space; a model has no page")
    if options.model:
        publication = publish.collect_model(options.model, checkpoint)
    elif options.static:
        publication = publish.collect_static_space(options.space, checkpoint)
    else:
        publication = publish.collect_space(options.space, checkpoint)
    kind = f"{publication.sdk} Space" if publication.sdk else "model"
    size = sum(map(len, publication.files.values()))
    print(f"{publication.front_matter}\n")
    for name, content in sorted(publication.files.items()):
        print(f"{len(content):>9,}  {name}")
    print(f"\n{len(publication.files)} files, {size / 1000:,.0f} kB: {kind} {publication.name}")
    if options.yes:
        print(f"published: {publish.upload(publication)}")
    else:
        print("nothing is published yet; add --yes to do it")


def print_curves(options: argparse.Namespace) -> None:
    from finalnet.checkpoint import COMMITTED, CURVES
    from finalnet.training.curves import write_curves

    folder = options.checkpoint or COMMITTED
    write_curves(folder)
    print(f"learning curves in {folder / CURVES}")


def print_evaluation(options: argparse.Namespace) -> None:
    from finalnet.evaluation import scores as evaluation
    from finalnet.recognizer import Recognizer

    recognizer = Recognizer.load(options.checkpoint)
    runs = [Recognizer.load(run) for run in options.runs]
    samples, others = _collect_digits(options), [evaluation.generated_scribbles()]
    if options.others:
        drawings = list(evaluation.read_strokes(options.others))
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


def _collect_digits(options: argparse.Namespace) -> "list[Samples]":
    from finalnet.evaluation import scores as evaluation

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
    return samples


def _print_score(score: "Scores") -> None:
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
    from finalnet.evaluation.scores import DIGIT_NAMES, read_strokes
    from finalnet.recognizer import Recognizer

    if options.numbers < 1:
        raise ValueError(f"--numbers must be at least 1, got {options.numbers}")
    if not options.strokes:
        raise ValueError("--numbers needs digits to compose them of; name a file with --strokes")
    digits = [drawing for drawing in read_strokes(options.strokes) if drawing.label in DIGIT_NAMES]
    for s in score_numbers(Recognizer.load(options.checkpoint), digits, options.numbers):
        print(
            f"{s.numbers:,} numbers, {s.kind}: wholly right {s.strokes_right:.1%} as strokes, "
            f"{s.pictures_right:.1%} as pictures; taken apart rightly {s.strokes_split:.1%}, "
            f"{s.pictures_split:.1%}"
        )


if __name__ == "__main__":
    main()
