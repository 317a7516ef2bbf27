"""The Gradio page with all its parts, and the ASGI app that serves it."""

import asyncio
import mimetypes
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, NamedTuple

import gradio as gr
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from finalnet.pictures.pixels import WORKING_SIZE
from finalnet.server.api import add_endpoints
from finalnet.server.files import Files
from finalnet.server.front import FrontPage
from finalnet.server.routes import FUNCTIONS
from finalnet.server.service import Service
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.browser import training
from finalnet.web.component import Component
from finalnet.web.sketchpad import Sketchpad

SHOW_ABOUT = "async () => (await fetch(`${gradio_config.root}/about.html`)).text()"
# For Gradio's files: some systems map them to other types, and browsers then reject them.
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
# What Gradio's page and clients fetch, and what `FrontPage` adds. Nothing else is exposed.
GRADIO = re.compile(
    r"/|/config/?|/favicon\.ico|/icon-\d+\.png|/preview\.png|/robots\.txt"
    r"|/(assets|static|svelte)/[\w./@+-]+|(/gradio_api)?/theme\.css"
    r"|/gradio_api/(info/?|openapi\.json|startup-events|app_id)"
)
MCP = re.compile(r"/gradio_api/mcp(/.*)?")


class MountedPage(NamedTuple):
    """The page, ready to be served.

    Attributes:
        app: answers GET and HEAD requests for the page and for all that it fetches.
        numbers: names of the API's functions, by the numbers that Gradio gives them.
        run_tools: context in which MCP tools work, if `mcp` was set.
    """

    app: ASGIApp
    numbers: dict[int, str]
    run_tools: Callable[[], AbstractAsyncContextManager[Any]]


def build_page(
    service: Service, files: str, mcp: bool = False, host: str | None = None
) -> gr.Blocks:
    """Build the Gradio page and the documentation of the API; `mount_page` serves them.

    Args:
        files: base address of the page's own files, as for `Component`.
        mcp: whether the endpoints are MCP tools, too.
        host: host name or address by which others in the network reach the page; None: they cannot.
    """

    with gr.Blocks(title=texts.TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        with gr.Row(elem_id="header"):
            gr.HTML(f"<h1>{texts.HEADING}</h1>", elem_id="title", js_on_load=None)
            _part("stage-bar", "stage.js", "mount", texts.STAGE, files, host=host)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(texts.READ_TAB), gr.Row(elem_id="stage"):
                Sketchpad(checkpoint=service.checkpoint, files=files, elem_id="pad")
                _part("answer", "readout.js", "answer", texts.ANSWER, files)
                _part("network-input", "readout.js", "network-input", texts.NETWORK_INPUT, files)
                _part("digits", "readout.js", "digits", texts.DIGIT_OF_NUMBER, files)
                _part("bars", "readout.js", "bars", texts.BARS, files)
                _part("hand", "teaching.js", "mount", texts.HAND, files)
                kept = training(service.checkpoint)
                _part("inside", "inside.js", "mount", texts.INSIDE, files, training=kept)
                _part(
                    "picture",
                    "picture_input.js",
                    "mount",
                    texts.PICTURE,
                    files,
                    styles=("controls.css", "picture_input.css"),
                    longer_side=WORKING_SIZE,
                )
            with gr.Tab(texts.ABOUT_TAB) as about_tab:
                about = gr.HTML(elem_id="about", js_on_load=None, apply_default_css=False)
        about_tab.select(None, None, about, js=SHOW_ABOUT)
        add_endpoints(service, mcp)
    return demo


def _part(
    name: str, module: str, mount: str, words: dict[str, Any], files: str, **more: Any
) -> Component:
    """A part of the page; its template and its element have its name."""
    return Component(
        template=f"{name}.html",
        module=module,
        mount=mount,
        words=words,
        files=files,
        texts=words,
        elem_id=name,
        **more,
    )


def mount_page(service: Service, mcp: bool = False, host: str | None = None) -> MountedPage:
    """The page with its own files, Gradio's files and "About the model".

    Args: as for `build_page`.
    """
    for suffix, media_type in MEDIA_TYPES.items():
        mimetypes.add_type(media_type, suffix)
    files = Files(service.checkpoint)
    demo = build_page(service, files.base, mcp, host)
    # If its parent has a CORSMiddleware, Gradio adds no CORS headers.
    parent = FastAPI(openapi_url=None, middleware=[Middleware(CORSMiddleware)])
    gr.mount_gradio_app(parent, demo, path="/", mcp_server=mcp, **launch_options())
    front = FrontPage(parent, files.base)
    described = cache(describe)  # the checkpoint does not change while it is served

    async def about(_: Request) -> Response:
        return HTMLResponse(await asyncio.to_thread(described, service.checkpoint))

    async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if mcp and MCP.fullmatch(path):
            await parent(scope, receive, send)
        elif ".." in path or not GRADIO.fullmatch(path):
            raise HTTPException(404, f"there is nothing at {path:.80}; the page is at /")
        elif scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        else:
            await front(scope, receive, send)

    routes = [files.route(), Route("/about.html", about)]
    return MountedPage(
        GZipMiddleware(Router(routes, redirect_slashes=False, default=gradio), compresslevel=6),
        {f["id"]: f["api_name"] for f in demo.config["dependencies"] if f["api_name"] in FUNCTIONS},
        lambda: parent.router.lifespan_context(parent),
    )


def launch_options() -> dict[str, Any]:
    """Gradio's options: the page contacts no other host and shows no internal errors."""
    theme = gr.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return {
        "theme": theme,
        "footer_links": ["api"],
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "show_error": False,
    }
