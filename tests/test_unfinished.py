import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from serving import ROOT

from finalnet.__main__ import main
from finalnet.checkpoint import STATES
from finalnet.training.arguments import TrainingArguments
from finalnet.training.data import Digits
from finalnet.training.loop import Pool, train
from finalnet.training.unfinished import read_progress, unfinished_path

OPTIONS = ["--epochs", "4", "--generated-digits", "60", "--generated-others", "0"]
OPTIONS += ["--precision", "float32", "--device", "cpu", "--batch-size", "20", "--seed", "4"]


def train_here(data: Path, output: Path, *options: str) -> None:
    """Train in this process, which has imported PyTorch already."""
    main(["train", "--data-dir", str(data), "--output", str(output), *options])


def start(data: Path, output: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, str(ROOT / "train.py"), "--data-dir", str(data)]
    return subprocess.Popen(
        [*command, "--output", str(output), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for the whole group
    )


def wait_for_epoch(run: subprocess.Popen, epoch: int) -> None:
    while not (line := run.stdout.readline()).startswith(f"epoch {epoch} of"):
        assert line, "it ended before"


@pytest.fixture(scope="module")
def whole(small_mnist, tmp_path_factory) -> Path:
    """A training that was never interrupted."""
    output = tmp_path_factory.mktemp("whole") / "finalnet"
    train_here(small_mnist, output, *OPTIONS)
    assert not unfinished_path(output).exists()
    return output


def is_at_work(group: int) -> bool:
    """Whether a process of the group runs; one that has ended may not be reaped yet."""
    listed = subprocess.run(
        ["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return any(int(pgid) == group and stat[0] != "Z" for pgid, stat in rows)


def end_of_group(group: int, seconds: int) -> bool:
    """Whether none of its processes is left so soon."""
    for _ in range(10 * seconds):
        if not is_at_work(group):
            return True
        time.sleep(0.1)
    return False


def test_a_training_killed_twice_gives_the_weights_of_an_uninterrupted_one(
    whole, small_mnist, tmp_path
):
    output = tmp_path / "finalnet"
    for options, number, epoch in (
        (OPTIONS, signal.SIGTERM, 1),
        (["--resume"], signal.SIGKILL, 2),
    ):
        run = start(small_mnist, output, *options)
        wait_for_epoch(run, epoch)
        time.sleep(0.2)  # in the middle of the next
        os.kill(run.pid, number)
        said, _ = run.communicate()
        assert run.returncode == (-number if number == signal.SIGKILL else 130), said
        assert "Traceback" not in said and not output.exists()
        assert end_of_group(run.pid, seconds=20)
    train_here(small_mnist, output, "--resume")
    for name in ("model.safetensors", STATES, "config.json"):
        assert (output / name).read_bytes() == (whole / name).read_bytes(), name
    assert list(tmp_path.iterdir()) == [output]


def test_ctrl_c_ends_all_processes_of_a_training_and_says_how_to_resume(small_mnist, tmp_path):
    output = tmp_path / "finalnet"
    drawings = ["--generated-digits", "8000", "--generated-per-epoch", "500"]
    run = start(small_mnist, output, *OPTIONS, *drawings, "--batch-size", "100")
    wait_for_epoch(run, 1)
    os.killpg(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=30)
    assert run.returncode == 130 and end_of_group(run.pid, seconds=2)
    assert said.splitlines()[-1].endswith(f"--resume --output {output}")
    assert "Traceback" not in said and "Process" not in said
    assert len(read_progress(unfinished_path(output))["history"]) >= 1
    with pytest.raises(SystemExit, match="the training began with --epochs 4, not 5"):
        train_here(small_mnist, output, "--resume", "--epochs", "5")


def test_a_loss_that_is_not_finite_ends_the_training(small_mnist, tmp_path):
    output = tmp_path / "finalnet"
    too_fast = ["--learning-rate", "1e30", "--batch-size", "200"]
    with pytest.raises(SystemExit, match="loss is no longer a number in epoch .*--learning-rate"):
        train_here(small_mnist, output, *OPTIONS, *too_fast)
    assert not output.exists()


def test_a_training_stopped_after_the_last_batch_of_an_epoch_resumes(mnist_validation):
    digits = Digits(mnist_validation.images[:60], mnist_validation.labels[:60])
    arguments = TrainingArguments(
        epochs=2,
        generated_digits=0,
        generated_others=0,
        batch_size=40,
        device="cpu",
        precision="float32",
    )
    nothing, kept = Pool(0, iter(())), []

    class Stopping(Digits):
        """Digits that Ctrl-C comes upon when they are measured."""

        @property
        def images(self) -> torch.Tensor:
            signal.raise_signal(signal.SIGINT)
            return digits.images

    with pytest.raises(KeyboardInterrupt):
        train(arguments, digits, Stopping(*digits), nothing, keep=kept.append)
    assert kept[-1]["place"] == 60
    resumed = train(arguments, digits, digits, nothing, resumed=kept[-1]).model.state_dict()
    whole = train(arguments, digits, digits, nothing).model.state_dict()
    assert all(torch.equal(resumed[name], tensor) for name, tensor in whole.items())
