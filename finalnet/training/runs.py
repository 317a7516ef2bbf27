"""Run several trainings at once: each in a process of one thread, or as a task on a Ray cluster."""

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tqdm import tqdm

from finalnet.training.unfinished import interruptible, unfinished_path

NAMES = {"start": "from"}  # options whose names are Python keywords


class Run(NamedTuple):
    """A command that trains one network."""

    name: str  # prefix of each printed line: "seed 3"
    command: list[str]  # arguments of `finalnet`, without --output
    output: Path  # value of --output
    result: Path  # folder that it writes: the output, or a folder in it


def add_ray(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="train on this Ray cluster (auto: a running one); its machines need finalnet and the "
        "data at the same paths",
    )


def check_ray(address: str | None) -> None:
    """Raise ValueError if an address is given and Ray is not installed."""
    try:
        if address:
            import ray  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(
            "--ray needs Ray, which is not installed; install it with: pip install ray"
        ) from None


def to_option(name: str) -> str:
    """Name of the command-line option for an attribute of the parsed options."""
    return f"--{NAMES.get(name, name).replace('_', '-')}"


def to_command(name: str, options: argparse.Namespace, **changes: Any) -> list[str]:
    """Command line with the same options, except for `changes`; None leaves an option out."""
    command = [name]
    for option, value in (vars(options) | changes).items():
        if callable(value) or value is None or value is False or value == []:
            continue
        command.append(to_option(option))
        if value is not True:
            values = value if isinstance(value, list) else [value]
            command += [str(v.resolve() if isinstance(v, Path) else v) for v in values]
    return command


def run_all(runs: Sequence[Run], address: str | None = None) -> None:
    """Execute the runs, one per core at a time, or on the Ray cluster at `address`.

    A run that a signal killed is repeated once. If a run fails, the others still finish.

    Raises:
        ValueError: some runs failed; each has printed why.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after all runs were stopped.
    """
    succeeded = run_on_cluster(runs, address) if address else run_here(runs, os.cpu_count() or 1)
    failed = [run.name for run, success in zip(runs, succeeded, strict=True) if not success]
    if failed:
        raise ValueError(f"{', '.join(failed)}: training failed; the lines above say why")


def run_here(runs: Sequence[Run], at_once: int) -> list[bool]:
    """Execute the runs on this machine; return whether each succeeded."""
    processes: list[subprocess.Popen[str]] = []
    stopping = threading.Event()

    def run_one(run: Run) -> bool:
        for is_last in (False, True):
            process = start(run)
            processes.append(process)
            if stopping.is_set():
                process.terminate()
            for line in process.stdout or ():
                tqdm.write(f"{run.name}: {line.rstrip()}")
            if process.wait() >= 0 or stopping.is_set():  # it exited by itself, or we stopped it
                break
            again = "" if is_last else "; started again"
            tqdm.write(f"{run.name}: killed by signal {-process.returncode}{again}")
        return process.returncode == 0

    with interruptible(), ThreadPoolExecutor(at_once) as pool:
        try:
            return [done.result() for done in [pool.submit(run_one, run) for run in runs]]
        except KeyboardInterrupt:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise


def start(run: Run) -> subprocess.Popen[str]:
    """Start a run, or resume it if it was stopped before."""
    resume = ["--resume"] if unfinished_path(run.output).exists() else []
    return subprocess.Popen(
        [sys.executable, "-m", "finalnet", *run.command, "--output", str(run.output), *resume],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Two trainings of one thread each finish sooner than one after the other with two threads.
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,  # only this process gets Ctrl-C; it stops the others
    )


def run_on_cluster(runs: Sequence[Run], address: str) -> list[bool]:
    """Execute each run as a task on a Ray cluster, and copy its files to this machine."""
    import ray

    ray.init(address)
    task = ray.remote(num_cpus=1, max_retries=1)(run_elsewhere)
    pending = [task.remote(run) for run in runs]
    succeeded = []
    for run, files in zip(runs, map(ray.get, pending), strict=True):
        for name, content in files.items():
            run.result.mkdir(parents=True, exist_ok=True)
            (run.result / name).write_bytes(content)
        succeeded.append(bool(files))
    return succeeded


def run_elsewhere(run: Run) -> dict[str, bytes]:
    """Execute a run on the calling machine; return its files by name, none if it failed."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / run.output.name
        result = output / run.result.relative_to(run.output)
        if run_here([run._replace(output=output, result=result)], 1) != [True]:
            return {}
        return {path.name: path.read_bytes() for path in result.iterdir() if path.is_file()}
