"""Four functions from a picture or strokes to JSON.

The plain routes, Gradio's clients and the MCP tools all call them and so share their limits.
Threads do the expensive work, so the event loop stays free.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from PIL import Image

from finalnet.answer import describe_digit, describe_number
from finalnet.checkpoint import CHECKPOINT_FILES
from finalnet.recognizer import Number, Prediction
from finalnet.strokes import Strokes, check_strokes, draw_strokes

NUMBER_POINTS = 5_000  # to be read as a number, which takes half a second of a core
AT_ONCE = 2  # drawings read in parallel; they wait for a core, not for each other
PATIENCE = 10.0  # s that a call waits for its turn
SEVEN = [[[0.0, 0.0], [60.0, 0.0], [25.0, 100.0]]]  # for warming up and health checks

Result = TypeVar("Result")


class Busy(RuntimeError):
    """The server has no capacity for the call now; the client may try again later."""


class Readers(Protocol):
    """Recognisers in this or other processes; raise what `Recognizer` raises, or Busy."""

    def recognize_drawing(self, image: Image.Image | np.ndarray) -> Prediction: ...
    def recognize_picture(self, file: bytes | None) -> Prediction: ...
    def read_number(self, drawing: bytes | Strokes | None) -> Number: ...


class Gate:
    """Runs a few calls at a time in threads; others wait for their turn."""

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="gate")
        self._free = asyncio.Semaphore(at_once)

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function in a thread once it is its turn.

        Raises:
            Busy: the call waited for `PATIENCE` seconds.
        """
        try:
            await asyncio.wait_for(self._free.acquire(), PATIENCE)
        except asyncio.TimeoutError:
            raise Busy(f"the call waited {PATIENCE:.0f} s for its turn; try again later") from None
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, function, *arguments)
        finally:
            self._free.release()


class Service:
    """Readers that many clients may call at once.

    Args:
        checkpoint: the folder that the readers loaded.
        at_once: drawings read in parallel; above `AT_ONCE` only if other processes read them.
    Attributes:
        revision: identifies configuration and weights; part of every answer.
    """

    def __init__(self, readers: Readers, checkpoint: Path, at_once: int = AT_ONCE) -> None:
        self._readers = readers
        self.checkpoint = checkpoint.resolve()
        weights = b"".join((checkpoint / name).read_bytes() for name in CHECKPOINT_FILES)
        self.revision = hashlib.sha256(weights).hexdigest()[:12]
        self._drawings = Gate(at_once)
        # One at a time: a picture of 16 megapixels takes 50 to 250 MB and most of a core.
        self._pictures = Gate(1)

    async def recognize(self, picture: bytes | None) -> dict[str, Any]:
        """The digit in an image file.

        Raises (as do the other functions):
            ValueError: the input cannot be read; the message says why.
            Busy: too many clients call at once.
        """
        prediction = await self._pictures.run(self._readers.recognize_picture, picture)
        return self._sign(describe_digit(prediction))

    async def recognize_strokes(self, strokes: Strokes) -> dict[str, Any]:
        """The digit in strokes of [x, y], y pointing down, in any unit."""
        # Before the wait: invalid strokes are refused at once, and arrays take 10 % of the memory.
        strokes = check_strokes(strokes)
        read = self._readers.recognize_drawing
        prediction = await self._drawings.run(lambda: read(draw_strokes(strokes)))
        return self._sign(describe_digit(prediction))

    async def read_number(self, picture: bytes | None, with_inputs: bool = False) -> dict[str, Any]:
        """All digits in an image file; boxes are in pixels after EXIF rotation."""
        number = await self._pictures.run(self._readers.read_number, picture)
        return self._sign(describe_number(number, with_inputs))

    async def read_number_strokes(self, strokes: Strokes) -> dict[str, Any]:
        """All digits in strokes; boxes are in the strokes' unit."""
        strokes = check_strokes(strokes)
        points = sum(map(len, strokes))
        if points > NUMBER_POINTS:
            raise ValueError(
                f"too many points: {points:,}, at most {NUMBER_POINTS:,} are read as a number; "
                "send fewer points per stroke"
            )
        number = await self._pictures.run(self._readers.read_number, strokes)
        return self._sign(describe_number(number))

    def _sign(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "revision": self.revision}
