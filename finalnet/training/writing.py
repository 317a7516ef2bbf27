"""Writes a checkpoint folder (weights, metrics, model card) atomically."""

import json
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import torch
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from finalnet.checkpoint import EVALUATION, FILES, STATES, TUTORIAL
from finalnet.model import FinalNet
from finalnet.training.states import State, write_states
from finalnet.training.unfinished import UNFINISHED
from finalnet.views import UNRECORDED_PENS

ROOM = 8_000_000  # bytes: a checkpoint beside the previous one, and the progress twice
NEW = ".new"  # folder for the new files inside a mount point, until they replace the others
ALLOWED = {NEW, UNFINISHED, "lost+found"}  # other names in a mount point

HELD_OUT = """
The drawn digits and letters above come from held-out writers: for each source, we trained a network
without it by the same recipe ({epochs} epochs, seed {seed}) and measured it on that source. This
network has learned from all sources, so they cannot measure it.
"""
PUBLIC = ("unipen-", "pendigits")  # how the sources of `finalnet drawings` begin
CREDIT = " (from UNIPEN and UCI Pendigits, both CC BY 4.0)"
REJECTS = ", and says so when a drawing is not a digit"
CALIBRATED = """Temperature and rejection threshold (`config.json`) are fitted on MNIST's last 5,000
training images and as many generated digits. """
CARD = """---
{metadata}
---

# FinalNet

A convolutional network of 31,450 parameters that recognises handwritten digits in 28x28 grey
images{rejects}.

| figure | value | conditions |
|---|---|---|
{figures}

Trained for {epochs} epochs on MNIST's first 55,000 training images, {digits:,} generated digits,
{others:,} generated drawings that are not digits, and {people}, in {minutes:.0f} minutes on
{device} with torch {torch}{start}. The weights are the exponential moving average after the last
epoch.
{calibrated}Every answer is the mean of the logits over several views of the drawing,
each with a pen finer (below 0) or bolder by so many pixels: {pens}.
{held_out}{pictures}
## Use

```python
from finalnet import Recognizer

recognizer = Recognizer.load("OWNER/NAME")  # or the path of this folder
prediction = recognizer.recognize(image)  # a PIL image or an array
prediction.digit, prediction.top(3)
```

The input must be placed as MNIST places it (ink cropped, longer side 20 px, centre of mass in the
middle); `Recognizer` does that. The network reads single digits; `Recognizer.read_number` splits a
number into digits.
"""


def check_output(folder: Path) -> None:
    """Check before the training that a checkpoint can be written to a folder.

    Raises:
        ValueError: the folder holds other files, which would be lost, or is not writable.
    """
    folder = folder.resolve()
    previous = folder.with_name(folder.name + ".old")
    if previous.exists() and not folder.exists():
        previous.rename(folder)  # a write crashed between its two renames
    foreign = sorted(p.name for p in folder.glob("*") if p.name not in FILES | ALLOWED)
    if foreign or (folder.exists() and not folder.is_dir()):
        names = ", ".join(foreign[:3])
        raise ValueError(f"{folder} holds other files ({names}); name a new folder with --output")
    place = folder if folder.is_mount() else folder.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=place) as probe:
            probe.write(bytes(ROOM))
            probe.flush()
    except OSError as error:
        raise ValueError(
            f"cannot write a checkpoint to {folder} ({error.strerror or error}); free "
            f"{ROOM / 1e6:.0f} MB, or name another folder with --output"
        ) from None


def write_checkpoint(
    folder: Path, model: FinalNet, metrics: dict[str, Any], states: Sequence[State] = ()
) -> None:
    """Write the files beside the folder, then swap the folders.

    A crash never leaves half a checkpoint. After a crash between the two renames, the previous
    checkpoint is in the folder named ".old", from which `check_output` restores it. Where the
    folder is a mount point, the files replace each other one by one.
    """
    folder = folder.resolve()
    check_output(folder)
    is_mount = folder.is_mount()  # which cannot be renamed
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    if is_mount:
        new = folder / NEW
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    (new / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    model.save_pretrained(new)
    if states:
        write_states(new / STATES, states)
    if (folder / TUTORIAL).exists():  # does not depend on this training
        shutil.copy(folder / TUTORIAL, new)
    write_card(new)
    if is_mount:
        shutil.rmtree(folder / EVALUATION, ignore_errors=True)  # it measured the previous weights
        for name in FILES - {EVALUATION} - {path.name for path in new.iterdir()}:
            (folder / name).unlink(missing_ok=True)
        for path in new.iterdir():
            path.replace(folder / path.name)
        new.rmdir()
        return
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def versions() -> dict[str, str]:
    """Versions to record with the weights."""
    return {"python": platform.python_version(), "torch": torch.__version__}


def write_card(folder: Path) -> None:
    """Write the model card of a checkpoint folder from the figures in it."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    recorded = folder / EVALUATION / "metrics.json"
    evaluation = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else None
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    held_out = (evaluation or {}).get("held-out writers")
    can_reject = config.get("rejection_threshold") is not None
    arguments = metrics["arguments"]
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
    rows = [
        f"| {figure} | {value} | {conditions} |"
        for figure, value, conditions in [
            *_training_figures(metrics),
            *(_evaluation_figures(evaluation) if evaluation else []),
        ]
    ]
    shown = sorted(p.name for p in (folder / EVALUATION).glob("*.png"))
    card = CARD.format(
        metadata=metadata.to_yaml(),
        figures="\n".join(rows),
        pictures="".join(f"\n![{Path(n).stem}]({EVALUATION}/{n})\n" for n in shown),
        epochs=arguments["epochs"],
        digits=arguments["generated_digits"],
        others=arguments["generated_others"],
        start=_start(metrics.get("start")),
        people=_people(metrics.get("drawings", {})),
        pens=", ".join(f"{pen:g}" for pen in config.get("pens", UNRECORDED_PENS)),
        held_out=HELD_OUT.format(**held_out) if held_out else "",
        rejects=REJECTS if can_reject else "",
        calibrated=CALIBRATED if can_reject else "",
        minutes=metrics["seconds"] / 60,
        device=metrics["device"],
        torch=metrics["versions"]["torch"].partition("+")[0],  # without a tag such as +cpu
    )
    (folder / "README.md").write_text(str(ModelCard(card)), encoding="utf-8")


def _people(drawings: dict[str, Any]) -> str:
    """Describe the people's drawings beside MNIST."""
    if not drawings.get("digits"):
        return "no other drawing of a person"
    sources = drawings.get("sources", [])
    are_public = sources and all(source.startswith(PUBLIC) for source in sources)
    return (
        f"{drawings['digits']:,} digits and {drawings['others']:,} letters and signs that "
        f"{drawings['writers']} people drew{CREDIT if are_public else ''}"
    )


def _start(start: dict[str, Any] | None) -> str:
    """Describe the network that the training started from."""
    if not start:
        return ""
    if "arguments" not in start:
        return f", from the weights {start['weights']}"
    arguments = start["arguments"]
    people = start.get("drawings", {}).get("digits", 0)
    generated = arguments["generated_digits"] + arguments["generated_others"]
    return (
        f", from a network trained for {arguments['epochs']} epochs on MNIST, "
        f"{generated:,} generated drawings and {people:,} digits that people drew"
    )


def _training_figures(metrics: dict[str, Any]) -> list[tuple[str, str, str]]:
    seed = metrics["arguments"]["seed"]
    return [
        (
            "MNIST test accuracy",
            f"{metrics['test_accuracy']:.2%}",
            f"10,000 images, one run, seed {seed}, last epoch; the network alone, on one view "
            f"{metrics['test_accuracy_of_one_view']:.2%}",
        ),
        (
            "MNIST validation accuracy",
            f"{metrics['validation_accuracy']:.2%}",
            "the last 5,000 training images, one view",
        ),
    ]


def _evaluation_figures(evaluation: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the card for the figures of `evaluate --record`."""
    rows = []
    for score in evaluation.get("digits", []):
        by_digit = [(share, digit) for digit, share in enumerate(score["accuracy_by_digit"])]
        share, digit = min(pair for pair in by_digit if pair[0] is not None)
        rows.append(
            (
                score["name"],
                f"{score['accuracy']:.2%}",
                f"{score['count']:,} digits; {_over_sources(score)}"
                f"worst digit {digit}: {share:.2%}; calibration error "
                f"{score['calibration_error']:.2%}; accepted {score['accepted']:.2%}",
            )
        )
    for spread in evaluation.get("runs", []):
        rows.append(
            (
                f"{spread['name']}, {spread['runs']} seeds",
                f"{spread['mean']:.2%} ± {spread['deviation']:.2%}",
                f"mean and standard deviation; {spread['lowest']:.2%} to {spread['highest']:.2%}",
            )
        )
    for rejection in evaluation.get("not digits", []):
        rows.append(
            (
                f"not digits: {rejection['name']}",
                f"AUROC {rejection['auroc']:.3f}",
                f"{rejection['count']:,} drawings; accepted {rejection['accepted']:.1%}, "
                f"with 99 % of the digits {rejection['accepted_at_99']:.1%}",
            )
        )
    return rows


def _over_sources(score: dict[str, Any]) -> str:
    """Describe the accuracy per source; empty if there is only one source."""
    shares = score["accuracy_by_source"].values()
    if len(shares) < 2:
        return ""
    mean = sum(shares) / len(shares)
    return f"mean over {len(shares)} sources {mean:.2%}, the worst {min(shares):.2%}; "
