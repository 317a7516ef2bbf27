"""Snapshots of a training, which the page plays back ("Watch it learn")."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor

from finalnet.model import FinalNet

STEPS = (0, 10, 30, 100, 300)  # snapshots after these steps of the first epoch,
EPOCHS = (1, 2, 4, 8, 15, 22)  # after these epochs, and after the last


class State(NamedTuple):
    """A snapshot of the averaged network."""

    name: str  # as the page shows it: "after 10 steps"
    validation_accuracy: float  # in [0, 1], of one view
    weights: dict[str, Tensor]  # on the CPU, float16


def name_state(count: int, unit: str) -> str:
    """Name a state for the page, as in "after 10 steps"; `unit` is the singular, "step"."""
    return f"after {count} {unit}{'' if count == 1 else 's'}" if count else "untrained"


def take_state(name: str, model: FinalNet, validation_accuracy: float) -> State:
    """Copy a network in half precision, which is enough to show."""
    weights = {
        name: tensor.detach().to("cpu", torch.float16, copy=True).contiguous()
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point()  # leaves out the counters of batch norm
    }
    return State(name, validation_accuracy, weights)


def write_states(path: Path, states: Sequence[State]) -> None:
    """Write states to one safetensors file; the first dimension of each tensor counts them.

    The metadata entry `states` is JSON: the name and validation accuracy of each.
    """
    names = states[0].weights
    described = [{"name": s.name, "validation_accuracy": s.validation_accuracy} for s in states]
    stacked = {name: torch.stack([state.weights[name] for state in states]) for name in names}
    save_file(stacked, path, {"states": json.dumps(described)})
