"""Logging the figures of a training."""

from importlib.util import find_spec

import pytest

from finalnet.__main__ import main
from finalnet.training.logs import LOGS, open_log
from finalnet.training.loop import Epoch


@pytest.mark.parametrize("name", LOGS)
def test_a_missing_logging_tool_is_reported_before_the_training(name, tmp_path):
    if find_spec(name):
        pytest.skip(f"{name} is installed")
    for more in ([], ["--seeds", "0-1"]):
        with pytest.raises(SystemExit, match=f"{name} is not installed; .* pip install {name}"):
            main(["train", "--log-to", name, "--output", str(tmp_path / "net"), *more])


def test_tensorboard_receives_the_figures_of_each_epoch(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.chdir(tmp_path)
    log = open_log("tensorboard", tmp_path / "net")
    for number in (1, 2):
        log(Epoch(number, 1 / number, 0.9, 3.0))
    events = EventAccumulator(str(tmp_path / "runs" / "net")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1.0), (2, 0.5)]
