"""The page: the pad, the answer, the most probable digits, and what the network sees."""

import asyncio
import base64
import mimetypes
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, NamedTuple

import gradio as gr
from fastapi import FastAPI
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from finalnet.recognizer import Number, Prediction
from finalnet.web import texts
from finalnet.web.about import describe
from finalnet.web.api import add_endpoints
from finalnet.web.browser import Part
from finalnet.web.files import Files
from finalnet.web.front import FrontPage
from finalnet.web.picture_input import PictureInput, make_marks
from finalnet.web.refusal import Refusal
from finalnet.web.routes import FUNCTIONS
from finalnet.web.service import Service
from finalnet.web.sketchpad import Sketchpad

# What was read in a picture is the value of every part that shows it; the reading of a drawing is
# made in the browser and goes from the pad to the parts. The pad knows whether it is the latest:
# something may have been drawn before the answer to a picture comes.
PAD = "document.querySelector('#sketchpad')"
SHOW_DRAWING = f"() => {PAD}.showReading(true)"
# With no value in between, the same picture once more would be no news.
AWAIT_PICTURE = f"(...values) => ({PAD}.showReading(false), values.map(() => null))"
KEEP_LATEST = f"() => {PAD}.isLatest && {PAD}.showReading(true)"
# What was refused is said where the picture is, and the drawing has its answer back.
FAIL_PICTURE = f"() => (document.querySelector('#picture .zone').fail(), {PAD}.showReading(true))"


SHOW_ABOUT = "async () => (await fetch(`${gradio_config.root}/about.html`)).text()"
# Of Gradio's own files; browsers use none that is called something else, as some systems have it.
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
# What Gradio's page and clients fetch, and what `FrontPage` adds; of the rest nothing is exposed.
GRADIO = re.compile(
    r"/|/config/?|/favicon\.ico|/icon-\d+\.png|/preview\.png|/robots\.txt"
    r"|/(assets|static|svelte)/[\w./@+-]+|(/gradio_api)?/theme\.css"
    r"|/gradio_api/(info/?|openapi\.json|startup-events|app_id)"
)
MCP = re.compile(r"/gradio_api/mcp(/.*)?")


class MountedPage(NamedTuple):
    """The page, ready to be served.

    Attributes:
        app: answers GET and HEAD of the page and of all that it fetches.
        numbers: names of the API's functions, by the numbers that Gradio gives them.
        run_tools: inside this context, where `mcp` was asked for, the tools are answered.
    """

    app: ASGIApp
    numbers: dict[int, str]
    run_tools: Callable[[], AbstractAsyncContextManager[Any]]


def build_page(
    service: Service, files: str, mcp: bool = False, host: str | None = None
) -> gr.Blocks:
    """The page as Gradio draws it, and the description of the API; `mount_page` serves it.

    Args:
        files: where the page's own files are, as for `Part`.
        mcp: whether the endpoints are tools for models, too.
        host: under which others in the network reach the page; None is nobody.
    """

    def answer_picture(picture: Image.Image) -> list[Any]:
        try:
            number = service.recognizer.read_number(picture)
        except ValueError as error:
            return [*[unreadable(error)] * len(shown), []]
        return [*[to_reading(number)] * len(shown), make_marks(number, picture)]

    with gr.Blocks(title=texts.TITLE, delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        with gr.Row(elem_id="header"):
            gr.HTML(f"<h1>{texts.HEADING}</h1>", elem_id="title", js_on_load=None)
            Part(
                template="stage.html",
                module="stage.js",
                mount="mount",
                words=texts.STAGE,
                files=files,
                texts=texts.STAGE,
                host=host,
                elem_id="stage-bar",
            )
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(texts.READ_TAB), gr.Row(elem_id="stage"):
                Sketchpad(checkpoint=service.checkpoint, files=files, elem_id="pad")
                answer = _readout("answer", files, texts.ANSWER)
                seen = _readout("network-input", files, texts.NETWORK_INPUT)
                digits = _readout("digits", files, texts.DIGIT_OF_NUMBER)
                bars = _readout("bars", files, texts.BARS)
                inside = Part(
                    template="inside.html",
                    module="inside.js",
                    mount="mount",
                    words=texts.INSIDE,
                    files=files,
                    texts=texts.INSIDE,
                    elem_id="inside",
                )
                picture = PictureInput(elem_id="picture")
            with gr.Tab(texts.ABOUT_TAB) as about_tab:
                about = gr.HTML(elem_id="about", js_on_load=None, apply_default_css=False)
        shown = [answer, bars, seen, digits, inside]
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "trigger_mode": "always_last",
            "api_visibility": "private",
        }
        # Until a picture is read, and if it cannot be, no earlier answer stands beside it.
        picture.upload(None, shown, shown, js=AWAIT_PICTURE, **quick)
        answered = picture.upload(answer_picture, picture, [*shown, picture], **quick)
        answered.success(None, js=KEEP_LATEST, **quick)
        answered.failure(None, js=FAIL_PICTURE, **quick)
        picture.clear(None, js=SHOW_DRAWING, **quick)
        about_tab.select(None, None, about, js=SHOW_ABOUT)
        add_endpoints(service, mcp)
    return demo


def _readout(name: str, files: str, words: dict[str, Any]) -> Part:
    """A part that shows the reading that is its value; template and function have its name."""
    return Part(
        template=f"{name}.html",
        module="readout.js",
        mount=name,
        words=words,
        files=files,
        elem_id=name,
        texts=words,
    )


def mount_page(service: Service, mcp: bool = False, host: str | None = None) -> MountedPage:
    """The page with its own files, Gradio's and the description of the model.

    Args: as for `build_page`.
    """
    for suffix, media_type in MEDIA_TYPES.items():
        mimetypes.add_type(media_type, suffix)
    files = Files(service.checkpoint)
    demo = build_page(service, files.base, mcp, host)
    # With a CORSMiddleware of its parent's, Gradio adds no headers of its own.
    parent = FastAPI(openapi_url=None, middleware=[Middleware(CORSMiddleware)])
    gr.mount_gradio_app(parent, demo, path="/", mcp_server=mcp, **launch_options())
    front = FrontPage(parent, files.base)
    described = cache(describe)  # the files do not change while they are served

    async def about(_: Request) -> Response:
        return HTMLResponse(await asyncio.to_thread(described, service.checkpoint))

    async def gradio(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if mcp and MCP.fullmatch(path):
            await parent(scope, receive, send)
        elif ".." in path or not GRADIO.fullmatch(path):
            raise Refusal(404, f"there is nothing at {path:.80}; the page is at /")
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
    """Options of Gradio's: no other host is contacted, nothing internal is shown."""
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


def to_reading(number: Number) -> dict[str, Any]:
    """What was read in a picture, in the form in which the browser reads drawings."""
    if len(number.digits) != 1 and not any(digit.verdict == "digit" for digit in number.digits):
        return nothing_read() | {"caption": texts.PICTURE["no_digits"]}
    return {
        "text": number.text,
        "characters": number.characters,
        "digits": [
            {
                "verdict": digit.verdict,
                "digit": digit.digit,
                "probabilities": digit.probabilities.tolist(),
                "input": to_base64(digit),
            }
            for digit in number.digits
        ],
        "is_number": len(number.digits) != 1,
        "finished": True,
        "source": "picture",
    }


def unreadable(error: ValueError) -> dict[str, Any]:
    """The reading of a picture that cannot be read, which says why."""
    return nothing_read() | {"problem": str(error)}


def nothing_read() -> dict[str, Any]:
    """The reading of a picture without digits."""
    reading = {"text": "", "characters": [], "digits": [], "is_number": False}
    return {**reading, "finished": True, "source": "picture"}


def to_base64(prediction: Prediction) -> str:
    """What the network saw: 28x28 bytes."""
    return base64.b64encode(prediction.network_input.tobytes()).decode()
