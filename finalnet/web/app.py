"""The page, served: finalnet app, or python app.py

Gradio takes seconds to import, so mistakes that can be told without it are told before.
"""

import argparse
import errno
import importlib.util
import ipaddress
import os
import socket
from typing import TYPE_CHECKING

# Read when NumPy is imported. What answers is made of products too small to share among threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from finalnet.checkpoint import find_checkpoint  # noqa: E402
from finalnet.recognizer import Recognizer  # noqa: E402
from finalnet.web.limits import RATE  # noqa: E402

if TYPE_CHECKING:
    import gradio as gr

    from finalnet.web.service import Service

HIGHEST_PORT = 65_535
OUTSIDE = ("192.0.2.1", 9)  # an address for documentation (RFC 5737), which nobody has
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    parser.add_argument("--host", help="address to listen on, this machine only by default")
    parser.add_argument("--port", type=read_port, help="7860 or the next free port by default")
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        help="calls a second that one client may make, this machine's own aside; 0 for any number",
    )
    parser.add_argument("--mcp", action="store_true", help="offer the API as MCP tools, too")


def read_port(text: str) -> int:
    """A port of the command line.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"a port is a whole number from 1 to {HIGHEST_PORT}, got {text!r}"
        )
    return int(text)


def open_page(
    checkpoint: str | None = None, mcp: bool = False, host: str | None = None
) -> tuple["gr.Blocks", "Service"]:
    """The page with a checkpoint, a folder or a Hub id (the committed one by default), and its API.

    Args:
        host: under which others in the network reach it; see `find_network_host`.
    Raises:
        FileNotFoundError, ValueError: there is no such checkpoint, or it is broken.
        ValueError: the environment names a proxy that cannot be one.
    """
    folder = find_checkpoint(checkpoint)
    recognizer = Recognizer.load(folder)
    try:
        from finalnet.web.page import build_page
        from finalnet.web.service import Service
    except ValueError as error:  # httpx's, which is made ready for downloads there
        raise ValueError(
            f"the environment names a proxy that cannot be one ({error}); correct or unset "
            "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from None
    service = Service(recognizer, folder)
    return build_page(recognizer, folder, service, mcp, host), service


def run(options: argparse.Namespace) -> None:
    """Serve the page until the process is asked to end.

    Raises:
        OSError: the address or the port cannot be had.
        FileNotFoundError, ValueError: as for `open_page`, or an option cannot be met.
    """
    if options.rate < 0:
        raise ValueError(f"--rate must be 0 or more calls a second, got {options.rate:g}")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise ValueError("--mcp needs a package that is not there; pip install 'gradio[mcp]'")
    if options.port is not None:
        check_free(options.host or "127.0.0.1", options.port)
    host = find_network_host(options.host or os.environ.get("GRADIO_SERVER_NAME"))
    page, service = open_page(options.checkpoint, options.mcp, host)
    from finalnet.web.server import serve

    # Gradio asks its own server whether it is there, through the environment's proxy if it has one;
    # nothing is sent to another host.
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    serve(page, service, options.host, options.port, options.rate, options.mcp)


def find_network_host(host: str | None) -> str | None:
    """How others in the network call the machine that listens on a host; None: they cannot.

    Args:
        host: name or address to listen on, None is this machine only; 0.0.0.0 and :: are all of
            its addresses, of which the one that leads outside is taken.
    """
    if host in ("0.0.0.0", "::"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(OUTSIDE)  # sends nothing, but chooses the way
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


def check_free(host: str, port: int) -> None:
    """Make sure of an address before Gradio speaks of port ranges and environment variables.

    Raises:
        OSError: it cannot be had; the message says why and what to do.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(f"port {port} is taken; name another one with --port") from None
        raise OSError(
            f"cannot listen on {host}, port {port} ({error.strerror}); name an address of this "
            "machine with --host, and a port that you may use with --port"
        ) from None
