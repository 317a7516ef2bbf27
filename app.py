"""Draw a digit in the browser: python app.py"""

import argparse
import sys

import torch

from finalnet import Recognizer
from finalnet.checkpoint import find_checkpoint
from finalnet.web.page import build_page
from finalnet.web.server import RATE, serve
from finalnet.web.service import Service


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", help="folder or Hub id; the committed one by default")
    parser.add_argument("--host", help="address to listen on, this machine only by default")
    parser.add_argument("--port", type=int, help="7860 or the next free port by default")
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        help="calls a second that one client may make, this machine's own aside; 0 for any number",
    )
    parser.add_argument("--mcp", action="store_true", help="offer the API as MCP tools, too")
    return parser.parse_args(arguments)


is_main = __name__ == "__main__"
options = parse_arguments(sys.argv[1:] if is_main else [])
torch.set_num_threads(1)  # one small picture is fastest on one thread
try:
    folder = find_checkpoint(options.checkpoint)
    service = Service(Recognizer.load(folder), folder)
    demo = build_page(service.recognizer, folder, service, options.mcp)
except (OSError, ValueError) as error:
    raise SystemExit(f"error: {error}") from None

if is_main:
    try:
        serve(demo, service, options.host, options.port, options.rate, options.mcp)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
