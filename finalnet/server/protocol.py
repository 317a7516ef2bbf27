"""uvicorn's HTTP protocol with a time limit on request headers."""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_TIMEOUT = 10.0  # s from the first byte of a request, or the connection, to its last header
ERROR = f"a request's headers must arrive within {HEADER_TIMEOUT:.0f} s; send it again"
TOO_SLOW = (
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"
    + json.dumps({"error": ERROR})
).encode()


class Protocol(H11Protocol):
    """For `uvicorn.Config(http=Protocol)`; uvicorn's own protocol waits forever for headers."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._update_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_timer()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._stop_timer()

    def _update_timer(self) -> None:
        if self.cycle and not self.cycle.response_complete:
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEADER_TIMEOUT, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self.transport.write(TOO_SLOW)
        self.transport.close()
