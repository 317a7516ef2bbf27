"""The API as MCP tools, called by a real MCP client."""

import asyncio
import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from conftest import missing
from drawings import DRAWINGS
from serving import running_app

from finalnet import draw_strokes

THREE = DRAWINGS["3 round"][1]


async def call(url: str):
    import mcp
    from mcp.client.streamable_http import streamablehttp_client

    file = io.BytesIO()
    draw_strokes(THREE).save(file, "PNG")
    picture = base64.b64encode(file.getvalue()).decode()
    async with (
        streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _),
        mcp.ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [
            await session.call_tool("recognize_strokes", {"strokes": THREE}),
            await session.call_tool("recognize_picture", {"picture": picture}),
            await session.call_tool("read_number_picture", {"picture": "http://192.0.2.1/3.png"}),
        ]


def test_a_client_finds_documented_tools_and_calls_them(tmp_path):
    if find_spec("mcp") is None:
        missing("no mcp", "run `pip install -r requirements-dev.txt`")
    # In another thread, because Playwright's event loop may run in this one.
    with running_app(tmp_path, "--mcp") as app, ThreadPoolExecutor(1) as thread:
        tools, (strokes, picture, address) = thread.submit(asyncio.run, call(app.url)).result()
    assert {tool.name for tool in tools} == {
        f"{task}_{kind}" for task in ("recognize", "read_number") for kind in ("strokes", "picture")
    }
    for tool in tools:
        (parameter,) = tool.inputSchema["properties"].values()
        assert tool.description and parameter["description"]
    for answer in (strokes, picture):
        assert not answer.isError and "'digit': 3" in json.dumps(answer.content[0].text)
    assert address.isError and "not an image" in address.content[0].text
