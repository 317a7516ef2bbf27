"""Load test of the API: python -m benchmarks.load [--seconds 10] [--soak 10000]

Many clients send requests over HTTP, each as soon as the last one is answered: to the app's API,
with strokes and with picture files, and in the same run to a plain
`gr.Interface(gr.Sketchpad -> gr.Label)` with the same network, whose API needs three requests:
upload the picture, call, fetch the answer.

With --soak, sends that many requests instead, every tenth of them bad. Prints wrong answers, memory
growth and leftover temporary files.
"""

import argparse
import asyncio
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.latency import running
from finalnet import draw_strokes
from finalnet.web.examples import EXAMPLES

CLIENTS = (1, 8, 32, 64, 256)
SOAKING = 16  # clients
WARM_UP = 0.2  # share of a soak's requests before memory is compared
APP = ["app.py", "--host", "127.0.0.1", "--port"]

STOCK_APP = """
import os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
from finalnet import Recognizer
recognizer = Recognizer.load()
def answer(drawing):
    found = recognizer.recognize(drawing["composite"])
    return {str(digit): float(share) for digit, share in enumerate(found.probabilities)}
gr.Interface(answer, gr.Sketchpad(), gr.Label(), api_name="predict").launch(
    server_name="127.0.0.1", server_port=int(sys.argv[1]), ssr_mode=False)
"""


class Answer(NamedTuple):
    status: int
    body: bytes


class Client:
    """A minimal keep-alive HTTP client, just enough for these servers."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> Answer:
        host, port = self._address.hostname or "", self._address.port or 80
        if self._streams is None:
            self._streams = await asyncio.open_connection(host, port)
        reader, writer = self._streams
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "content-length: " in head:
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            content = await reader.readexactly(length)
        else:
            content = await self._read_chunks(reader)
        if "connection: close" in head:
            self.close()
        return Answer(int(head.split(" ", 2)[1]), content)

    async def _read_chunks(self, reader: asyncio.StreamReader) -> bytes:
        content = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            content += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return content

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


Ask = Callable[[Client, int], Awaitable[bool]]  # sends request n; whether the answer is right


def png(number: int) -> bytes:
    file = io.BytesIO()
    draw_strokes(EXAMPLES[number].strokes).save(file, "PNG")
    return file.getvalue()


COUNT = 6  # examples that are single digits
PICTURES = [png(number) for number in range(COUNT)]
DRAWINGS = [json.dumps({"strokes": e.strokes}).encode() for e in EXAMPLES[:COUNT]]


async def ask_strokes(client: Client, number: int) -> bool:
    answer = await client.ask("POST", "/api/recognize_strokes", DRAWINGS[number % COUNT])
    return answer.status == 200 and json.loads(answer.body)["verdict"] == "digit"


async def ask_picture(client: Client, number: int) -> bool:
    answer = await client.ask("POST", "/api/recognize", PICTURES[number % COUNT], "image/png")
    return answer.status == 200 and json.loads(answer.body)["verdict"] == "digit"


async def ask_stock(client: Client, number: int) -> bool:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="d.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + PICTURES[number % COUNT] + b"\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    upload = await client.ask("POST", "/gradio_api/upload", form, kind)
    file = {"path": json.loads(upload.body)[0], "meta": {"_type": "gradio.FileData"}}
    drawing = {"background": None, "layers": [], "composite": file}
    body = json.dumps({"data": [drawing]}).encode()
    call = await client.ask("POST", "/gradio_api/call/predict", body)
    event = json.loads(call.body)["event_id"]
    answer = await client.ask("GET", f"/gradio_api/call/predict/{event}")
    return b"event: complete" in answer.body


class Score(NamedTuple):
    throughput: float  # right answers per second
    waits: list[float]  # s, sorted
    errors: int

    def at(self, share: float) -> float:
        """A percentile of the waits, in ms; `share` from 0 to 1."""
        return 1000 * self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))]


async def send_load(url: str, ask: Ask, clients: int, seconds: float) -> Score:
    """Send requests with a number of clients for some seconds."""
    waits: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def run_client(first: int) -> None:
        nonlocal errors
        client, number = Client(url), first
        while (start := time.perf_counter()) < end:
            try:
                is_right = await ask(client, number)
                errors += not is_right
            except (OSError, ValueError, KeyError, asyncio.IncompleteReadError):
                errors += 1
                client.close()
            waits.append(time.perf_counter() - start)
            number += 1
        client.close()

    start = time.perf_counter()
    await asyncio.gather(*(run_client(number) for number in range(clients)))
    return Score((len(waits) - errors) / (time.perf_counter() - start), sorted(waits), errors)


def measure(name: str, url: str, ask: Ask, seconds: float) -> dict[int, Score]:
    asyncio.run(send_load(url, ask, 4, min(2.0, seconds)))  # warm up
    scores = {}
    for clients in CLIENTS:
        score = scores[clients] = asyncio.run(send_load(url, ask, clients, seconds))
        print(
            f"{name}, {clients} clients: {score.throughput:.0f} per second, "
            f"p50 {score.at(0.5):.0f} ms, p99 {score.at(0.99):.0f} ms, {score.errors} errors",
            flush=True,
        )
    return scores


BAD = [
    ("/api/recognize_strokes", b"{", {400}),
    ("/api/recognize_strokes", b'{"strokes": "x"}', {422}),
    ("/api/recognize_strokes", b'{"strokes": [[[1, 2, 3]]]}', {422}),
    ("/api/recognize", b"not a picture", {422}),
    ("/api/recognize", PICTURES[0][:200], {422}),
    ("/api/nothing", b"{}", {404}),
    ("/gradio_api/run/recognize", b'{"data": [{"path": "http://192.0.2.1/"}]}', {422}),
    ("/gradio_api/run/recognize_strokes", b'{"data": []}', {422}),
    ("/gradio_api/component_server", b"{}", {404}),
]


async def soak(url: str, requests: int, process: int) -> None:
    """Send many requests, every tenth of them bad, and print the outcome."""
    client = Client(url)
    right = [
        json.loads((await client.ask("POST", "/api/recognize_strokes", drawing)).body)
        for drawing in DRAWINGS
    ]
    numbers = iter(range(requests))
    wrong: list[str] = []
    memory: list[float] = []

    async def run_client() -> None:
        client = Client(url)
        for number in numbers:
            if number % 10 == 0:
                path, body, wanted = BAD[number // 10 % len(BAD)]
                answer = await client.ask("POST", path, body, "text/plain")
                if answer.status not in wanted:
                    wrong.append(f"{path}: {answer.status}")
            else:
                kind = "" if number % 2 else "_strokes"
                bodies = DRAWINGS if kind else PICTURES
                path, body = f"/api/recognize{kind}", bodies[number % COUNT]
                answer = await client.ask("POST", path, body, "image/png")
                if answer.status != 200 or json.loads(answer.body) != right[number % COUNT]:
                    wrong.append(f"{answer.status}: {answer.body[:80]!r}")
            if number % max(1, requests // 20) == 0:
                memory.append(resident(process))

    start = time.perf_counter()
    await asyncio.gather(*(run_client() for _ in range(SOAKING)))
    seconds = time.perf_counter() - start
    warm = memory[int(len(memory) * WARM_UP) :]
    third = max(1, len(warm) // 3)
    growth = statistics.median(warm[-third:]) / statistics.median(warm[:third]) - 1
    print(
        f"{requests:,} requests in {seconds:.0f} s, every tenth bad: {len(wrong)} wrong answers "
        f"{wrong[:3]}, memory {warm[0]:.0f} MB after the warm-up, {growth:+.1%} since"
    )


def resident(process: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="for each number of clients")
    parser.add_argument("--soak", type=int, metavar="REQUESTS", help="soak the app instead")
    options = parser.parse_args()
    if options.soak:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TMPDIR"] = os.environ["GRADIO_TEMP_DIR"] = folder
            with running([sys.executable, *APP]) as (url, _, process):
                asyncio.run(soak(url, options.soak, process))
                print(f"temporary files: {sum(p.is_file() for p in Path(folder).rglob('*'))}")
        return
    with running([sys.executable, *APP]) as (url, *_):
        ours = measure("/api/recognize_strokes", url, ask_strokes, options.seconds)
        measure("/api/recognize", url, ask_picture, options.seconds)
    with running([sys.executable, "-c", STOCK_APP]) as (url, *_):
        stock = measure("gr.Interface", url, ask_stock, options.seconds)
    times = ours[64].throughput / max(stock[64].throughput, 0.01)
    share = ours[64].at(0.99) / stock[64].at(0.99)
    print(f"64 clients: {times:.1f} times the throughput of gr.Interface, {share:.0%} of its p99")


if __name__ == "__main__":
    main()
