"""Saves the progress of a training beside its checkpoint, and handles Ctrl-C and SIGTERM."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch

UNFINISHED = ".unfinished"

Progress = dict[str, Any]  # all that resuming needs: tensors, numbers and strings


def unfinished_path(output: Path) -> Path:
    """Path of the progress of a training, given the checkpoint folder that it will write."""
    output = output.resolve()
    if output.is_mount():  # files beside it are on another disk, often a temporary one
        return output / UNFINISHED
    return output.with_name(output.name + UNFINISHED)


def write_progress(path: Path, progress: Progress) -> None:
    """Write the progress atomically: a crash leaves the new file or the previous one."""
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as file:
        torch.save(progress, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def read_progress(path: Path) -> Progress:
    """Read what `write_progress` wrote, onto the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is something else.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"no training to resume: there is no {path}; start one without --resume"
        )
    try:
        progress: Progress = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # any file may be there, and torch raises many kinds
        raise ValueError(f"{path} cannot be read ({error}); start again without --resume") from None
    return progress


@contextmanager
def interruptible() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Make SIGTERM raise KeyboardInterrupt, as Ctrl-C does, and allow delaying both.

    Yields `whole`: inside `with whole():` a signal waits and raises KeyboardInterrupt at the end.
    """
    is_held, is_waiting = False, False

    def take_signal(_number: int, _frame: object) -> None:
        nonlocal is_waiting
        is_waiting = True
        if not is_held:
            raise KeyboardInterrupt

    @contextmanager
    def whole() -> Iterator[None]:
        nonlocal is_held
        is_held = True
        try:
            yield
        finally:
            is_held = False
        if is_waiting:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # which receives no signals
        yield whole
        return
    before = {s: signal.signal(s, take_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield whole
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
