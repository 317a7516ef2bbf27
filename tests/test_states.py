import json

import pytest
import torch
from conftest import MNIST_DIR
from safetensors import safe_open
from torch import Tensor

from finalnet import FinalNet
from finalnet.__main__ import main
from finalnet.checkpoint import BUNDLED, STATES, TUTORIAL
from finalnet.network import weight_shapes
from finalnet.training.arguments import TrainingArguments
from finalnet.training.data import Digits, load_mnist
from finalnet.training.loop import Pool, Trained, measure_accuracy, train
from finalnet.training.states import write_states
from finalnet.training.writing import write_checkpoint


@pytest.fixture(scope="module")
def digits(mnist_test) -> Digits:
    whole = load_mnist("train", MNIST_DIR)
    return Digits(whole.images[:320], whole.labels[:320])


@pytest.fixture(scope="module")
def watched(digits) -> Trained:
    """Three epochs of 32 steps."""
    arguments = TrainingArguments(epochs=3, batch_size=10, precision="float32", device="cpu")
    return train(arguments, digits, digits, Pool(0, iter(())), keep_states=True)


def read_states(path) -> tuple[list[dict], dict[str, Tensor]]:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["states"]), {n: file.get_tensor(n) for n in file.keys()}  # noqa: SIM118


def network_of(tensors: dict[str, Tensor], number: int) -> FinalNet:
    model = FinalNet()
    weights = {name: tensor[number].float() for name, tensor in tensors.items()}
    model.load_state_dict(weights, strict=False)
    return model.eval()


def test_the_states_reach_from_the_untrained_network_to_the_last_epoch(watched, digits, tmp_path):
    write_states(tmp_path / STATES, watched.states)
    described, tensors = read_states(tmp_path / STATES)
    assert [state["name"] for state in described] == [
        "untrained",
        *(f"after {steps} steps" for steps in (10, 30)),
        "after 1 epoch",
        "after 2 epochs",
        "after 3 epochs",
    ]
    floating = {name for name in weight_shapes() if "num_batches" not in name}
    assert tensors.keys() == floating
    for number, state in enumerate(described):
        accuracy = measure_accuracy(network_of(tensors, number), digits)
        assert accuracy == pytest.approx(state["validation_accuracy"], abs=0.004), state
    assert described[0]["validation_accuracy"] < 0.3 < described[2]["validation_accuracy"]
    for name, tensor in watched.model.state_dict().items():
        if name in floating:
            assert torch.equal(tensors[name][-1], tensor.half()), name


def test_taking_snapshots_does_not_change_the_training(watched, digits):
    arguments = TrainingArguments(epochs=3, batch_size=10, precision="float32", device="cpu")
    alone = train(arguments, digits, digits, Pool(0, iter(())))
    assert alone.states == [] and len(alone.history) == len(watched.history)
    for name, tensor in alone.model.state_dict().items():
        assert torch.equal(tensor, watched.model.state_dict()[name]), name


def test_a_dozen_states_take_less_than_800_kb(watched, tmp_path):
    write_states(tmp_path / STATES, (watched.states * 2)[:12])
    assert (tmp_path / STATES).stat().st_size < 800_000


def test_a_new_checkpoint_replaces_the_states_and_keeps_the_tutorial_network(watched, tmp_path):
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    folder = tmp_path / "finalnet"
    write_checkpoint(folder, watched.model, metrics, watched.states)
    (folder / TUTORIAL).write_bytes(b"tutorial")
    write_checkpoint(folder, watched.model, metrics)
    assert not (folder / STATES).exists() and (folder / TUTORIAL).read_bytes() == b"tutorial"


def test_the_tutorial_command_trains_on_mnist_alone(small_mnist, watched, tmp_path):
    folder = tmp_path / "finalnet"
    metrics = json.loads((BUNDLED / "metrics.json").read_text())
    write_checkpoint(folder, watched.model, metrics, watched.states)
    options = ["--data-dir", str(small_mnist), "--epochs", "3", "--device", "cpu"]
    main(["tutorial", "--checkpoint", str(folder), *options])
    ((described,), tensors) = read_states(folder / TUTORIAL)
    validation = load_mnist("validation", small_mnist)
    accuracy = measure_accuracy(network_of(tensors, 0), validation)
    assert accuracy == pytest.approx(described["validation_accuracy"], abs=0.002) and accuracy > 0.7
