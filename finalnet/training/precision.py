"""On what to train, and in which precision: what this machine has, and what is faster on it."""

import time
from dataclasses import replace

import torch
from tqdm import tqdm

from finalnet.network import NUM_CLASSES
from finalnet.preprocessing import INPUT_SIZE
from finalnet.training.loop import PRECISIONS, Learner, TrainingArguments

TRIAL_STEPS = 4  # of each precision, the first to warm up
# Of float32's time, at the most: below it no noise makes two runs choose differently.
WORTHWHILE = 0.9


def settle(arguments: TrainingArguments) -> TrainingArguments:
    """The arguments with a device and a precision in the place of "auto".

    Raises:
        ValueError: the device is unknown, not present or does not work.
    """
    device = pick_device(arguments.device)
    fault = find_fault(arguments, device) if device.type != "cpu" else None
    if fault and arguments.device == "auto":
        tqdm.write(f"training on the CPU: {device} is there, but does not work ({fault})")
        device = torch.device("cpu")
    elif fault:
        raise ValueError(f"device {arguments.device!r} does not work: {fault}; try --device cpu")
    return replace(arguments, device=str(device), precision=pick_precision(arguments, device))


def pick_device(name: str) -> torch.device:
    """The named device, or for "auto" the fastest one present.

    Raises:
        ValueError: the device is unknown or not present.
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
    """Why not even float32 works on a device: an old driver, no kernel for it; None if it does."""
    try:
        time_step(replace(arguments, precision="float32"), device, steps=2)
    except (RuntimeError, AssertionError) as error:  # torch raises both
        return str(error).splitlines()[0]
    return None


def pick_precision(arguments: TrainingArguments, device: torch.device) -> str:
    """The precision that is asked for, or for "auto" the one that is faster on this processor.

    Without AVX512 or AMX for bfloat16 a CPU takes up to eight times as long with it, with them
    three quarters of the time; so both are timed. A GPU that has it is always faster with it.
    """
    if arguments.precision != "auto":
        return arguments.precision
    if device.type != "cpu":
        try:
            time_step(replace(arguments, precision="bfloat16"), device, steps=2)
        except RuntimeError as error:
            tqdm.write(f"training in float32: {device} has no bfloat16 ({error})".splitlines()[0])
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
    """Seconds that a training step takes at its best, of a few on noise."""
    learner = Learner(arguments, device, arguments.precision, steps)
    images = torch.rand(arguments.batch_size, 1, INPUT_SIZE, INPUT_SIZE, device=device)
    labels = torch.arange(arguments.batch_size, device=device) % NUM_CLASSES
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        learner.step(images, labels)
        times.append(time.perf_counter() - start)
    return min(times[1:])
