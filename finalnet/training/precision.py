"""Chooses the device and the precision: those that this machine has, and the faster one."""

import time
from dataclasses import replace

import torch
from tqdm import tqdm

from finalnet.network import NUM_CLASSES
from finalnet.preprocessing import INPUT_SIZE
from finalnet.training.arguments import PRECISIONS, TrainingArguments
from finalnet.training.learner import Learner

TRIAL_STEPS = 4  # per precision; the first warms up
# bfloat16 must take less than this share of float32's time, so that noise does not decide.
WORTHWHILE = 0.9


def settle(arguments: TrainingArguments) -> TrainingArguments:
    """Replace "auto" by a device and a precision.

    Raises:
        ValueError: the device is unknown, missing or does not work.
    """
    device = pick_device(arguments.device)
    fault = find_fault(arguments, device) if device.type != "cpu" else None
    if fault and arguments.device == "auto":
        tqdm.write(f"training on the CPU, because {device} does not work ({fault})")
        device = torch.device("cpu")
    elif fault:
        raise ValueError(f"device {arguments.device!r} does not work: {fault}; try --device cpu")
    return replace(arguments, device=str(device), precision=pick_precision(arguments, device))


def pick_device(name: str) -> torch.device:
    """Return the named device, or for "auto" the fastest on this machine.

    Raises:
        ValueError: the device is unknown or missing.
    """
    here = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    here += ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    if name == "auto":
        return torch.device(here[0].partition(":")[0])
    if name not in here and f"{name}:0" not in here:
        raise ValueError(
            f"device {name!r} is not available; choose auto or one of: {', '.join(here)}"
        )
    return torch.device(name)


def find_fault(arguments: TrainingArguments, device: torch.device) -> str | None:
    """Say why float32 fails on a device (old driver, missing kernel); None if it works."""
    try:
        time_step(replace(arguments, precision="float32"), device, steps=2)
    except (RuntimeError, AssertionError) as error:  # torch raises both
        return str(error).splitlines()[0]
    return None


def pick_precision(arguments: TrainingArguments, device: torch.device) -> str:
    """Return the requested precision, or for "auto" the faster one.

    With bfloat16, a CPU takes three quarters of the time if it has AVX512 or AMX for it, and up to
    eight times as long if not, so we time both. A GPU with bfloat16 is always faster with it.
    """
    if arguments.precision != "auto":
        return arguments.precision
    if device.type != "cpu":
        try:
            time_step(replace(arguments, precision="bfloat16"), device, steps=2)
        except RuntimeError as error:
            tqdm.write(
                f"training in float32, because {device} lacks bfloat16 ({error})".splitlines()[0]
            )
            return "float32"
        return "bfloat16"
    times = {name: time_step(replace(arguments, precision=name), device) for name in PRECISIONS}
    faster = times["bfloat16"] < WORTHWHILE * times["float32"]
    precision = "bfloat16" if faster else "float32"
    timed = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in times.items())
    tqdm.write(f"training in {precision} (a step takes: {timed})")
    return precision


def time_step(
    arguments: TrainingArguments, device: torch.device, steps: int = TRIAL_STEPS
) -> float:
    """Shortest time of a training step on random images, in seconds."""
    learner = Learner(arguments, device, arguments.precision, steps)
    images = torch.rand(arguments.batch_size, 1, INPUT_SIZE, INPUT_SIZE, device=device)
    labels = torch.arange(arguments.batch_size, device=device) % NUM_CLASSES
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        learner.step(images, labels)
        times.append(time.perf_counter() - start)
    return min(times[1:])
