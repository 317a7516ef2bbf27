"""Limits on how often clients call, and on the size and duration of request bodies."""

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

RATE = 30.0  # calls a second per client
BURST = 4.0  # s; a client may make this many seconds' worth of calls at once
MAX_CLIENTS = 10_000  # beyond that, the client unseen for longest is forgotten
JSON_LIMIT = 2_000_000  # bytes per body, the default of a route
PICTURE_LIMIT = 20_000_000  # bytes per body
MAX_BODIES = 200_000_000  # bytes of all bodies at a time
IDLE = 10.0  # s without a byte of a body
SLOWEST = 120.0  # s for a whole body

Answer = Callable[[Request], Awaitable[ASGIApp]]


class Rates:
    """Limits the calls of each client.

    Args:
        rate: calls a second; 0 for no limit.
        spare_own: whether clients on this machine are exempt.
    """

    def __init__(self, rate: float, spare_own: bool = True) -> None:
        self._rate, self._spare_own = rate, spare_own
        # When each client's calls so far would end if they came at the rate.
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
            raise HTTPException(
                429,
                f"a client may make at most {self._rate:g} calls a second, got more; "
                f"try again in {wait:.1f} s",
                {"Retry-After": f"{math.ceil(wait)}"},
            )


def _network(client: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 /64; "" is this machine."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


class Limits:
    """Receives request bodies; limits their size, duration and total memory."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._held = 0  # bytes

    def route(self, path: str, answer: Answer, limit: int = JSON_LIMIT) -> Route:
        """A POST route that calls `answer` once the body, at most `limit` bytes, has arrived."""

        async def endpoint(request: Request) -> ASGIApp:
            self._rates.take(request.client.host if request.client else "unknown")
            size = int(request.headers.get("content-length", 0))
            if size > limit:
                raise _too_large(limit, f"{size:,}")
            received, deadline = 0, time.monotonic() + SLOWEST

            async def receive() -> Message:
                nonlocal received
                patience = min(IDLE, deadline - time.monotonic())
                try:
                    message = await asyncio.wait_for(request.receive(), patience)
                except asyncio.TimeoutError:
                    error = f"the body stopped after {received:,} bytes; send it again"
                    raise HTTPException(408, error) from None
                part = len(message.get("body", b""))
                received += part
                self._held += part
                if received > limit:
                    raise _too_large(limit, "more")
                if self._held > MAX_BODIES:
                    raise Busy(
                        f"the server receives at most {MAX_BODIES:,} bytes at a time, got more; "
                        "send the body again in a few seconds"
                    )
                return message

            whole = Request(request.scope, receive)
            try:
                await whole.body()
                return await answer(whole)
            finally:
                self._held -= received

        return Route(path, endpoint, methods=["POST"])


def _too_large(limit: int, got: str) -> HTTPException:
    return HTTPException(413, f"the body may have at most {limit:,} bytes, got {got}; send less")
