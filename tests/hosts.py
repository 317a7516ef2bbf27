"""A web server for the exported page that can misbehave as real ones do."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Host:
    """Serve a folder until `stop`.

    Attributes:
        types: media types by file suffix; other suffixes keep their usual types.
        headers: sent with every file.
        missing: names of files to answer with 404.
    """

    def __init__(self, folder: Path) -> None:
        self.types: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.missing: set[str] = set()
        host = self

        class Handler(SimpleHTTPRequestHandler):
            def guess_type(self, path) -> str:
                suffix = Path(path).suffix
                return host.types.get(suffix) or super().guess_type(path)

            def end_headers(self) -> None:
                for name, value in host.headers.items():
                    self.send_header(name, value)
                super().end_headers()

            def send_head(self):
                if Path(self.path).name in host.missing:
                    return self.send_error(404)
                return super().send_head()

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
