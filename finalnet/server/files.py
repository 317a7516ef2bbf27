"""Serves the page's modules and the checkpoint for the browser."""

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from finalnet.web.browser import PICTURE_MODULES, page_files

ALWAYS = "public, max-age=31536000, immutable"
# Not from the system: some Windows registries map .js to another type.
MEDIA_TYPES = {".js": "text/javascript", ".json": "application/json"}


class Files:
    """The files, at addresses that contain their version, so browsers may cache them forever.

    Attributes:
        base: start of these addresses, relative to the page, with a slash at its end.
    """

    def __init__(self, checkpoint: Path) -> None:
        files = page_files(checkpoint, PICTURE_MODULES)
        self._contents = {name: path.read_bytes() for name, path in files.items()}
        self._version = hashlib.sha256(b"".join(self._contents.values())).hexdigest()[:12]
        self.base = f"files/{self._version}/"

    def route(self) -> Route:
        return Route("/files/{version}/{name:path}", self._answer)

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._contents:
            raise HTTPException(404, f"the page has no file {name!r:.80}")
        # During an update, the old and the new release may each get requests for the other's files.
        is_current = request.path_params["version"] == self._version
        return Response(
            self._contents[name],
            headers={"Cache-Control": ALWAYS if is_current else "no-cache"},
            media_type=MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"),
        )
