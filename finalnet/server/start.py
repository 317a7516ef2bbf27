"""Serves the page and the API: finalnet app, or python app.py

Importing Gradio takes seconds, so the API answers before it is imported.
"""

import argparse
import errno
import importlib.util
import ipaddress
import os
import socket
from typing import Any

# NumPy reads it when imported. The network's matrix products are too small for several threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from finalnet.checkpoint import find_checkpoint  # noqa: E402
from finalnet.server.limits import RATE  # noqa: E402
from finalnet.server.readers import LocalReaders  # noqa: E402
from finalnet.server.server import serve  # noqa: E402
from finalnet.server.service import Service  # noqa: E402

HIGHEST_PORT = 65_535
OUTSIDE = ("192.0.2.1", 9)  # reserved for documentation (RFC 5737), so nobody has it
DEFAULT_PORT = 7860
PORTS_TO_TRY = 100
IS_SPACE = "SPACE_ID" in os.environ  # the Hugging Face Hub, which expects 0.0.0.0:7860


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", help="folder or Hub id; default: the bundled checkpoint")
    parser.add_argument("--host", help="address to listen on; default: this machine only")
    parser.add_argument("--port", type=read_port, help="default: 7860 or the next free port")
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        help=f"calls a second per client, except this machine; 0: no limit; default: {RATE:g}",
    )
    parser.add_argument("--mcp", action="store_true", help="also offer the API as MCP tools")


def read_port(text: str) -> int:
    """Parse a port number from the command line.

    Raises:
        argparse.ArgumentTypeError: the text is not a port number.
    """
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"a port is a whole number from 1 to {HIGHEST_PORT}, got {text!r}"
        )
    return int(text)


def run(options: argparse.Namespace) -> None:
    """Serve the page until SIGTERM or SIGINT.

    Raises:
        OSError: cannot listen on the address or port.
        FileNotFoundError, ValueError: the checkpoint is missing or broken, or an option is invalid.
    """
    if options.rate < 0:
        raise ValueError(f"--rate must be 0 or more calls a second, got {options.rate:g}")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise ValueError("--mcp needs the package mcp; run pip install 'gradio[mcp]'")
    address = options.host or find_own_address()
    listener = listen(address, options.port)
    folder = find_checkpoint(options.checkpoint)
    service = Service(LocalReaders(folder), folder)
    port = listener.getsockname()[1]
    print(f"Running on http://{find_network_host(address) or '127.0.0.1'}:{port}", flush=True)
    serve(service, listener, options.rate, options.mcp, find_network_host(address))


def find_own_address() -> str:
    """The default address: `GRADIO_SERVER_NAME`; else all on a Space, elsewhere this machine."""
    return os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if IS_SPACE else "127.0.0.1")


def find_network_host(host: str | None) -> str | None:
    """The host name or address by which others in the network reach the app, or None.

    Args:
        host: name or address that the app listens on; None is this machine only. For 0.0.0.0 and
            ::, all addresses, we take the address of the route to the internet.
    """
    if host in ("0.0.0.0", "::"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(OUTSIDE)  # sends nothing, but chooses a route
                host = probe.getsockname()[0]
            except OSError:
                return None
    if host is None or host == "localhost":
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host  # a name
    return None if address.is_loopback else f"[{host}]" if address.version == 6 else host


def listen(host: str, port: int | None = None) -> socket.socket:
    """Open a socket on an address, by default on port 7860 or the next free one.

    Raises:
        OSError: no port is free, or the address or port is not allowed.
    """
    first = port or int(os.environ.get("GRADIO_SERVER_PORT", DEFAULT_PORT))
    # A Space forwards requests to the expected port only.
    ports = range(first, first + (1 if port or IS_SPACE else PORTS_TO_TRY))
    for number in ports:
        try:
            found = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
            family, kind, protocol, _, address = found
            # asyncio sets TCP_NODELAY only if the socket names its protocol. Without it, the body
            # of an answer waits up to 40 ms until the client acknowledges the headers.
            return _bind(socket.socket(family, kind, protocol), address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OSError(
                    f"cannot listen on {host}, port {number} ({error.strerror}); name an address "
                    "of this machine with --host, and a port that you may use with --port"
                ) from None
    taken = f"port {first} is" if len(ports) == 1 else f"ports {first} to {ports[-1]} are"
    raise OSError(f"{taken} taken; name another one with --port")


def _bind(listener: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # connections from now on wait until the app is ready
    except OSError:
        listener.close()
        raise
    return listener
