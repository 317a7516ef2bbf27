"""Limits the rate of calls, and the size, duration and memory of request bodies."""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from finalnet.server.service import Busy

RATE = 30.0  # calls per second and client
BURST = 4.0  # s; a client may make this many seconds' calls at once
MAX_CLIENTS = 10_000  # tracked at a time; the least recently seen is dropped
JSON_LIMIT = 2_000_000  # bytes per body
PICTURE_LIMIT = 20_000_000
MAX_BODIES = 200_000_000  # bytes of all bodies in memory
IDLE = 10.0  # s between two parts of a body
SLOWEST = 120.0  # s for a whole body

Answer = Callable[[Request], Awaitable[ASGIApp]]


class Rates:
    """Limits the rate of calls of each client.

    Args:
        rate: calls per second and client; 0 for no limit.
        spare_own: whether calls from this machine are exempt.
    """

    def __init__(self, rate: float, spare_own: bool = True) -> None:
        self._rate, self._spare_own = rate, spare_own
        # When each client's calls so far would end if it made them at exactly the rate.
        self._busy: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str) -> None:
        """Count a call of a client.

        Raises:
            HTTPException: 429, the client calls too often.
        """
        key = _network(client)
        if not self._rate or (self._spare_own and key == ""):
            return
        now, each = time.monotonic(), 1 / self._rate
        before = max(self._busy.pop(key, now), now)
        wait = before + each - now - max(BURST, each)
        self._busy[key] = before if wait > 0 else before + each
        if len(self._busy) > MAX_CLIENTS:
            self._busy.popitem(last=False)
        if wait > 0:
            message = f"at most {self._rate:g} calls a second are allowed for each client, got "
            message += f"more; try again in {wait:.1f} s"
            raise HTTPException(429, message, {"Retry-After": f"{math.ceil(wait)}"})


def _network(client: str) -> str:
    """The key of a client: its IPv4 address, or the /64 of its IPv6 address; "" is loopback."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


class Limits:
    """Receives request bodies, and limits their size, duration and total memory."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._held = 0  # bytes

    def route(self, path: str, answer: Answer, limit: int = JSON_LIMIT) -> Route:
        """A POST route that calls `answer` after receiving a body of at most `limit` bytes."""

        async def endpoint(request: Request) -> ASGIApp:
            self._rates.take(request.client.host if request.client else "unknown")
            size = int(request.headers.get("content-length", 0))
            came, deadline = 0, time.monotonic() + SLOWEST

            async def receive() -> Message:
                nonlocal came
                patience = max(0.0, min(IDLE, deadline - time.monotonic()))
                try:
                    message = await asyncio.wait_for(request.receive(), patience)
                except asyncio.TimeoutError:
                    words = f"the body stopped coming after {came:,} bytes; send it again"
                    raise HTTPException(408, words) from None
                part = len(message.get("body", b""))
                came += part
                self._held += part
                if came > limit:
                    raise _too_large(limit, "more")
                if self._held > MAX_BODIES:
                    words = f"the server holds at most {MAX_BODIES:,} bytes of requests, got more"
                    raise Busy(f"{words}; try again in a few seconds")
                return message

            if size > limit:
                raise _too_large(limit, f"{size:,}")
            whole = Request(request.scope, receive)
            try:
                await whole.body()
                return await answer(whole)
            finally:
                self._held -= came

        return Route(path, endpoint, methods=["POST"])


def _too_large(limit: int, came: str) -> HTTPException:
    return HTTPException(413, f"a body may have {limit:,} bytes here, got {came}; send less")
