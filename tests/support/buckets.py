"""An S3 server on loopback (moto's), whose buckets behave as their names say; for object stores.

`plain-...` ignores If-None-Match, `old-...` answers 501 to it, `picky-...` 412 whatever is there;
`locked-...` denies everything.
"""

from __future__ import annotations

import http.client
import re
import secrets
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import obstore
import pytest
from obstore.store import S3Store
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

KINDS = ("usual", "plain", "old", "picky")
# Signs nothing that leads anywhere; the tests look for it in messages.
SECRET = "a-secret-that-no-message-shows"  # noqa: S105  no secret of anybody
_ERROR = "<Error><Code>{0}</Code><Message>as told</Message></Error>"


def _moto() -> Any:
    """The application; imported for those tests only that need it, as it takes its time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        from moto.moto_server import werkzeug_app  # noqa: PLC0415

        return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's name
        pass


class S3Server:
    """`requests`: what came in since it was last cleared, as `GET /bucket/path`.

    `failing`: a method that is answered by 403, whatever is asked.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.failing = ""
        self._app = _moto()
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program has to be told of it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        kind = path.split("/")[1].partition("-")[0]
        is_locked = kind == "locked" and environ.get("HTTP_AUTHORIZATION")
        if is_locked or method == self.failing:
            return _refused(start, "403 Forbidden", "AccessDenied")
        if environ.get("HTTP_IF_NONE_MATCH") == "*":
            if kind == "picky":
                return _refused(start, "412 Precondition Failed", "PreconditionFailed")
            if kind == "old":
                return _refused(start, "501 Not Implemented", "NotImplemented")
            if kind == "plain":
                del environ["HTTP_IF_NONE_MATCH"]
        answer: Iterable[bytes] = self._app(environ, start)
        return answer


def _refused(start: Callable[..., Any], status: str, code: str) -> list[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [_ERROR.format(code).encode()]


class Objects:
    """A bucket of the server, as its owner sees it: all paths are below `prefix`."""

    def __init__(self, server: S3Server, kind: str, prefix: str = "site/cache") -> None:
        self.server = server
        self.name = f"{kind}-{secrets.token_hex(6)}"
        self.prefix = prefix
        self._store = S3Store(
            self.name,
            prefix=prefix,
            client_options={"allow_http": True},
            endpoint=server.url,
            region="us-east-1",
            access_key_id="owner",
            secret_access_key="owner",  # noqa: S106  no secret of anybody
        )

    @property
    def url(self) -> str:
        return f"s3://{self.name}/{self.prefix}"

    def put(self, path: str, data: bytes) -> None:
        obstore.put(self._store, path, data)

    def put_strange(self, path: str) -> None:
        """An object whose name the library refuses to write."""
        target = quote(f"/{self.name}/{self.prefix}/{path}")
        connection = http.client.HTTPConnection(self.server.url.removeprefix("http://"))
        connection.request("PUT", target, b"x")
        assert connection.getresponse().status == 200
        connection.close()

    def get(self, path: str) -> bytes:
        return bytes(obstore.get(self._store, path).bytes())

    def media_type(self, path: str) -> str:
        return str(obstore.get(self._store, path).attributes["Content-Type"])

    def delete(self, path: str) -> None:
        obstore.delete(self._store, path)

    def paths(self) -> list[str]:
        return sorted(one["path"] for some in obstore.list(self._store) for one in some)

    def requests(self, method: str) -> list[str]:
        """The paths that were asked for with this method, since it was last called."""
        pattern = re.compile(rf"{method} /{self.name}/{self.prefix}/(.*)")
        found = [match[1] for one in self.server.requests if (match := pattern.fullmatch(one))]
        self.server.requests.clear()
        return found


def make_bucket(server: S3Server, kind: str = "usual") -> Objects:
    """A new one, which is empty."""
    made = Objects(server, kind)
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("PUT", f"/{made.name}")
    assert connection.getresponse().status == 200
    connection.close()
    return made


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, and an environment that leads to it."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    s3_server.requests.clear()
    s3_server.failing = ""
    return s3_server


@pytest.fixture
def bucket(s3: S3Server) -> Objects:
    return make_bucket(s3)
