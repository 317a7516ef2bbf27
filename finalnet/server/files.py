"""The page's own files over HTTP: modules, and the checkpoint that the browser reads with."""

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from finalnet.web.browser import PICTURE_MODULES, page_files

ALWAYS = "public, max-age=31536000, immutable"
# Not asked of the system: some Windows registries call scripts something else.
MEDIA_TYPES = {".js": "text/javascript", ".json": "application/json"}


class Files:
    """The files, at addresses that hold their version: a browser keeps them as long as it likes.

    Attributes:
        base: beginning of their addresses, from the page's on, with a slash at its end.
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
            raise HTTPException(404, f"there is no file {name!r:.80} of the page")
        # While one release takes the place of another, either may be asked for the other's.
        is_asked = request.path_params["version"] == self._version
        return Response(
            self._contents[name],
            headers={"Cache-Control": ALWAYS if is_asked else "no-cache"},
            media_type=MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"),
        )
