"""Several trainings at once, with different seeds."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from serving import ROOT

from finalnet.__main__ import main
from finalnet.checkpoint import STATES
from finalnet.training.runs import to_command

OPTIONS = ["--epochs", "2", "--generated-digits", "60", "--generated-others", "0"]
OPTIONS += ["--precision", "float32", "--device", "cpu", "--batch-size", "20"]


def find_child(parent: int, word: str) -> int | None:
    """Process id of a child whose command line contains a word."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_child = (folder / "stat").read_text().rpartition(")")[2].split()[1] == str(parent)
            if is_child and word in (folder / "cmdline").read_text():
                return int(folder.name)
        except OSError:  # it has exited in the meantime
            continue
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_parallel_seeds_resume_after_ctrl_c_and_sigkill_and_give_the_files_of_a_single_training(
    small_mnist, tmp_path
):
    options = ["--data-dir", str(small_mnist), *OPTIONS]
    command = [sys.executable, str(ROOT / "train.py"), *options]
    both = [*command, "--output", str(tmp_path / "both"), "--seeds", "0-1"]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    run = subprocess.Popen(both, **output)
    while "epoch 1 of 2" not in (line := run.stdout.readline()):
        assert line
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=30)[0]
    assert run.returncode == 130 and "Traceback" not in said
    assert "continue with the same command and --resume" in said
    run = subprocess.Popen([*both, "--resume"], **output)
    while not (child := find_child(run.pid, "both-seed-1")):
        assert run.poll() is None
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    said = run.communicate()[0]
    assert run.returncode == 0, said
    assert "seed 1: killed by signal 9; started again" in said
    table = [line.split("|")[1].strip() for line in said.splitlines()[-5:]]
    assert table == ["seed", "---", "0", "1", "mean"]
    alone, beside = tmp_path / "alone", tmp_path / "both-seed-1"
    main(["train", *options, "--output", str(alone), "--seed", "1"])
    for name in ("model.safetensors", STATES, "config.json"):
        assert (beside / name).read_bytes() == (alone / name).read_bytes(), name
    recorded, expected = (json.loads((f / "metrics.json").read_text()) for f in (beside, alone))
    assert recorded["arguments"] == expected["arguments"]
    assert recorded["test_accuracy"] == expected["test_accuracy"]
    assert {path.name for path in tmp_path.iterdir()} == {"alone", "both-seed-0", "both-seed-1"}


def test_options_become_a_command_line_that_sets_them():
    options = argparse.Namespace(seed=0, start=None, drawings=[Path("/a"), Path("/b")], resume=True)
    words = ["train", "--seed", "7", "--drawings", "/a", "/b", "--resume"]
    assert to_command("train", options, seed=7) == words
    assert to_command("train", options, drawings=[], resume=None)[1:] == ["--seed", "0"]
    assert to_command("train", argparse.Namespace(start=Path("/c"))) == ["train", "--from", "/c"]


@pytest.mark.parametrize("words", ["4-0", "", "0-", "a", "-1", "0-1-2"])
def test_invalid_seeds_are_refused_with_examples(words, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["train", f"--seeds={words}", "--output", str(tmp_path / "net")])
    assert "wanted seeds such as 3 or 0-4" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_a_missing_ray_is_reported_before_the_training(tmp_path):
    with pytest.raises(SystemExit, match="needs Ray, .* pip install ray"):
        main(["train", "--seeds", "0-1", "--ray", "auto", "--output", str(tmp_path / "net")])
    with pytest.raises(SystemExit, match="name their seeds with --seeds"):
        main(["train", "--ray", "auto", "--output", str(tmp_path / "net")])


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_seeds_on_a_ray_cluster_give_the_same_files_as_on_this_machine(small_mnist, tmp_path):
    words = ["train", "--data-dir", str(small_mnist.resolve()), *OPTIONS]
    main([*words, "--seeds", "0-1", "--output", str(tmp_path / "here")])
    main([*words, "--seeds", "0-1", "--output", str(tmp_path / "there"), "--ray", "local"])
    for seed in (0, 1):
        here, there = (tmp_path / f"{place}-seed-{seed}" for place in ("here", "there"))
        assert {path.name for path in here.iterdir()} == {path.name for path in there.iterdir()}
        name = "model.safetensors"
        assert (here / name).read_bytes() == (there / name).read_bytes()
