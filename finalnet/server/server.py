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
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import cv2
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from finalnet.server.gradio_calls import GradioCalls
from finalnet.server.limits import RATE, Limits, Rates
from finalnet.server.protocol import Protocol
from finalnet.server.request_log import RequestLog
from finalnet.server.routes import api_routes, health_routes, parse, refuse
from finalnet.server.service import SEVEN, Busy, Service

if TYPE_CHECKING:
    from finalnet.server.page import MountedPage

SHUTDOWN_TIMEOUT = 10  # s to finish the requests being answered
MAX_CONNECTIONS = 1_000
TOOLS = "/gradio_api/mcp/{rest:path}"


def start_page(
    service: Service, mcp: bool = False, host: str | None = None
) -> "Future[MountedPage]":
    """Build the page in a thread: importing Gradio takes seconds, and the API does not need it.

    Args: as for `mount_page`.
    """

    def build() -> "MountedPage":
        gc.disable()  # saves a sixth of the time to import Gradio
        try:
            from finalnet.server.page import mount_page
        except ValueError as error:  # from httpx, which Gradio imports
            raise ValueError(
                f"the environment sets an invalid proxy ({error}); correct or unset "
                "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            ) from None
        page = mount_page(service, mcp, host)
        gc.enable()
        gc.collect()
        gc.freeze()  # a collection of everything loaded so far would take half a second
        return page

    return ThreadPoolExecutor(1).submit(build)


def build_app(
    service: Service, built: "Future[MountedPage]", rate: float = RATE, mcp: bool = False
) -> ASGIApp:
    """The page, the API and Gradio's protocol, behind limits; for any ASGI server.

    Args:
        built: the page, from `start_page`.
        rate: calls a second per client, except clients on this machine; 0 for no limit.
        mcp: whether the app also offers the API as MCP tools.
    """
    # If any proxy is trusted, a visitor may claim to be on this machine.
    any_proxy = "SPACE_ID" in os.environ or os.environ.get("FORWARDED_ALLOW_IPS") == "*"
    limits = Limits(Rates(rate, spare_own=not any_proxy))

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await (await asyncio.wrap_future(built)).app(scope, receive, send)

    @asynccontextmanager
    async def live(_: Starlette) -> AsyncIterator[None]:
        await service.recognize_strokes(SEVEN)  # warms up
        tools = (await asyncio.wrap_future(built)).run_tools() if mcp else nullcontext()
        async with tools:
            yield

    routes = [
        *health_routes(service, lambda: built.done() and not built.exception()),
        *api_routes(service, limits),
        *GradioCalls(service, limits, built).routes(),
    ]
    if mcp:
        routes += tool_routes(page, limits)
    # The API is public and stateless, so pages of any origin may use it.
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id", "Retry-After"],
    )
    app = Starlette(
        routes=routes,
        middleware=[cors, Middleware(RequestLog)],
        exception_handlers=dict.fromkeys(
            (HTTPException, ValueError, Busy, ClientDisconnect), refuse
        ),
        lifespan=live,
    )
    app.router.redirect_slashes = False
    app.router.default = page
    return app


def tool_routes(page: ASGIApp, limits: Limits) -> list[Route]:
    """MCP's routes, which Gradio answers within the limits of other calls."""

    async def call_tool(request: Request) -> ASGIApp:
        # Gradio answers these calls, and would fetch the address in a FileData.
        if b"FileData" in orjson.dumps(await parse(request)):
            raise ValueError("tools fetch no addresses and read no files; send text and numbers")
        messages: list[Message] = [{"type": "http.request", "body": await request.body()}]

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            async def receive_again() -> Message:
                return messages.pop() if messages else await receive()

            await page(scope, receive_again, send)

        return answer

    return [limits.route(TOOLS, call_tool), Route(TOOLS, page, methods=["GET", "DELETE"])]


def serve(
    service: Service,
    listener: socket.socket,
    rate: float = RATE,
    mcp: bool = False,
    host: str | None = None,
) -> None:
    """Serve the app until SIGTERM or SIGINT, then finish the requests being answered.

    Args:
        listener: bound to the address to listen on.
        rate, mcp, host: as for `build_app` and `start_page`.
    Raises:
        ValueError: the page cannot be built.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn replaces these while it runs
        signal.signal(number, lambda *_: sys.exit(0))
    requests = logging.getLogger("finalnet.requests")
    requests.addHandler(logging.StreamHandler(sys.stdout))
    requests.setLevel(logging.INFO)
    requests.propagate = False
    allow_open_files(4 * MAX_CONNECTIONS)
    cv2.setNumThreads(1)
    built = start_page(service, mcp, host)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(service, built, rate, mcp),
            http=Protocol,
            ws="none",
            log_level="warning",
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
            # On a Space all requests come through a proxy that forwards client addresses.
            forwarded_allow_ips="*" if "SPACE_ID" in os.environ else None,
        )
    )

    def stop_if_broken(built: Future[Any]) -> None:
        if built.exception():
            server.should_exit = True

    built.add_done_callback(stop_if_broken)
    server.run([listener])
    built.result()


def allow_open_files(count: int) -> None:
    """Raise the process's limit of open files, often 1,024: each connection needs one.

    Above the limit, connections would get no answer.
    """
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
