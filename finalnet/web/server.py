"""The page, served behind its guard: half a request is not waited for, and the end is orderly."""

import asyncio
import gc
import logging
import mimetypes
import os
import signal
import sys
import threading
from typing import Any

import cv2
import gradio as gr
import httpx
from gradio import processing_utils
from starlette.middleware import Middleware

from finalnet.web.guard import Guard
from finalnet.web.limits import RATE
from finalnet.web.page import launch_options
from finalnet.web.service import SEVEN, Service

HEADER_TIMEOUT = 10.0  # s from the first byte of a request, or the connection, to its last header
MAX_CONNECTIONS = 1_000
QUEUE_REST = 0.02  # s between two looks for what is queued
# Browsers run no script and use no style sheet that is called something else, as some Windows
# registries have it.
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
FAREWELL = 10  # s for what is being answered when the process is told to end
TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"


def serve(
    demo: gr.Blocks,
    service: Service,
    host: str | None = None,
    port: int | None = None,
    rate: float = RATE,
    mcp: bool = False,
) -> None:
    """Serve the page until the process is told to end; what is being answered then still is.

    Args:
        port: 7860 or the next free one by default.
        rate: calls a second that one client may make, other than this machine's own; 0 for any.
        mcp: whether programs that speak the Model Context Protocol find the API as tools.
    Raises:
        OSError: the port is taken.
    """
    _log_to_standard_output()
    _fetch_nothing()
    for suffix, media_type in MEDIA_TYPES.items():
        mimetypes.add_type(media_type, suffix)
    if "SPACE_ID" in os.environ:  # there, everybody comes through one proxy that names them
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")
    options = launch_options()
    guard = Middleware(Guard, demo=demo, service=service, rate=rate, mcp=mcp)  # type: ignore[arg-type]
    options["app_kwargs"]["middleware"].insert(0, guard)
    ended = _listen_for_the_end()
    demo.launch(
        server_name=host,
        server_port=port,
        mcp_server=mcp,
        prevent_thread_lock=True,
        _frontend=False,  # or Gradio gives up where its own page takes more than 3 s to come
        **options,
    )
    _limit_connections(demo.server.config)
    _stay_responsive(demo)
    _rest_while_idle(demo)
    service.is_open = True
    while not ended.wait(3600):
        pass
    service.is_open = False
    server = demo.server
    server.should_exit = True  # answers what it has, then ends
    server.thread.join(FAREWELL + 5)
    demo.close(verbose=False)


def _rest_while_idle(demo: gr.Blocks) -> None:
    """Look for what is queued 50 times a second; Gradio's 1,000 take 6 % of a Xeon's core.

    The page does not queue what it asks; a program that does waits 10 ms longer in the mean.
    """
    demo._queue.sleep_when_free = demo._queue.progress_update_sleep_when_free = QUEUE_REST


def _stay_responsive(demo: gr.Blocks) -> None:
    """Let no call hold up the others: measured with one that asks every 100 ms beside them."""
    cv2.setNumThreads(1)  # one picture does not take all cores
    sys.setswitchinterval(0.001)  # s; a picture's thread gives way sooner
    # Gradio's first call takes half a second.
    httpx.post(f"{demo.local_api_url}run/recognize_strokes", json={"data": [SEVEN]}, timeout=60)
    gc.collect()
    gc.freeze()  # what is there now stays; to look through all of it takes half a second


def _listen_for_the_end() -> threading.Event:
    """What is set when the process is told to end."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _limit_connections(config: Any) -> None:
    """Connections are made with what stands in uvicorn's configuration when they come."""
    protocol = config.http_protocol_class
    config.http_protocol_class = type("Impatient", (_Impatient, protocol), {})
    config.timeout_graceful_shutdown = FAREWELL


class _Impatient:
    """Mixed into uvicorn's protocol, which waits for the end of a request's headers for ever."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self: Any, transport: Any) -> None:
        if len(self.connections) >= MAX_CONNECTIONS:
            transport.write(TOO_MANY)
            transport.close()
            self.transport = None
            return
        super().connection_made(transport)  # type: ignore[misc]
        self._start_timer()

    def connection_lost(self: Any, error: Exception | None) -> None:
        self._stop_timer()
        if self.transport is not None:
            super().connection_lost(error)  # type: ignore[misc]

    def data_received(self: Any, data: bytes) -> None:
        if self.transport is None:
            return
        super().data_received(data)  # type: ignore[misc]
        if self._is_between_requests():
            self._start_timer()
        else:
            self._stop_timer()

    def _is_between_requests(self: Any) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_timer(self: Any) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEADER_TIMEOUT, self._hang_up)

    def _stop_timer(self: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self: Any) -> None:
        self._timer = None
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.write(TOO_SLOW)
            self.transport.close()


def _fetch_nothing() -> None:
    """Gradio fetches the address that comes in the place of a file; this app has no use for that.

    The guard refuses such calls already. This holds for what it cannot look into, MCP's calls.
    """

    async def refuse(url: str, *_: Any, **__: Any) -> Any:
        raise gr.Error("No address is fetched; send the file itself.", print_exception=False)

    for name in ("async_ssrf_protected_get", "async_ssrf_protected_download"):
        setattr(processing_utils, name, refuse)


def _log_to_standard_output() -> None:
    requests = logging.getLogger("finalnet.requests")
    requests.addHandler(logging.StreamHandler(sys.stdout))
    requests.setLevel(logging.INFO)
    requests.propagate = False
