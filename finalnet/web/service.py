"""What the app does for others: four functions from a picture or strokes to JSON.

The plain routes, Gradio's endpoints and the MCP tools all call these, so that a limit holds for all
of them. Nothing is computed on the event loop.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from finalnet.answer import describe_digit, describe_number
from finalnet.checkpoint import CHECKPOINT_FILES
from finalnet.pictures import open_picture
from finalnet.recognizer import Recognizer
from finalnet.strokes import Strokes, check_strokes, draw_strokes

NUMBER_POINTS = 5_000  # of strokes that are read as a number: half a second of a core
AT_ONCE = 2  # drawings in work; they wait for a core, not for each other
PATIENCE = 10.0  # s that a call waits for its turn
LONGEST_QUEUE = 300  # calls that wait for their turn; large bodies are limited before
SEVEN = [[[0.0, 0.0], [60.0, 0.0], [25.0, 100.0]]]  # a drawing that is answered wherever one is

Result = TypeVar("Result")


class Busy(RuntimeError):
    """So many wait already that one more would wait for too long."""


class Gate:
    """Lets a few calls at a time into threads of its own; others wait their turn, not for ever."""

    def __init__(self, at_once: int, longest_queue: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="gate")
        self._free = asyncio.Semaphore(at_once)
        self._longest_queue = longest_queue
        self._waiting = 0

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What a function gives, called in a thread when it is its turn.

        Raises:
            Busy: too many wait, or the turn does not come in time.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, function, *arguments)
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self._waiting >= self._longest_queue:
            raise Busy(f"{self._waiting} calls wait already; ask again in a few seconds")
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), PATIENCE)
        except asyncio.TimeoutError:
            raise Busy(f"no turn came in {PATIENCE:.0f} s; ask again in a few seconds") from None
        finally:
            self._waiting -= 1


class Service:
    """A recogniser that many may ask at once.

    Args:
        checkpoint: the folder that the recogniser is from.
        at_once: drawings in work; more than a few where other processes do it.
    Attributes:
        revision: names configuration and weights; it is part of every answer.
        pictures: the gate of what takes long: whatever decodes a picture or reads a number.
    """

    def __init__(self, recognizer: Recognizer, checkpoint: Path, at_once: int = AT_ONCE) -> None:
        self.recognizer = recognizer
        self.checkpoint = checkpoint.resolve()
        self.revision = find_revision(checkpoint)
        self.drawings = Gate(at_once, LONGEST_QUEUE)
        # One at a time: a picture of 16 megapixels takes 50 to 250 MB, and most of a core.
        self.pictures = Gate(1, LONGEST_QUEUE)

    async def recognize(self, picture: bytes | str | None) -> dict[str, Any]:
        """The digit in an image file, given as what it holds or as its path.

        Raises, as all of these:
            ValueError: the input cannot be read; the message says why.
            Busy: there are too many callers.
        """
        return await self.pictures.run(self._recognize, picture)

    async def recognize_strokes(self, strokes: Strokes) -> dict[str, Any]:
        """The digit that strokes make, [x, y], y pointing down, in any unit."""
        return await self.drawings.run(self._recognize_strokes, strokes)

    async def read_number(
        self, picture: bytes | str | None, with_inputs: bool = False
    ) -> dict[str, Any]:
        """All digits in an image file, with their places in pixels of the upright picture."""
        return await self.pictures.run(self._read_number, picture, with_inputs)

    async def read_number_strokes(self, strokes: Strokes) -> dict[str, Any]:
        """All digits that strokes make, with their places in the strokes' own unit."""
        return await self.pictures.run(self._read_number_strokes, strokes)

    def _recognize(self, picture: bytes | str | None) -> dict[str, Any]:
        return self._sign(describe_digit(self.recognizer.recognize(_open(picture))))

    def _recognize_strokes(self, strokes: Strokes) -> dict[str, Any]:
        return self._sign(describe_digit(self.recognizer.recognize(draw_strokes(strokes))))

    def _read_number(self, picture: bytes | str | None, with_inputs: bool) -> dict[str, Any]:
        number = self.recognizer.read_number(_open(picture))
        return self._sign(describe_number(number, with_inputs))

    def _read_number_strokes(self, strokes: Strokes) -> dict[str, Any]:
        if not isinstance(strokes, list):
            check_strokes(strokes)  # raises: what is no list would be taken for a picture
        points = sum(len(stroke) for stroke in strokes if isinstance(stroke, list))
        if points > NUMBER_POINTS:
            raise ValueError(
                f"too many points: {points:,}, at most {NUMBER_POINTS:,} are read as a number; "
                "send fewer of each stroke"
            )
        return self._sign(describe_number(self.recognizer.read_number(strokes)))

    def _sign(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "revision": self.revision}


def _open(picture: bytes | str | None) -> Image.Image:
    if isinstance(picture, bytes):
        return open_picture(BytesIO(picture) if picture else None)
    return open_picture(picture)


def find_revision(checkpoint: Path) -> str:
    """Twelve hexadecimal digits that name a checkpoint's configuration and weights."""
    content = hashlib.sha256()
    for name in CHECKPOINT_FILES:
        content.update((checkpoint / name).read_bytes())
    return content.hexdigest()[:12]
