"""The app on a Ray cluster: serve run deploy.ray_serve:build [readers=2] [checkpoint=DIR]

The page and the HTTP endpoints are one deployment, reading is another, which grows and shrinks with
the load. A reader that is lost loses no request: reading the same picture again is the same.
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

BATCH_SIZE = 32  # drawings in one pass of the network
BATCH_WAIT = 0.002  # s, that a drawing waits for others; about what one takes
TRIES = 6  # of a request whose reader is lost; with the waits between them 3 s
FIRST_WAIT = 0.1  # s, doubled at each further try
ANSWER_TIMEOUT = 30  # s


class Options(BaseModel):
    """What `serve run` takes as `name=value`.

    Attributes:
        checkpoint: folder, on every machine, or Hub id; the committed one by default.
        readers: processes that read, at least.
        most_readers: at most, as many as there are processors for.
        pages: processes that serve the page and the endpoints.
    """

    checkpoint: str | None = None
    readers: int = 1
    most_readers: int = 8
    pages: int = 1


@serve.deployment(max_ongoing_requests=2 * BATCH_SIZE)
class Reader:
    """A recogniser in a process of its own."""

    def __init__(self, checkpoint: str | None) -> None:
        self.recognizer = Recognizer.load(checkpoint)

    @serve.batch(max_batch_size=BATCH_SIZE, batch_wait_timeout_s=BATCH_WAIT)
    async def recognize(self, images: list[np.ndarray]) -> list[Prediction]:
        return self.recognizer.recognize_batch(images)

    def recognize_picture(self, file: bytes | None) -> Prediction:
        return recognize_picture(self.recognizer, file)

    def read_number(self, drawing: bytes | Strokes | None) -> Number:
        return read_number(self.recognizer, drawing)


class Readers:
    """What `Service` asks, of the deployment."""

    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle

    def recognize(self, image: Image.Image | np.ndarray) -> Prediction:
        return repeat(lambda: self._handle.recognize.remote(image))

    def recognize_picture(self, file: bytes | None) -> Prediction:
        return repeat(lambda: self._handle.recognize_picture.remote(file))

    def read_number(self, drawing: bytes | Strokes | None) -> Number:
        return repeat(lambda: self._handle.read_number.remote(drawing))


def repeat(ask: Callable[[], Any]) -> Any:
    """The answer to a request, which is sent anew if its reader is lost.

    Raises:
        RayActorError: all of `TRIES` readers were.
        Busy: the answer does not come in time.
        Whatever reading raises, ValueError among it.
    """
    for number in range(TRIES):
        try:
            return ask().result(timeout_s=ANSWER_TIMEOUT)
        except RayTaskError as error:  # its text is the reader's traceback
            raise error.cause from None
        except TimeoutError:
            raise Busy(f"no answer came in {ANSWER_TIMEOUT} s; ask again later") from None
        except RayActorError:
            if number == TRIES - 1:
                raise
            time.sleep(FIRST_WAIT * 2**number)


@serve.deployment(max_ongoing_requests=256)
@serve.ingress()
class Page:
    """The page and the endpoints, as `python app.py` serves them."""

    def __init__(self, readers: DeploymentHandle, checkpoint: str | None) -> None:
        self.readers = Readers(readers)
        self.checkpoint = find_checkpoint(checkpoint)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        service = Service(self.readers, self.checkpoint, at_once=2 * BATCH_SIZE)
        return build_app(service, start_page(service))


def build(options: Options) -> serve.Application:
    """The application; Ray calls it with what `serve run` was given."""
    scale = {
        "min_replicas": options.readers,
        "max_replicas": max(options.readers, options.most_readers),
        "target_ongoing_requests": BATCH_SIZE // 4,
    }
    reader = Reader.options(autoscaling_config=scale).bind(options.checkpoint)
    return Page.options(num_replicas=options.pages).bind(reader, options.checkpoint)
