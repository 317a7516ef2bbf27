"""Logs the figures of each epoch to TensorBoard or Trackio."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from finalnet.training.loop import Epoch

LOGS = ("tensorboard", "trackio")
FOLDER = Path("runs")  # where `tensorboard --logdir runs` looks

Log = Callable[[Epoch], None]


def check_log(name: str | None) -> None:
    """Raise ValueError if the named tool is not installed."""
    if name and not find_spec(name):
        raise ValueError(
            f"--log-to {name}: {name} is not installed; install it with: pip install {name}"
        )


def open_log(name: str | None, output: Path) -> Log:
    """Return a function that logs an epoch, under the name of the output folder.

    Args:
        name: one of `LOGS`; None logs nothing.
    Raises:
        ValueError: the tool is not installed.
    """
    check_log(name)
    run = output.resolve().name
    if name == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(FOLDER / run))

        def log(epoch: Epoch) -> None:
            for figure, value in figures(epoch).items():
                writer.add_scalar(figure, value, epoch.epoch)
            writer.flush()

        return log
    if name == "trackio":
        import trackio

        trackio.init(project="finalnet", name=run)
        return lambda epoch: trackio.log(figures(epoch), step=epoch.epoch)
    return lambda epoch: None


def figures(epoch: Epoch) -> dict[str, float]:
    return {"loss": epoch.loss, "validation accuracy": epoch.validation_accuracy}
