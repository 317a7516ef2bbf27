"""The app on a Ray cluster: serve run deploy.ray_serve:build [readers=2] [checkpoint=DIR]

One deployment serves the page and the HTTP endpoints. Another one reads drawings and scales with
the load. If a reader dies, its requests go to another one, which is safe because reading is
idempotent.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel
from ray import serve
from ray.exceptions import RayActorError, RayTaskError
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp

from finalnet import Recognizer
from finalnet.checkpoint import find_checkpoint
from finalnet.recognizer import Number, Prediction
from finalnet.server.readers import read_number, recognize_picture
from finalnet.server.server import build_app, start_page
from finalnet.server.service import Busy, Service
from finalnet.strokes import Strokes

BATCH_SIZE = 32  # drawings per pass through the network
BATCH_WAIT = 0.002  # s, for a batch to fill; about as long as reading one drawing takes
TRIES = 6  # per request while its readers die; 3 s including the waits
FIRST_WAIT = 0.1  # s, doubled after each try
ANSWER_TIMEOUT = 30  # s


class Options(BaseModel):
    """Options that `serve run` accepts as `name=value`.

    Attributes:
        checkpoint: folder that exists on every machine, or Hub id; default: the bundled one.
        readers: least number of reading processes.
        most_readers: largest number of reading processes, if there are enough CPUs.
        pages: number of processes that serve the page and the endpoints.
    """

    checkpoint: str | None = None
    readers: int = 1
    most_readers: int = 8
    pages: int = 1


@serve.deployment(max_ongoing_requests=2 * BATCH_SIZE)
class Reader:
    """A recogniser in a separate process."""

    def __init__(self, checkpoint: str | None) -> None:
        self.recognizer = Recognizer.load(checkpoint)

    @serve.batch(max_batch_size=BATCH_SIZE, batch_wait_timeout_s=BATCH_WAIT)
    async def recognize_drawing(self, images: list[np.ndarray]) -> list[Prediction]:
        return self.recognizer.recognize_batch(images)

    def recognize_picture(self, file: bytes | None) -> Prediction:
        return recognize_picture(self.recognizer, file)

    def read_number(self, drawing: bytes | Strokes | None) -> Number:
        return read_number(self.recognizer, drawing)


class Readers:
    """Passes what `Service` asks on to the `Reader` deployment."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    def recognize_drawing(self, image: Image.Image | np.ndarray) -> Prediction:
        return repeat(lambda: self._handle.recognize_drawing.remote(image))

    def recognize_picture(self, file: bytes | None) -> Prediction:
        return repeat(lambda: self._handle.recognize_picture.remote(file))

    def read_number(self, drawing: bytes | Strokes | None) -> Number:
        return repeat(lambda: self._handle.read_number.remote(drawing))


def repeat(ask: Callable[[], Any]) -> Any:
    """Send a request and return the answer; send it again if the reader dies.

    Raises:
        RayActorError: the reader died in each of `TRIES` tries.
        Busy: no answer within `ANSWER_TIMEOUT`.
        Any exception of the reader, for example ValueError.
    """
    for number in range(TRIES):
        try:
            return ask().result(timeout_s=ANSWER_TIMEOUT)
        except RayTaskError as error:  # its text contains the reader's traceback
            raise error.cause from None
        except TimeoutError:
            raise Busy(f"no answer within {ANSWER_TIMEOUT} s; try again later") from None
        except RayActorError:
            if number == TRIES - 1:
                raise
            time.sleep(FIRST_WAIT * 2**number)


@serve.deployment(max_ongoing_requests=256)
@serve.ingress()
class Page:
    """The same page and endpoints as `python app.py`."""

    def __init__(self, readers: DeploymentHandle, checkpoint: str | None) -> None:
        self.readers = Readers(readers)
        self.checkpoint = find_checkpoint(checkpoint)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        service = Service(self.readers, self.checkpoint, at_once=2 * BATCH_SIZE)
        return build_app(service, start_page(service))


def build(options: Options) -> serve.Application:
    """Build the application; Ray passes the options of `serve run`."""
    scale = {
        "min_replicas": options.readers,
        "max_replicas": max(options.readers, options.most_readers),
        "target_ongoing_requests": BATCH_SIZE // 4,
    }
    reader = Reader.options(autoscaling_config=scale).bind(options.checkpoint)
    return Page.options(num_replicas=options.pages).bind(reader, options.checkpoint)
