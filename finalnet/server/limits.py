"""How much one client may ask for, and how long it may take to ask."""

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

RATE = 30.0  # calls a second that one client may make
BURST = 4.0  # s of a client's rate that it may ask for at once
MAX_CLIENTS = 10_000  # that are told apart; the longest unseen is forgotten
JSON_LIMIT = 2_000_000  # bytes of a body
PICTURE_LIMIT = 20_000_000
MAX_BODIES = 200_000_000  # bytes of all bodies at a time
IDLE = 10.0  # s without a byte of a body
SLOWEST = 120.0  # s for a whole body

Answer = Callable[[Request], Awaitable[ASGIApp]]


class Rates:
    """Counts the calls of every client.

    Args:
        rate: calls a second; 0 for no limit.
        spare_own: whether this machine's own are not limited.
    """

    def __init__(self, rate: float, spare_own: bool = True) -> None:
        self._rate, self._spare_own = rate, spare_own
        # Until when each client's calls would take, were they made at the rate.
        self._busy: OrderedDict[str, float] = OrderedDict()

    def take(self, client: str) -> None:
        """Count a call of a client.

        Raises:
            HTTPException: 429, too many came.
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
            message = f"at most {self._rate:g} calls a second are answered for each client, more "
            message += f"came; ask again in {wait:.1f} s"
            raise HTTPException(429, message, {"Retry-After": f"{math.ceil(wait)}"})


def _network(client: str) -> str:
    """Who counts as one: an IPv4 address, 64 bits of an IPv6 address; "" is this machine."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


class Limits:
    """Receives bodies whole, of a limited size, in a limited time, within a limited memory."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._held = 0  # bytes

    def route(self, path: str, answer: Answer, limit: int = JSON_LIMIT) -> Route:
        """A route that answers a request whose body, of at most `limit` bytes, has come."""

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
                    words = f"all bodies together may have {MAX_BODIES:,} bytes, more are coming"
                    raise Busy(f"{words}; send it again in a few seconds")
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
