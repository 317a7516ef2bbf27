"""A checkpoint folder: found and read with care; `training/writing.py` writes it."""

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

# Beside the code, so that it is found from any working directory: in the package where that is
# installed, next to it in a checkout.
PACKAGE = Path(__file__).resolve().parent
IS_INSTALLED = (PACKAGE / "checkpoints").is_dir()
COMMITTED = (PACKAGE if IS_INSTALLED else PACKAGE.parent) / "checkpoints" / "finalnet"

EVALUATION = "evaluation"  # folder, written by `python -m finalnet evaluate --record`
CURVES = "learning-curves.svg"  # drawn from metrics.json
STATES = "states.safetensors"  # of the network while it learned, see training/states.py
TUTORIAL = "tutorial.safetensors"  # a network as tutorials train it, in the same format
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")  # owner/name
CHECKPOINT_FILES = ("config.json", "model.safetensors")  # that prediction needs
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
    """The network of a checkpoint folder or a Hub id; the committed checkpoint by default.

    Raises:
        FileNotFoundError: there is no checkpoint, or a file of it is missing.
        ValueError: a file of it is broken; the message says which and how.
    """
    folder = find_checkpoint(source)
    config = _read_config(folder / "config.json")
    return Network(_read_weights(folder / "model.safetensors"), **config)


def find_checkpoint(source: Path | str | None = None) -> Path:
    """The checkpoint folder, or for a Hub id the folder into which it was downloaded.

    Raises:
        FileNotFoundError: there is neither.
    """
    folder = Path(source or COMMITTED)
    if folder.is_dir():
        return folder
    wanted = "train one with `python train.py`, or name a checkpoint folder or a Hub id"
    # A name beside folders that are there is a folder with a slip of the pen, and so is a path.
    if isinstance(source, Path) or not HUB_ID.fullmatch(str(source)) or folder.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; {wanted}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(source)))
    except Exception as error:  # the Hub's and the network's own
        raise FileNotFoundError(
            f"no folder {source}, and the Hub gave no such checkpoint ({type(error).__name__}); "
            f"{wanted}"
        ) from error


def _read_config(path: Path) -> dict[str, Any]:
    """All that a checkpoint says beside its weights; raises as `load_checkpoint` does."""
    _check_present(path)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); restore it, or train anew") from None
    values: dict[str, Any] = config if isinstance(config, dict) else {}
    temperature = values.get("temperature", "nothing")
    threshold = values.get("rejection_threshold", "nothing")
    if not _is_number(temperature) or temperature <= 0:
        raise ValueError(
            f'{path}: "temperature" must be a finite number above 0, got {temperature!r}; '
            "restore it, or train anew"
        )
    if threshold is not None and not (_is_number(threshold) and 0 <= threshold <= 1):
        raise ValueError(
            f'{path}: "rejection_threshold" must be a number from 0 to 1, or null to accept every '
            f"drawing, got {threshold!r}; restore it, or train anew"
        )
    pens = values.get("pens", UNRECORDED_PENS)
    if not (
        isinstance(pens, list | tuple)
        and 1 <= len(pens) <= MAX_VIEWS
        and all(_is_number(pen) and -1 <= pen <= 1 for pen in pens)
    ):
        raise ValueError(
            f'{path}: "pens" must be 1 to {MAX_VIEWS} numbers from -1 to 1, one a view, '
            f"got {pens!r:.60}; restore it, or train anew"
        )
    return {"temperature": temperature, "rejection_threshold": threshold, "pens": tuple(pens)}


def _read_weights(path: Path) -> dict[str, np.ndarray]:
    """All weights, of FinalNet's names and shapes; raises as `load_checkpoint` does."""
    _check_present(path)
    try:
        weights = load_file(path)
    except (OSError, TypeError, ValueError, SafetensorError) as error:  # or no type of NumPy's
        raise ValueError(f"{path} cannot be read ({error}); restore it, or train anew") from error
    wanted = weight_shapes()
    faults = {
        "lacks": sorted(wanted.keys() - weights.keys()),
        "has, but FinalNet has not,": sorted(weights.keys() - wanted.keys()),
        "has the wrong shape for": [
            f"{name} ({weights[name].shape}, not {shape})"
            for name, shape in wanted.items()
            if name in weights and weights[name].shape != shape
        ],
        "has numbers that are not finite in": [
            name for name, tensor in weights.items() if not np.isfinite(tensor).all()
        ],
    }
    found = [f"{fault} {', '.join(names[:3])}" for fault, names in faults.items() if names]
    if found:
        raise ValueError(f"{path} {'; it '.join(found)}; restore it, or train anew")
    return {name: tensor.astype(np.float32) for name, tensor in weights.items()}


def _check_present(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {path.parent}; a checkpoint folder holds config.json and "
            "model.safetensors, as `python train.py` writes them"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
