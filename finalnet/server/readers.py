"""Two recognisers: this process reads drawings, another one reads pictures and numbers.

Reading a picture or a number holds the GIL for up to 20 ms at a time; a drawing, which takes 1 ms,
would have to wait.
"""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from io import BytesIO
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from PIL import Image

from finalnet.pictures.opening import open_picture
from finalnet.recognizer import Number, Prediction, Recognizer
from finalnet.server.service import SEVEN, Busy
from finalnet.strokes import Strokes

NICENESS = 10  # of the other process, so that drawings come first if cores are few
Result = TypeVar("Result")

_recognizer: Recognizer  # in the other process


class LocalReaders:
    """The readers of a `Service` on one machine.

    Args:
        checkpoint: folder that both processes load.
    """

    def __init__(self, checkpoint: Path) -> None:
        self._recognizer = Recognizer.load(checkpoint)
        self._checkpoint = checkpoint
        self._start()

    def recognize_drawing(self, image: Image.Image | np.ndarray) -> Prediction:
        return self._recognizer.recognize(image)

    def recognize_picture(self, file: bytes | None) -> Prediction:
        return self._ask(recognize_picture, file)

    def read_number(self, drawing: bytes | Strokes | None) -> Number:
        return self._ask(read_number, drawing)

    def _start(self) -> None:
        self._other = ProcessPoolExecutor(
            1, get_context("spawn"), initializer=_begin, initargs=(self._checkpoint,)
        )
        self._other.submit(_run, read_number, SEVEN)  # warms up

    def _ask(self, function: Callable[[Recognizer, Any], Result], drawing: Any) -> Result:
        try:
            return self._other.submit(_run, function, drawing).result()
        except BrokenProcessPool:  # for example, killed because memory ran out
            self._start()
            raise Busy("the reading process died; try again in a few seconds") from None


def recognize_picture(recognizer: Recognizer, file: bytes | None) -> Prediction:
    """The digit in an image file; raises ValueError if the file cannot be read."""
    return recognizer.recognize(_open(file))


def read_number(recognizer: Recognizer, drawing: bytes | Strokes | None) -> Number:
    """The digits in an image file or in strokes; raises ValueError if they cannot be read."""
    is_file = drawing is None or isinstance(drawing, bytes)
    return recognizer.read_number(_open(drawing) if is_file else drawing)  # type: ignore[arg-type]


def _open(file: bytes | None) -> Image.Image:
    return open_picture(BytesIO(file) if file else None)


def _begin(checkpoint: Path) -> None:
    """Initialise the other process, which ends whenever its parent does."""
    global _recognizer
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent handles them
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    cv2.setNumThreads(1)
    _recognizer = Recognizer.load(checkpoint)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(0)


def _run(function: Callable[[Recognizer, Any], Result], drawing: Any) -> Result:
    return function(_recognizer, drawing)
