"""How a training went, as a chart that reads on light and on dark paper."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from finalnet.checkpoint import COMMITTED, CURVES
from finalnet.training.loop import Epoch

SETTLING = 0.1  # share of the epochs that is not drawn: there the weights settle
# Legible by themselves on white (5.0 : 1) and on dark paper (3.8 : 1); the page inverts them there.
INK, LINE = "#6e6e78", "#6366f1"
STYLE = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "svg.hashsalt": "FinalNet",  # the same figures give the same file
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, default=COMMITTED, help="folder; the committed one by default"
    )


def run(options: argparse.Namespace) -> None:
    write_curves(options.checkpoint)
    print(f"learning curves in {options.checkpoint / CURVES}")


def write_curves(folder: Path) -> None:
    """Draw the learning curves of a checkpoint folder from its `metrics.json`, into `CURVES`.

    Raises:
        FileNotFoundError: there is no `metrics.json` in the folder.
        ValueError: it holds no history.
    """
    metrics = folder / "metrics.json"
    if not metrics.exists():
        raise FileNotFoundError(
            f"no metrics.json in {folder}; name a checkpoint folder that `python train.py` wrote"
        )
    history = [Epoch(**e) for e in json.loads(metrics.read_text("utf-8")).get("history", [])]
    if not history:
        raise ValueError(f"no history in {metrics}; train anew with `python train.py`")
    with matplotlib.rc_context(STYLE):
        draw_curves(history).savefig(folder / CURVES, transparent=True, metadata={"Date": None})


def draw_curves(history: Sequence[Epoch]) -> Figure:
    """Validation accuracy above the loss, over the epochs after the first tenth."""
    settled = history[int(SETTLING * len(history)) :]
    epochs = [epoch.epoch for epoch in settled]
    # 4 inches are a phone's width.
    figure = Figure(figsize=(4, 4), layout=ConstrainedLayoutEngine(hspace=0.1))
    upper, lower = figure.subplots(2, sharex=True)
    for axes, title, values in (
        (upper, "Validation accuracy", [epoch.validation_accuracy for epoch in settled]),
        (lower, "Training loss", [epoch.loss for epoch in settled]),
    ):
        axes.plot(epochs, values, color=LINE, linewidth=1.8, marker="o", markevery=[-1])
        axes.set_title(title)
        axes.grid(axis="y")
        axes.tick_params(length=0)
    upper.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.6g} %")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    lower.set_xlabel("epoch")
    return figure
