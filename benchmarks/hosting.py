"""Throughput of each way of hosting: python -m benchmarks.hosting [--seconds 10] [--clients 32]

Calls `/recognize_strokes` over HTTP: on one app process, on two in round robin and, if Ray is
installed, on two readers of a local Ray cluster. Prints answers per second and latencies. Clients
and servers share the machine.
"""

import argparse
import http.client
import importlib.util
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from benchmarks.latency import running
from finalnet.web.examples import EXAMPLES

ENDPOINT = "/gradio_api/run/recognize_strokes"
START_TIMEOUT = 180  # s, for the cluster
RAY_PORT = 8000  # default of Ray Serve


def measure(urls: list[str], clients: int, seconds: float) -> str:
    """Report throughput and latency of clients that send requests in a loop, servers in turn."""
    until = time.monotonic() + seconds

    def ask(number: int) -> tuple[list[float], int]:
        hosts = [urlsplit(url).netloc for url in urls]
        links = itertools.cycle([http.client.HTTPConnection(host, timeout=60) for host in hosts])
        times, errors = [], 0
        for example in itertools.cycle(EXAMPLES[number % 6 :] + EXAMPLES[: number % 6]):
            start = time.monotonic()
            if start > until:
                return times, errors
            link, body = next(links), json.dumps({"data": [example.strokes]})
            try:
                link.request("POST", ENDPOINT, body, {"Content-Type": "application/json"})
                answer = link.getresponse()
                ok = answer.status == 200 and b'"digit"' in answer.read()
            except (OSError, http.client.HTTPException):
                link.close()
                ok = False
            if ok:
                times.append(time.monotonic() - start)
            errors += not ok
        raise AssertionError("examples do not end")

    with ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(ask, range(clients)))
    times = sorted(itertools.chain(*(times for times, _ in results)))
    if not times:
        raise SystemExit(f"error: no answer from {', '.join(urls)}; is the machine very busy?")
    return (
        f"{len(times) / seconds:.0f} answers per second, "
        f"median {1000 * statistics.median(times):.0f} ms, "
        f"p99 {1000 * times[int(0.99 * len(times))]:.0f} ms, "
        f"{sum(errors for _, errors in results)} errors"
    )


@contextmanager
def ray_cluster() -> Iterator[str]:
    """Run the app on a local cluster with two readers; yields its address."""
    command = [sys.executable, "-m", "ray.serve.scripts", "run", "deploy.ray_serve:build"]
    process = subprocess.Popen([*command, "readers=2"], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT
    try:
        while time.monotonic() < deadline:
            try:
                link = http.client.HTTPConnection("127.0.0.1", RAY_PORT, timeout=5)
                link.request("GET", "/config")
                if link.getresponse().status == 200:
                    break
            except OSError:
                pass
            time.sleep(1)
        yield f"http://127.0.0.1:{RAY_PORT}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args()
    for count in (1, 2):
        with ExitStack() as stack:
            app = [sys.executable, "app.py", "--port"]
            urls = [stack.enter_context(running(app))[0] for _ in range(count)]
            measure(urls, options.clients, 2)  # warm up
            print(f"{count} processes: {measure(urls, options.clients, options.seconds)}")
    if importlib.util.find_spec("ray"):
        with ray_cluster() as url:
            measure([url], options.clients, 2)
            print(f"Ray, 2 readers: {measure([url], options.clients, options.seconds)}")


if __name__ == "__main__":
    main()
