"""The page, served: finalnet app, or python app.py"""

import argparse
import os

# Read when NumPy is imported. What answers is made of products too small to share among threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gradio as gr  # noqa: E402

from finalnet.checkpoint import find_checkpoint  # noqa: E402
from finalnet.recognizer import Recognizer  # noqa: E402
from finalnet.web.page import build_page, launch_options  # noqa: E402

HIGHEST_PORT = 65_535
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    parser.add_argument("--host", help="address to listen on, this machine only by default")
    parser.add_argument("--port", type=read_port, help="7860 or the next free port by default")


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


def open_page(checkpoint: str | None = None) -> gr.Blocks:
    """The page with a checkpoint: a folder or a Hub id, the committed one by default.

    Raises:
        FileNotFoundError, ValueError: there is no such checkpoint, or it is broken.
    """
    folder = find_checkpoint(checkpoint)
    return build_page(Recognizer.load(folder), folder)


def serve(page: gr.Blocks, host: str | None, port: int | None) -> None:
    """Serve the page until the process is asked to end.

    Raises:
        OSError: the address or the port cannot be had.
    """
    # Gradio asks its own server whether it is there, through the environment's proxy if it has one;
    # nothing is sent to another host.
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    page.launch(server_name=host, server_port=port, **launch_options())


def run(options: argparse.Namespace) -> None:
    serve(open_page(options.checkpoint), options.host, options.port)
