import json
import subprocess
import sys

import pytest
import torch
from conftest import MNIST_DIR, ROOT

from finalnet import FinalNet, Recognizer
from finalnet.checkpoint import COMMITTED, check_output, write_checkpoint
from finalnet.evaluation.scores import mnist_samples, score
from finalnet.training.data import Digits, load_mnist
from finalnet.training.loop import TrainingArguments, measure_accuracy, pick_device, train


def test_training_on_few_digits_learns_and_repeats_with_the_seed(mnist_test):
    digits = load_mnist("train", MNIST_DIR)
    few = Digits(digits.images[:4_000], digits.labels[:4_000])
    held_out = Digits(digits.images[4_000:6_000], digits.labels[4_000:6_000])
    arguments = TrainingArguments(epochs=3, seed=5)
    model, history = train(arguments, few, len(few.labels), held_out)
    assert [epoch.epoch for epoch in history] == [1, 2, 3]
    assert history[-1].loss < history[0].loss / 2
    assert history[-1].validation_accuracy == measure_accuracy(model, held_out) > 0.9
    torch.manual_seed(5)
    for name, start in FinalNet().named_parameters():
        assert not torch.allclose(model.get_parameter(name), start, atol=1e-4), name
    again, _ = train(arguments, few, len(few.labels), held_out)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_train_command_writes_a_whole_checkpoint(mnist_test, tmp_path):
    output = tmp_path / "checkpoint"
    command = [sys.executable, str(ROOT / "train.py"), "--data-dir", str(MNIST_DIR)]
    options = ["--output", str(output), "--epochs", "1", "--batch-size", "512"]
    options += ["--generated-digits", "500", "--generated-others", "100"]
    subprocess.run(command + options, check=True, capture_output=True, cwd=tmp_path)
    names = {path.name for path in output.iterdir()}
    assert names == {"README.md", "config.json", "metrics.json", "model.safetensors"}
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["arguments"]["batch_size"] == 512
    recognizer = Recognizer.load(output)
    measured = score(recognizer, mnist_samples("MNIST test", mnist_test)).accuracy
    assert metrics["test_accuracy"] == measured
    one_view = measure_accuracy(FinalNet.from_pretrained(output), mnist_test)
    assert metrics["test_accuracy_of_one_view"] == one_view
    assert recognizer.model.rejection_threshold > 0.1
    assert list(tmp_path.iterdir()) == [output]


def test_train_command_names_the_option_when_mnist_is_missing(tmp_path):
    # Not a folder, so that nothing can be downloaded into it.
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    command = [sys.executable, str(ROOT / "train.py"), "--data-dir", str(occupied)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1 and "--data-dir" in run.stderr and "Traceback" not in run.stderr


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path):
    folder = tmp_path / "finalnet"
    metrics = json.loads((COMMITTED / "metrics.json").read_text())
    write_checkpoint(folder, FinalNet(), metrics)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyError):
        write_checkpoint(folder, FinalNet(), {})
    (tmp_path / "finalnet").rename(tmp_path / "finalnet.old")  # as a crash between renames would
    check_output(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write_checkpoint(folder, FinalNet(), metrics)
    assert (folder / "model.safetensors").read_bytes() != before["model.safetensors"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_files_is_not_written_to(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    metrics = json.loads((COMMITTED / "metrics.json").read_text())
    with pytest.raises(ValueError, match="holds other files"):
        write_checkpoint(tmp_path, FinalNet(), metrics)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_unknown_device_names_those_present():
    with pytest.raises(ValueError, match=r"device 'tpu' is not available; choose auto or .*cpu"):
        pick_device("tpu")
    assert pick_device("cpu") == torch.device("cpu")


def test_the_committed_checkpoint_reaches_the_accuracy_in_its_metrics(mnist_test):
    metrics = json.loads((COMMITTED / "metrics.json").read_text())
    one_view = measure_accuracy(FinalNet.from_pretrained(COMMITTED), mnist_test)
    accuracy = score(Recognizer.load(), mnist_samples("MNIST test", mnist_test)).accuracy
    # Within two digits, because other machines round otherwise.
    assert one_view == pytest.approx(metrics["test_accuracy_of_one_view"], abs=2e-4)
    assert accuracy == pytest.approx(metrics["test_accuracy"], abs=2e-4)
    assert accuracy >= 0.995
