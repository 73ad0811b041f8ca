"""The browser is the judge of which odd heads spoil an image."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Page

from tests.support.heads import NOBODY_SHOWS, ONLY_BROWSERS_SHOW, SHOWN, SIZE

ANSWERS = [*SHOWN.values(), *ONLY_BROWSERS_SHOW.values(), *NOBODY_SHOWS.values()]
EMPTY_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
WIDTHS = """urls => Promise.all(urls.map(url => new Promise(told => {
    const image = new Image()
    image.onload = () => told(image.naturalWidth)
    image.onerror = () => told(null)
    image.src = url
})))"""


class Handler(socketserver.StreamRequestHandler):
    """Answers `/7` with the seventh answer, and ends the connection."""

    def handle(self) -> None:
        path = self.rfile.readline().split()[1].decode().strip("/")
        while self.rfile.readline().strip():
            pass
        self.wfile.write(ANSWERS[int(path)] if path.isdecimal() else EMPTY_PAGE)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_browser_shows_what_the_table_says(page: Page, address: str) -> None:
    page.goto(address)
    widths = page.evaluate(WIDTHS, [f"{address}{number}" for number in range(len(ANSWERS))])
    expected: Mapping[str, int | None] = {
        **dict.fromkeys(SHOWN, SIZE[0]),
        **dict.fromkeys(ONLY_BROWSERS_SHOW, SIZE[0]),
        **dict.fromkeys(NOBODY_SHOWS),
    }
    assert dict(zip(expected, widths, strict=True)) == expected
