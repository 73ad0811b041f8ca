"""A web server for browsers: it serves what it was given, under any label, from its own thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

from playwright.sync_api import Page

# Sizes come out as they load; what the browser refuses is null, also where it refuses to decode it.
_ASK = """urls => Promise.all(urls.map(async url => {
    const image = new Image()
    image.src = url
    const loaded = new Promise((done, failed) => { image.onload = done; image.onerror = failed })
    try { await loaded; await image.decode() } catch { return null }
    return [image.naturalWidth, image.naturalHeight]
}))"""


# Whether any pixel is painted: in a canvas, which tells it of images of the page's own host only.
_LOOK = """urls => Promise.all(urls.map(async url => {
    const image = new Image()
    image.src = url
    try { await image.decode() } catch { return false }
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
    const context = canvas.getContext("2d")
    context.drawImage(image, 0, 0)
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data
    return pixels.some(value => value !== 0)
}))"""


@dataclass(frozen=True)
class Exhibit:
    """A body and its label."""

    body: bytes
    content_type: str | None = None
    nosniff: bool = False


@dataclass
class Gallery:
    """The exhibits by path; `port` is where they are shown, on 127.0.0.1 and localhost."""

    exhibits: dict[str, Exhibit] = field(default_factory=dict)
    port: int = 0

    def hang(self, exhibits: Mapping[str, Exhibit]) -> list[str]:
        """Show these, too; returns their URLs on a host that is not the page's own."""
        paths = {f"/{quote(name, safe='')}": exhibit for name, exhibit in exhibits.items()}
        self.exhibits |= paths
        return [f"http://localhost:{self.port}{path}" for path in paths]

    def sizes(self, page: Page, urls: list[str]) -> list[tuple[int, int] | None]:
        """What a browser shows of each: naturalWidth x naturalHeight, or nothing."""
        page.goto(f"http://127.0.0.1:{self.port}/")
        return [tuple(size) if size else None for size in page.evaluate(_ASK, urls)]

    def painted(self, page: Page, urls: list[str]) -> list[bool]:
        """Whether a browser paints anything of each: anything but transparent black."""
        page.goto(f"http://127.0.0.1:{self.port}/")
        own = [url.replace("//localhost:", "//127.0.0.1:") for url in urls]
        return list(page.evaluate(_LOOK, own))


@contextmanager
def opened() -> Iterator[Gallery]:
    """A gallery that is open."""
    gallery = Gallery()

    class Visit(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            welcome = Exhibit(b"<!DOCTYPE html><title>Gallery</title>", "text/html")
            shown = gallery.exhibits.get(self.path, welcome)
            self.send_response(200)
            if shown.content_type is not None:
                self.send_header("Content-Type", shown.content_type)
            if shown.nosniff:
                self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A browser that hangs up early is no error."""

    with Server(("127.0.0.1", 0), Visit) as server:
        gallery.port = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield gallery
        finally:
            server.shutdown()
            thread.join()
