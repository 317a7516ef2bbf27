"""A training that survives: its state in a file beside the checkpoint, and an end in order."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch

UNFINISHED = ".unfinished"

Kept = dict[str, Any]  # a state: tensors, numbers and words


def unfinished_path(output: Path) -> Path:
    """Where the state of the training lies that will write a checkpoint folder."""
    output = output.resolve()
    if output.is_mount():  # what lies beside it is elsewhere, and often lost
        return output / UNFINISHED
    return output.with_name(output.name + UNFINISHED)


def write_state(path: Path, state: Kept) -> None:
    """Write a state so that a crash leaves this one or the last one, whole."""
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def read_state(path: Path) -> Kept:
    """What `write_state` wrote, on the CPU.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is something else.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"no training to go on with: there is no {path}; begin one without --resume"
        )
    try:
        state: Kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever is in such a file
        raise ValueError(f"{path} cannot be read ({error}); begin anew without --resume") from None
    return state


@contextmanager
def interruptible() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """SIGTERM interrupts as Ctrl-C does, and neither interrupts what must be whole.

    Gives `whole`: inside `with whole():` a signal waits, and raises KeyboardInterrupt at the end.
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

    if threading.current_thread() is not threading.main_thread():  # no signal arrives elsewhere
        yield whole
        return
    before = {s: signal.signal(s, take_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield whole
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
