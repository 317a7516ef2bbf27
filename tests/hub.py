"""A local stand-in for the Hub with the HTTP endpoints that `create_repo` and `create_commit` use.

Like the Hub, it refuses another owner, a card that is not YAML, binary files outside the large file
storage, and large files whose hash is wrong.
"""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

OWNER, WRITER, READER = "ann", "hf_writes", "hf_reads"  # an account and its two tokens
COMMIT = "0" * 40
MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


class Refused(Exception):
    """A response other than 200."""

    def __init__(self, status: int, message: str, **body) -> None:
        self.status, self.message, self.body = status, message, body


class Hub:
    """Keeps committed files: `repositories["space", "ann/app"]["README.md"]` is the content."""

    def __init__(self) -> None:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self._read_body()
                try:
                    status, message, answer = 200, "", hub.answer(self, body)
                except Refused as refused:
                    status, message, answer = refused.status, refused.message, refused.body
                content = json.dumps(answer).encode()
                self.send_response(status)
                if message:
                    self.send_header("X-Error-Message", message)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _read_body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.repositories: dict[tuple[str, str], dict[str, bytes]] = {}
        self.sdks: dict[str, str] = {}
        self.large: set[str] = set()  # paths that came through the large file storage
        self._store: dict[str, bytes] = {}
        self._verified: set[str] = set()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> dict:
        path = request.path.partition("?")[0]
        if match := re.fullmatch(r"/storage/(\w+)", path):  # signed addresses: no token
            return self._keep(match[1], body)
        if request.headers.get("Authorization") not in (f"Bearer {WRITER}", f"Bearer {READER}"):
            raise Refused(401, "Invalid credentials in Authorization header")
        if path == "/api/validate-yaml":
            return self._validate(**json.loads(body))
        if path == "/api/repos/create":
            return self._create(request, **json.loads(body))
        for pattern, method in (
            (r"/api/(space|model)s/([\w-]+/[\w-]+)/preupload/main", self._preupload),
            (r"/api/(space|model)s/([\w-]+/[\w-]+)/commit/main", self._commit),
            (r"/(space)?s?/?([\w-]+/[\w-]+)\.git/info/lfs/objects/batch", self._batch),
            (r"/api/(space|model)s/([\w-]+/[\w-]+)/verify", self._verify),
        ):
            if match := re.fullmatch(pattern, path):
                self._check_writer(request, match[2])
                repository = self.repositories.get((match[1] or "model", match[2]))
                if repository is None:
                    raise Refused(404, "Repository not found")
                return method(repository, body)
        raise Refused(404, "Repository not found")

    def _check_writer(self, request: BaseHTTPRequestHandler, name: str) -> None:
        may = request.headers["Authorization"] == f"Bearer {WRITER}"
        if not may or name.split("/")[0] != OWNER:
            raise Refused(403, "You don't have the rights to write here")

    def _create(self, request, name, organization, type="model", sdk=None) -> dict:  # noqa: A002
        full = f"{organization}/{name}"
        self._check_writer(request, full)
        url = self._page(type, full)
        if (type, full) in self.repositories:
            raise Refused(409, "You already created this repo", url=url)
        if sdk == "gradio" and name == "unpaid":
            raise Refused(402, "Subscribe to PRO")
        self.repositories[type, full] = {}
        if type == "space":
            self.sdks[full] = sdk
        return {"url": url}

    def _validate(self, content: str, repoType: str) -> dict:  # noqa: N803
        try:
            matter = yaml.safe_load(MATTER.match(content)[1])
        except yaml.YAMLError as error:
            raise Refused(400, "Invalid YAML", errors=[{"message": str(error)}]) from None
        wanted = {"title", "sdk"} if repoType == "space" else {"license"}
        if missing := wanted - matter.keys():
            raise Refused(400, "Invalid metadata", errors=[{"message": f"no {missing}"}])
        return {"errors": [], "warnings": []}

    def _preupload(self, repository: dict, body: bytes) -> dict:
        def describe(path: str, sample: str, size: int) -> dict:
            mode = "lfs" if is_binary(base64.b64decode(sample)) else "regular"
            known = {"oid": self._oid(repository[path], mode)} if path in repository else {}
            return {"path": path, "uploadMode": mode, "shouldIgnore": False, **known}

        return {"files": [describe(**file) for file in json.loads(body)["files"]]}

    def _batch(self, repository: dict, body: bytes) -> dict:
        batch = json.loads(body)
        kind, name = self._key(repository)
        verify = {"href": f"{self.url}/api/{kind}s/{name}/verify"}
        for thing in batch["objects"]:
            if thing["oid"] not in self._verified:
                upload = {"href": f"{self.url}/storage/{thing['oid']}"}
                thing["actions"] = {"upload": upload, "verify": verify}
        return {"transfer": "basic", "objects": batch["objects"]}

    def _keep(self, oid: str, content: bytes) -> dict:
        if hashlib.sha256(content).hexdigest() != oid:
            raise Refused(400, "the content does not match its hash")
        self._store[oid] = content
        return {}

    def _verify(self, _: dict, body: bytes) -> dict:
        thing = json.loads(body)
        if len(self._store.get(thing["oid"], b"")) != thing["size"]:
            raise Refused(404, "Object does not exist")
        self._verified.add(thing["oid"])
        return {}

    def _commit(self, repository: dict, body: bytes) -> dict:
        header, *lines = map(json.loads, body.splitlines())
        assert header["key"] == "header" and header["value"]["summary"]
        for line in lines:
            path = line["value"]["path"]
            if line["key"] == "lfsFile":
                if line["value"]["oid"] not in self._verified:
                    raise Refused(400, f"{path} was not uploaded")
                content = self._store[line["value"]["oid"]]
                self.large.add(path)
            else:
                content = base64.b64decode(line["value"]["content"])
                if is_binary(content):
                    raise Refused(400, "Your push was rejected because it contains binary files")
            repository[path] = content
        url = f"{self._page(*self._key(repository))}/commit/{COMMIT}"
        return {"commitUrl": url, "commitOid": COMMIT}

    def _key(self, repository: dict) -> tuple[str, str]:
        return next(key for key, held in self.repositories.items() if held is repository)

    def _page(self, kind: str, name: str) -> str:
        return f"{self.url}/{'spaces/' if kind == 'space' else ''}{name}"

    @staticmethod
    def _oid(content: bytes, mode: str) -> str:
        if mode == "lfs":
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_binary(content: bytes) -> bool:
    return b"\0" in content[:512]
