"""The command line: finalnet COMMAND, or python -m finalnet COMMAND

Each command is a module with `add_arguments(parser)` and `run(options)`, imported when it is asked
for, because some of them need what not everyone has installed.
"""

import argparse
import io
import os
import sys
from importlib import import_module

COMMANDS = {  # name: (module, what it does)
    "app": ("server.app", "serve the page"),
    "predict": ("predict", "read the digit or the number in image files"),
    "summary": ("summary", "print the network, layer by layer"),
    "export": ("sharing.export", "write the page as static files, without a server"),
    "publish": (
        "sharing.publish",
        "show, and with --yes put, the app, the page or the model on the Hub",
    ),
    "train": ("training.command", "train the network and write its checkpoint"),
    "tutorial": (
        "training.tutorial",
        "train the network as tutorials do, for the page to compare with",
    ),
    "drawings": ("training.unipen", "make a file of public drawings to train with"),
    "evaluate": (
        "evaluation.command",
        "measure a checkpoint: on MNIST, or on the drawings that are named",
    ),
    "crossvalidate": (
        "evaluation.crossvalidation",
        "train without each source of drawings in turn, and measure on it",
    ),
    "curves": ("training.curves", "draw a checkpoint's learning curves anew"),
}
# What only the extra `train` installs.
TRAINING_PACKAGES = {"matplotlib", "torch", "torchmetrics", "torchvision", "tqdm"}

NOBODY_READS = 141  # status of a program whose reader left: 128 and the number of SIGPIPE


def main(arguments: list[str] | None = None) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal lacks letters for
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:  # as by `| head -1`
        # Or Python complains of what it cannot write at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(NOBODY_READS) from None


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
