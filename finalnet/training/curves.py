"""Draws the learning curves as a chart that is legible on light and on dark pages."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from finalnet.training.loop import Epoch

SETTLING = 0.1  # share of the epochs, at the start, that would stretch the axes; not drawn
# Contrast 5.0 : 1 on white and 3.8 : 1 on dark pages, even where the page does not invert them.
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
    "svg.hashsalt": "FinalNet",  # the same history gives the same bytes
}


def write_curves(path: Path, history: Sequence[Epoch]) -> None:
    with matplotlib.rc_context(STYLE):
        draw_curves(history).savefig(path, transparent=True, metadata={"Date": None})


def draw_curves(history: Sequence[Epoch]) -> Figure:
    """Plot validation accuracy above the loss, without the first tenth of the epochs."""
    settled = history[int(SETTLING * len(history)) :]
    epochs = [epoch.epoch for epoch in settled]
    # 4 inches: the width of a phone.
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
