"""A checkpoint folder: configuration, weights, metrics and model card, written as one."""

import json
import platform
import shutil
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from finalnet.model import FinalNet

# Beside the code, so that it is found from any working directory.
COMMITTED = Path(__file__).resolve().parent.parent / "checkpoints" / "finalnet"

FILES = {"config.json", "model.safetensors", "metrics.json", "README.md"}

CARD = """---
{metadata}
---

# FinalNet

A convolutional network of 31,450 parameters that recognises handwritten digits in 28x28 grey
images. The weights are the exponential moving average after the last epoch.

| figure | value | conditions |
|---|---|---|
| MNIST test accuracy | {test_accuracy:.2%} | 10,000 images, one run, seed {seed}, last epoch |
| MNIST validation accuracy | {validation_accuracy:.2%} | the last 5,000 training images |

Trained for {epochs} epochs on MNIST's other 55,000 training images, {digits:,} generated digits and
{others:,} generated drawings that are not digits, in {minutes:.0f} minutes on {device} with torch
{torch}.

## Use

```python
from finalnet import Recognizer

recognizer = Recognizer.load()
prediction = recognizer.recognize(image)  # a PIL image or a uint8 array
prediction.digit, prediction.top(3)
```

The input must be placed as MNIST places it (ink cropped, longer side 20 px, centre of mass in the
middle); `Recognizer` does that. It knows single digits only.
"""


def load_checkpoint(source: Path | str | None = None) -> FinalNet:
    """FinalNet from a checkpoint folder or a Hub id; the committed checkpoint by default.

    Raises:
        FileNotFoundError: there is no checkpoint, or it cannot be read.
    """
    try:
        return FinalNet.from_pretrained(str(source or COMMITTED)).eval()
    except Exception as error:  # the Hub's, the file system's and safetensors' own
        raise FileNotFoundError(
            f"no checkpoint could be read from {source or COMMITTED} ({type(error).__name__}); "
            "train one with `python train.py`, or name a checkpoint folder or a Hub id"
        ) from error


def check_output(folder: Path) -> None:
    """Make sure that a checkpoint can be written to a folder before hours are spent on it.

    Raises:
        ValueError: the folder holds other files, which would be lost.
    """
    previous = folder.with_name(folder.name + ".old")
    if previous.exists() and not folder.exists():
        previous.rename(folder)  # a crash came between the two renames of a write
    foreign = sorted(p.name for p in folder.glob("*") if p.name not in FILES)
    if foreign or (folder.exists() and not folder.is_dir()):
        raise ValueError(f"{folder} holds other files ({foreign[:3]}); name a folder of its own")


def write_checkpoint(folder: Path, model: FinalNet, metrics: dict[str, Any]) -> None:
    """Write the four files beside the folder and swap them in whole.

    A crash never leaves half a checkpoint: at worst the last one waits in the folder's name with
    ".old" behind it, from where `check_output` brings it back.
    """
    folder = folder.resolve()
    check_output(folder)
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    (new / "README.md").write_text(_card(metrics), encoding="utf-8")
    (new / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    model.save_pretrained(new)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def versions() -> dict[str, str]:
    """What the weights were made with."""
    return {"python": platform.python_version(), "torch": torch.__version__}


def _card(metrics: dict[str, Any]) -> str:
    result = EvalResult(
        task_type="image-classification",
        dataset_type="mnist",
        dataset_name="MNIST",
        dataset_split="test",
        metric_type="accuracy",
        metric_value=metrics["test_accuracy"],
    )
    metadata = ModelCardData(
        model_name="FinalNet",
        license="apache-2.0",
        library_name="finalnet",
        pipeline_tag="image-classification",
        tags=["mnist", "handwritten-digits", "pytorch_model_hub_mixin", "model_hub_mixin"],
        datasets=["ylecun/mnist"],
        metrics=["accuracy"],
        eval_results=[result],
    )
    card = CARD.format(
        metadata=metadata.to_yaml(),
        test_accuracy=metrics["test_accuracy"],
        validation_accuracy=metrics["history"][-1]["validation_accuracy"],
        seed=metrics["arguments"]["seed"],
        epochs=metrics["arguments"]["epochs"],
        digits=metrics["arguments"].get("generated_digits", 0),
        others=metrics["arguments"].get("generated_others", 0),
        minutes=metrics["seconds"] / 60,
        device=metrics["device"],
        torch=metrics["versions"]["torch"],
    )
    return str(ModelCard(card))
