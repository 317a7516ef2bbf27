"""What the network knew on the way: states of a training, kept to watch it learn afterwards."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor

from finalnet.model import FinalNet

STEPS = (0, 10, 30, 100, 300)  # of the first epoch, after which a state is kept; and after
EPOCHS = (1, 2, 4, 8, 15, 22)  # these and the last


class State(NamedTuple):
    """The averaged network at one moment."""

    name: str  # as people are told: "after 10 steps"
    validation_accuracy: float  # in [0, 1], of one view
    weights: dict[str, Tensor]  # on the CPU, float16


def name_state(count: int, unit: str) -> str:
    """What people are told: "after 10 steps"; `unit` is one of them."""
    return f"after {count} {unit}{'' if count == 1 else 's'}" if count else "untrained"


def take_state(name: str, model: FinalNet, validation_accuracy: float) -> State:
    """A copy of a network in half precision, which is enough to watch."""
    weights = {
        name: tensor.detach().to("cpu", torch.float16, copy=True).contiguous()
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point()  # but the counters of batch norm
    }
    return State(name, validation_accuracy, weights)


def write_states(path: Path, states: Sequence[State]) -> None:
    """Write states as one file, each tensor with a first dimension of the states in turn.

    The file's metadata says in `states`, as JSON, the name and validation accuracy of each.
    """
    names = states[0].weights
    told = [{"name": s.name, "validation_accuracy": s.validation_accuracy} for s in states]
    stacked = {name: torch.stack([state.weights[name] for state in states]) for name in names}
    save_file(stacked, path, {"states": json.dumps(told)})
