"""How much one client may ask for, and how long it may take to ask."""

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Receive

from finalnet.web.refusal import Refusal

RATE = 30.0  # calls a second that one client may make
IDLE = 10.0  # s without a byte of a body
SLOWEST = 120.0  # s for a whole body
LINGER = 2.0  # s in which the rest of a refused body is thrown away, so that its sender reads why
MAX_BODIES = 200_000_000  # bytes of all bodies that are being received
MAX_CLIENTS = 10_000  # that are told apart; the longest unseen is forgotten
OWN = "this machine"
BURST = 4.0  # s of a client's rate that it may ask for at once


class Rates:
    """A bucket of calls for every client, which fills up at a rate.

    Args:
        rate: calls a second; 0 for no limit.
        spare_own: whether this machine's own are not limited.
    """

    def __init__(self, rate: float, spare_own: bool = True) -> None:
        self._rate = rate
        self._spare_own = spare_own
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count a call of a client.

        Raises:
            Refusal: 429, the bucket is empty.
        """
        key = _network(client)
        if not self._rate or (self._spare_own and key == OWN):
            return
        now, most = time.monotonic(), max(1.0, self._rate * BURST)
        calls, then = self._buckets.pop(key, (most, now))
        calls = min(most, calls + (now - then) * self._rate)
        self._buckets[key] = (max(0.0, calls - 1), now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        if calls < 1:
            wait = (1 - calls) / self._rate
            raise Refusal(
                429,
                f"at most {self._rate:g} calls a second are answered for each client, more came; "
                f"ask again in {wait:.1f} s",
                retry_after=str(max(1, round(wait))),
            )


def _network(client: str) -> str:
    """Who counts as one: an IPv4 address, 64 bits of an IPv6 address; `OWN` is this machine."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return OWN
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Bodies:
    """Receives bodies whole, of a limited size, in a limited time, within a limited memory."""

    def __init__(self) -> None:
        self._held = 0  # bytes

    @asynccontextmanager
    async def of(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """A request's body, which counts as held inside.

        Args:
            limit: bytes; no more is kept.
        Raises:
            Refusal: 400, 408, 413 or 503; the message says what was wanted and what came.
            ConnectionError: the client is gone.
        """
        length = request.headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdigit()):
            raise Refusal(400, "Content-Length must be a whole number")
        if length is not None and int(length) > limit:
            raise _too_large(limit, f"{int(length):,} bytes")
        chunks: list[bytes] = []
        size, deadline = 0, time.monotonic() + SLOWEST
        try:
            while True:
                patience = min(IDLE, deadline - time.monotonic())
                try:
                    message = await asyncio.wait_for(request.receive(), max(0.0, patience))
                except asyncio.TimeoutError:
                    raise Refusal(
                        408, f"the body stopped coming after {size:,} bytes; send it again"
                    ) from None
                if message["type"] == "http.disconnect":
                    raise ConnectionError("the client left before its request was whole")
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                self._held += len(chunks[-1])
                if size > limit:
                    raise _too_large(limit, f"more than {limit:,} bytes")
                if self._held > MAX_BODIES:
                    raise Refusal(503, "too much is being received; try again", retry_after="5")
                if not message.get("more_body"):
                    break
            yield b"".join(chunks)
        finally:
            self._held -= size


async def discard(receive: Receive) -> None:
    """Throw away what is left of a body, for a short time."""

    async def read() -> None:
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass

    try:
        await asyncio.wait_for(read(), LINGER)
    except asyncio.TimeoutError:
        return


def _too_large(limit: int, came: str) -> Refusal:
    return Refusal(413, f"a body may have {limit:,} bytes here, got {came}; send less")
