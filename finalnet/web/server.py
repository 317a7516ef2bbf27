"""The whole app as one ASGI application, and the process that serves it."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import cv2
import orjson
import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finalnet.web.gradio_calls import GradioCalls
from finalnet.web.guard import Guard
from finalnet.web.limits import RATE, Bodies
from finalnet.web.protocol import Protocol
from finalnet.web.refusal import Refusal
from finalnet.web.routes import api_routes, health_routes, parse, post_route
from finalnet.web.service import SEVEN, Service

if TYPE_CHECKING:
    from finalnet.web.page import MountedPage

FAREWELL = 10  # s for what is being answered when the process is asked to end
EXPOSED = ["X-Request-Id", "Retry-After"]  # headers that scripts of other origins may read


class LazyPage:
    """The page, built in a thread: Gradio takes seconds to import, and the API needs none of it.

    Args:
        mcp: whether the API is offered as tools of the Model Context Protocol, too.
        host: under which others in the network reach the page; None is nobody.
    Attributes:
        built: the page, once it is there.
    """

    def __init__(self, service: Service, mcp: bool = False, host: str | None = None) -> None:
        self.mcp = mcp
        self.built: Future[MountedPage] = ThreadPoolExecutor(1).submit(
            self._build, service, mcp, host
        )

    def _build(self, service: Service, mcp: bool, host: str | None) -> "MountedPage":
        try:
            from finalnet.web.page import mount_page
        except ValueError as error:  # httpx's, which Gradio imports
            raise ValueError(
                f"the environment names a proxy that cannot be one ({error}); correct or unset "
                "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            ) from None
        page = mount_page(service, mcp, host)
        gc.collect()
        gc.freeze()  # what is there now stays; to look through all of it takes half a second
        return page

    def is_built(self) -> bool:
        return self.built.done() and not self.built.exception()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = await asyncio.wrap_future(self.built)
        await page.app(scope, receive, send)


def build_app(service: Service, page: LazyPage, rate: float = RATE) -> ASGIApp:
    """The page, the API and Gradio's protocol, behind limits; for any ASGI server.

    Args:
        rate: calls a second that one client may make, other than this machine's own; 0 for any.
    """
    bodies = Bodies()

    async def call_tool(request: Request, body: bytes) -> ASGIApp:
        # Gradio, which answers these, fetches the address that comes in the place of a file.
        if b"FileData" in orjson.dumps(parse(body)):
            raise Refusal(422, "no address is fetched, and no file is read; send text and numbers")
        messages = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            return messages.pop() if messages else await request.receive()

        return lambda scope, _, send: page(scope, receive, send)

    @asynccontextmanager
    async def live(_: Any) -> AsyncIterator[None]:
        await service.recognize_strokes(SEVEN)  # the first answer takes longer
        if not page.mcp:
            yield
            return
        async with (await asyncio.wrap_future(page.built)).run_tools():
            yield

    routes = [
        *health_routes(service, page.is_built),
        *api_routes(service, bodies),
        *GradioCalls(service, page, bodies).routes(),
    ]
    if page.mcp:
        tools = "/gradio_api/mcp/{rest:path}"
        routes += [
            post_route(tools, call_tool, bodies),
            Route(tools, page, methods=["GET", "DELETE"]),
        ]
    router = Router(routes, redirect_slashes=False, default=page, lifespan=live)
    # The API is public and without state, so that pages of any origin may use it.
    return CORSMiddleware(
        Guard(router, rate),
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )


def serve(
    service: Service,
    listener: socket.socket,
    rate: float = RATE,
    mcp: bool = False,
    host: str | None = None,
) -> None:
    """Serve the app until the process is asked to end, and answer what is being asked then.

    Args:
        listener: bound to the address to listen on.
        rate, mcp, host: as for `build_app` and `LazyPage`.
    Raises:
        ValueError: the page cannot be built.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn's own, while it runs
        signal.signal(number, lambda *_: sys.exit(0))
    _log_to_standard_output()
    _stay_responsive()
    page = LazyPage(service, mcp, host)
    config = uvicorn.Config(
        build_app(service, page, rate),
        http=Protocol,
        ws="none",
        log_level="warning",
        timeout_graceful_shutdown=FAREWELL,
        # On a Space everybody comes through one proxy that names them.
        forwarded_allow_ips="*" if "SPACE_ID" in os.environ else None,
    )
    server = uvicorn.Server(config)

    def stop_if_broken(built: Future[Any]) -> None:
        server.should_exit = server.should_exit or built.exception() is not None

    page.built.add_done_callback(stop_if_broken)
    server.run([listener])
    page.built.result()


def _stay_responsive() -> None:
    """Let no call hold up the others: measured with one that asks every 100 ms beside them."""
    cv2.setNumThreads(1)  # one picture does not take all cores
    sys.setswitchinterval(0.001)  # s; a picture's thread gives way sooner


def _log_to_standard_output() -> None:
    requests = logging.getLogger("finalnet.requests")
    requests.addHandler(logging.StreamHandler(sys.stdout))
    requests.setLevel(logging.INFO)
    requests.propagate = False
