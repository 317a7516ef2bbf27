"""Several trainings side by side: each a process of one thread, or a task on a Ray cluster."""

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

NAMES = {"start": "from"}  # of options that Python has no such name for


class Run(NamedTuple):
    """A command that trains one network."""

    name: str  # before each of its lines: "seed 3"
    command: list[str]  # what `finalnet` is told, but for --output
    output: Path  # what --output is
    result: Path  # the folder that it writes there


def add_ray(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="train on this Ray cluster (auto finds a running one), whose machines have finalnet "
        "and the data at the same paths",
    )


def check_ray(address: str | None) -> None:
    """Raise ValueError where a cluster is named, and Ray is not installed."""
    try:
        if address:
            import ray  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(
            "--ray needs Ray, which is not installed; install it with: pip install ray"
        ) from None


def to_option(name: str) -> str:
    """The option of the command line that is kept under a name."""
    return f"--{NAMES.get(name, name).replace('_', '-')}"


def to_command(name: str, options: argparse.Namespace, **changes: Any) -> list[str]:
    """A command line that gives the same options, but for `changes`; None leaves one out."""
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
    """Do the runs, as many at once as there are cores, or on the Ray cluster with an address.

    One that died is repeated once; one that failed lets the others finish.

    Raises:
        ValueError: some failed, each after saying why.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after all were stopped.
    """
    succeeded = run_on_cluster(runs, address) if address else run_here(runs, os.cpu_count() or 1)
    failed = [run.name for run, success in zip(runs, succeeded, strict=True) if not success]
    if failed:
        raise ValueError(f"{', '.join(failed)}: no network; the lines above say why")


def run_here(runs: Sequence[Run], at_once: int) -> list[bool]:
    """Do the runs on this machine; which of them succeeded."""
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
            if process.wait() >= 0 or stopping.is_set():  # it ended by itself, or was ended by us
                break
            again = "" if is_last else "; begun again"
            tqdm.write(f"{run.name}: died of signal {-process.returncode}{again}")
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
    """Start a run, where one that was stopped before goes on."""
    resume = ["--resume"] if unfinished_path(run.output).exists() else []
    return subprocess.Popen(
        [sys.executable, "-m", "finalnet", *run.command, "--output", str(run.output), *resume],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # One thread: two trainings of one are faster than one of two after the other.
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,  # Ctrl-C is for this process, which tells the others once
    )


def run_on_cluster(runs: Sequence[Run], address: str) -> list[bool]:
    """Do each run as a task on a Ray cluster, and write here what it wrote there."""
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
    """Do a run on the machine where this is called; its files by their names, none if it failed."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / run.output.name
        result = output / run.result.relative_to(run.output)
        if run_here([run._replace(output=output, result=result)], 1) != [True]:
            return {}
        return {path.name: path.read_bytes() for path in result.iterdir() if path.is_file()}
