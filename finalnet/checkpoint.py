"""Finds a checkpoint folder, reads it and validates it; `training/writing.py` writes it."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from finalnet.network import Network, weight_shapes
from finalnet.views import MAX_VIEWS, UNRECORDED_PENS

# Relative to the code, so that it works from any directory: inside an installed package, next to
# the package in a checkout.
PACKAGE = Path(__file__).resolve().parent
IS_INSTALLED = (PACKAGE / "checkpoints").is_dir()
BUNDLED = (PACKAGE if IS_INSTALLED else PACKAGE.parent) / "checkpoints" / "finalnet"

EVALUATION = "evaluation"  # folder, written by `python -m finalnet evaluate --record`
CURVES = "learning-curves.svg"  # drawn from metrics.json
STATES = "states.safetensors"  # snapshots taken during training, see training/states.py
TUTORIAL = "tutorial.safetensors"  # a network trained as tutorials do, in the same format
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")  # owner/name
CHECKPOINT_FILES = ("config.json", "model.safetensors")  # enough for prediction
FILES = {
    *CHECKPOINT_FILES,
    "metrics.json",
    "README.md",
    CURVES,
    EVALUATION,
    STATES,
    TUTORIAL,
}


def load_checkpoint(source: Path | str | None = None) -> Network:
    """Load the network from a checkpoint folder or a Hub id; by default the bundled checkpoint.

    Raises:
        FileNotFoundError: the checkpoint, or one of its files, does not exist.
        ValueError: one of its files is invalid; the message says which and why.
    """
    folder = find_checkpoint(source)
    config = _read_config(folder / "config.json")
    return Network(_read_weights(folder / "model.safetensors"), **config)


def find_checkpoint(source: Path | str | None = None) -> Path:
    """Return the checkpoint folder; download it first if `source` is a Hub id.

    Raises:
        FileNotFoundError: no such folder, and the Hub has no such checkpoint.
    """
    folder = Path(source or BUNDLED)
    if folder.is_dir():
        return folder
    wanted = "train one with `python train.py`, or name a checkpoint folder or a Hub id"
    # A path, or a name whose parent folder exists, is a mistyped path rather than a Hub id.
    if isinstance(source, Path) or not HUB_ID.fullmatch(str(source)) or folder.parent.is_dir():
        raise FileNotFoundError(f"there is no checkpoint folder {folder}; {wanted}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(source)))
    except Exception as error:  # many types, from the Hub client and from the network
        raise FileNotFoundError(
            f"there is no folder {source}, and downloading it from the Hub failed "
            f"({type(error).__name__}); {wanted}"
        ) from error


def _read_config(path: Path) -> dict[str, Any]:
    """Temperature, threshold and pens; raises what `load_checkpoint` raises."""
    _check_present(path)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); restore it or train again") from None
    values: dict[str, Any] = config if isinstance(config, dict) else {}
    temperature = values.get("temperature", "nothing")
    threshold = values.get("rejection_threshold", "nothing")
    if not _is_number(temperature) or temperature <= 0:
        raise ValueError(
            f'{path}: "temperature" must be a finite number above 0, got {temperature!r}; '
            "restore it or train again"
        )
    if threshold is not None and not (_is_number(threshold) and 0 <= threshold <= 1):
        raise ValueError(
            f'{path}: "rejection_threshold" must be a number from 0 to 1, or null to accept every '
            f"drawing, got {threshold!r}; restore it or train again"
        )
    pens = values.get("pens", UNRECORDED_PENS)
    if not (
        isinstance(pens, list | tuple)
        and 1 <= len(pens) <= MAX_VIEWS
        and all(_is_number(pen) and -1 <= pen <= 1 for pen in pens)
    ):
        raise ValueError(
            f'{path}: "pens" must be 1 to {MAX_VIEWS} numbers from -1 to 1, one per view, '
            f"got {pens!r:.60}; restore it or train again"
        )
    return {"temperature": temperature, "rejection_threshold": threshold, "pens": tuple(pens)}


def _read_weights(path: Path) -> dict[str, np.ndarray]:
    """All weights, with names and shapes checked; raises what `load_checkpoint` raises."""
    _check_present(path)
    try:
        weights = load_file(path)
    # TypeError: a dtype that NumPy lacks.
    except (OSError, TypeError, ValueError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read ({error}); restore it or train again") from error
    wanted = weight_shapes()
    faults = {
        "lacks": sorted(wanted.keys() - weights.keys()),
        "has unknown tensors:": sorted(weights.keys() - wanted.keys()),
        "has the wrong shape for": [
            f"{name} ({weights[name].shape}, not {shape})"
            for name, shape in wanted.items()
            if name in weights and weights[name].shape != shape
        ],
        "has NaN or infinity in": [
            name for name, tensor in weights.items() if not np.isfinite(tensor).all()
        ],
    }
    found = [f"{fault} {', '.join(names[:3])}" for fault, names in faults.items() if names]
    if found:
        raise ValueError(f"{path} {'; it '.join(found)}; restore it or train again")
    return {name: tensor.astype(np.float32) for name, tensor in weights.items()}


def _check_present(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {path.parent}; a checkpoint folder needs config.json and "
            "model.safetensors, which `python train.py` writes"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
