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

CARD = """---
{metadata}
---

# FinalNet

A convolutional network of 31,450 parameters that recognises handwritten digits in 28x28 grey
images. Trained on MNIST; the weights are the exponential moving average after the last epoch.

| figure | value | conditions |
|---|---|---|
| MNIST test accuracy | {test_accuracy:.2%} | 10,000 images, one run, seed {seed}, last epoch |
| MNIST validation accuracy | {validation_accuracy:.2%} | the last 5,000 training images |

Trained for {epochs} epochs in {minutes:.0f} minutes on {device} with torch {torch}.

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
        FileNotFoundError: the folder is not there or holds no checkpoint.
    """
    folder = Path(source or COMMITTED)
    if folder.is_dir() or source is None:
        for name in ("config.json", "model.safetensors"):
            if not (folder / name).is_file():
                raise FileNotFoundError(
                    f"no {name} in {folder}; train a checkpoint with `python train.py`"
                )
        return FinalNet.from_pretrained(folder, local_files_only=True).eval()
    if len(folder.parts) > 2 or folder.is_absolute() or str(source).startswith("."):
        raise FileNotFoundError(
            f"no checkpoint folder at {source}; train one with `python train.py`, or name a Hub id"
        )
    return FinalNet.from_pretrained(str(source)).eval()


def write_checkpoint(folder: Path, model: FinalNet, metrics: dict[str, Any]) -> None:
    """Write the four files beside the folder and swap them in whole.

    A crash leaves the old folder or the new one, never a mixture and never half a file.
    """
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
        minutes=metrics["seconds"] / 60,
        device=metrics["device"],
        torch=metrics["versions"]["torch"],
    )
    return str(ModelCard(card))
