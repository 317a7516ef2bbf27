"""Starting the app: what is wrong is said in one line."""

import asyncio
import ipaddress
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import COMMAND, ROOT, free_port, running_app

from finalnet.server.start import find_network_host, listen

START = (*COMMAND, "--host", "127.0.0.1")


def refused(*arguments: str) -> str:
    """What the app says when it does not start."""
    run = subprocess.run([*START, *arguments], capture_output=True, text=True, timeout=100)
    assert run.returncode != 0 and "Traceback" not in run.stderr
    return run.stderr.splitlines()[-1]


@pytest.mark.parametrize("port", ["99999", "0", "http"])
def test_a_port_that_there_is_not_is_refused(port):
    told = refused(f"--port={port}")
    assert told.endswith(f"a port is a whole number from 1 to 65535, got '{port}'")


@pytest.mark.parametrize(
    "mistake", ["--port=0", "--rate=-1", "--checkpoint=/nowhere", "--host=192.0.2.1 --port=7860"]
)
def test_a_mistake_is_told_without_gradio(mistake):
    code = """import sys
from finalnet.__main__ import main
try:
    main(["app", *sys.argv[1:]])
except SystemExit as error:
    sys.exit(bool(error.code) and 7 + ("gradio" in sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code, *mistake.split()], cwd=ROOT, timeout=60)
    assert run.returncode == 7


def test_a_port_that_is_taken_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        told = refused("--port", port)
    assert told == f"error: port {port} is taken; name another one with --port"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_answer_waits_for_the_acknowledgement_of_its_head(host):
    """It took 40 ms wherever a client had paused."""

    async def see() -> int:
        connected: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ours = writer.get_extra_info("socket")
            connected.set_result(ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen(host, free_port()) as listener:
            async with await asyncio.start_server(answer, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
                is_sent_at_once = await connected
                writer.close()
        return is_sent_at_once

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may run in this one
        assert thread.submit(asyncio.run, see()).result()


def test_an_address_that_is_not_this_machines_is_refused():
    told = refused("--host", "192.0.2.1", "--port", str(free_port()))
    assert told.startswith("error: cannot listen on 192.0.2.1, port ") and "--host" in told


def test_a_proxy_of_an_unknown_kind_is_told_in_one_line():
    run = subprocess.run(
        [*START, "--port", str(free_port())],
        capture_output=True,
        text=True,
        env=os.environ | {"HTTP_PROXY": "nonsense://x"},
    )
    assert run.returncode == 1
    (told,) = run.stderr.splitlines()
    assert told.startswith("error: the environment sets an invalid proxy (Unknown")
    assert "unset HTTP_PROXY" in told


def test_a_proxy_of_the_environment_does_not_matter(tmp_path):
    proxies = {"HTTP_PROXY": "nonsense", "all_proxy": "http://127.0.0.1:9"}
    with running_app(tmp_path, **proxies) as app:
        pass
    assert "Traceback" not in app.text()


@pytest.mark.parametrize(
    ("host", "network_host"),
    [
        (None, None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "[2001:db8::7]"),
        ("digits.example", "digits.example"),
    ],
)
def test_the_page_knows_how_others_call_the_machine(host, network_host):
    assert find_network_host(host) == network_host


def test_of_all_addresses_the_one_that_leads_outside_is_named():
    named = find_network_host("0.0.0.0")
    assert named is None or not ipaddress.ip_address(named).is_loopback
