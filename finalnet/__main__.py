"""The command line: finalnet COMMAND, or python -m finalnet COMMAND

Each command is a module with `add_arguments(parser)` and `run(options)`. Only the chosen one is
imported, because some of them need packages that not everyone has installed.
"""

import argparse
import io
import os
import sys
from importlib import import_module

COMMANDS = {  # name: (module, what it does)
    "app": ("server.start", "serve the page"),
    "predict": ("predict", "read the digit or number in image files"),
    "summary": ("summary", "print the network, layer by layer"),
    "export": ("sharing.export", "write the page as static files that need no server"),
    "publish": (
        "sharing.publish",
        "list what would go to the Hugging Face Hub (app, page or model); with --yes, upload it",
    ),
    "train": ("training.command", "train the network and write a checkpoint"),
    "tutorial": (
        "training.tutorial",
        "train the network as tutorials do; the page compares it with ours",
    ),
    "drawings": ("training.unipen", "convert public data sets to a file of drawings"),
    "evaluate": (
        "evaluation.evaluate",
        "measure a checkpoint on MNIST or on files of drawings",
    ),
    "crossvalidate": (
        "evaluation.crossvalidation",
        "leave out each source of drawings in turn, train on the rest, and measure on it",
    ),
}
# Installed only by the extra `train`.
TRAINING_PACKAGES = {"matplotlib", "torch", "torchvision", "tqdm"}

BROKEN_PIPE = 141  # exit status: 128 + SIGPIPE


def main(arguments: list[str] | None = None) -> None:
    for stream in (sys.stdout, sys.stderr):
        # File names may hold characters that the terminal cannot encode.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:  # e.g. `| head -1`
        # Otherwise Python fails again when it flushes stdout on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BROKEN_PIPE) from None


def _run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="finalnet", description="Read handwritten digits.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    try:
        for name, (module, purpose) in COMMANDS.items():
            command = commands.add_parser(name, help=purpose, description=purpose)
            if arguments[:1] == [name]:
                chosen = import_module(f"finalnet.{module}")
                chosen.add_arguments(command)
                command.set_defaults(run=chosen.run)
        options = parser.parse_args(arguments)
        options.run(options)
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        raise SystemExit(
            f"error: `finalnet {arguments[0]}` needs {error.name}, which is not installed; "
            "install it with: pip install 'finalnet[train]' (in a checkout: '.[train]')"
        ) from None
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
