"""A round-robin reverse proxy in front of several processes of the app."""

import http.client
import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Balancer:
    """Forwards each request to the next process.

    Attributes:
        seen: (index of the process, path, status) of each answered request.
    """

    def __init__(
        self, urls: list[str], prefix: str = "", more_headers: dict[str, str] | None = None
    ) -> None:
        """
        Args:
            prefix: path under which clients find the app; stripped from forwarded requests.
            more_headers: added to forwarded requests.
        """
        balancer, self.seen = self, []
        turns = itertools.cycle(enumerate(urlsplit(url).netloc for url in urls))

        class Handler(BaseHTTPRequestHandler):
            # HTTP/1.0: closing the connection ends a response, so streams need no framing.
            def forward(self) -> None:
                number, host = next(turns)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                backend = http.client.HTTPConnection(host, timeout=60)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                headers |= more_headers or {}
                if not f"{self.path}/".startswith(f"{prefix}/"):
                    balancer.seen.append((number, self.path, 404))
                    return self.send_error(404)
                path = self.path.removeprefix(prefix)
                backend.request(self.command, path, body or None, headers)
                answer = backend.getresponse()
                balancer.seen.append((number, self.path, answer.status))
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.end_headers()
                try:
                    while part := answer.read1(65536):
                        self.wfile.write(part)
                except (OSError, http.client.HTTPException):  # client or app disconnected
                    pass
                backend.close()

            do_GET = do_POST = do_HEAD = forward

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{prefix}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
