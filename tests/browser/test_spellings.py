"""The browser is the judge of how hosts, URLs and Locations are spelt, too."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.spellings import (
    LOCATIONS,
    NAMES,
    NONE,
    PRIVATE,
    PUBLIC,
    URLS,
    WITH_USERINFO,
)

HOST_OF = """hosts => hosts.map(host => {
    try { return new URL(`http://${host}/`).hostname } catch { return null }
})"""
SHOWN = """url => new Promise(done => {
    const image = new Image()
    image.onload = image.onerror = () => done(null)
    image.src = url
})"""


# Chromium takes more than the standard allows; imgcache does not.
LAXER = {
    "127.0.0.1%20": "127.0.0.1%20",
    "[::127.0.0.01]": "[::7f00:1]",
    "[::ffff:0x7f.0.0.1]": "[::ffff:7f00:1]",
}


def test_hosts_are_read_as_the_browser_reads_them(page: Page) -> None:
    known: dict[str, str | None] = {**PRIVATE, **PUBLIC, **NAMES, **dict.fromkeys(NONE), **LAXER}
    assert dict(zip(known, page.evaluate(HOST_OF, list(known)), strict=True)) == known


class Redirector(socketserver.ThreadingTCPServer):
    """Redirects `/from/` to `location`, byte for byte, and notes each target that is asked for.

    A server in a thread: Playwright's loop runs in this one.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.port = self.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.location = b""
        self.asked: list[str] = []


class Conversation(socketserver.StreamRequestHandler):
    """One request and its answer."""

    server: Redirector

    def handle(self) -> None:
        target = self.rfile.readline().split(b" ")[1].decode("latin-1")
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(target)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        if target == "/from/":
            head = b"HTTP/1.1 302 Found\r\nLocation: %b\r\n" % self.server.location
        self.wfile.write(head + b"Cache-Control: no-store\r\nConnection: close\r\n\r\n")


@pytest.fixture
def redirector(page: Page) -> Iterator[Redirector]:
    with Redirector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://{server.host}/page")
        yield server
        server.shutdown()


def asked_for(page: Page, redirector: Redirector, url: str) -> list[str]:
    redirector.asked.clear()
    page.evaluate(SHOWN, url)
    return [target for target in redirector.asked if target not in ("/from/", "/favicon.ico")]


def test_urls_are_asked_for_as_the_browser_asks(page: Page, redirector: Redirector) -> None:
    for url, target in URLS.items():
        assert asked_for(page, redirector, url.replace("HOST", redirector.host)) == [target], url


def test_redirects_lead_where_the_browser_goes(page: Page, redirector: Redirector) -> None:
    host, port = redirector.host.encode(), str(redirector.port).encode()
    for location, target in LOCATIONS.items():
        redirector.location = location.replace(b"HOST", host).replace(b"PORT", port)
        assert asked_for(page, redirector, f"http://{redirector.host}/from/") == [target], location


def test_the_browser_sends_no_password_for_an_image(page: Page, redirector: Redirector) -> None:
    for spelling in WITH_USERINFO:
        url = spelling.replace("HOST", redirector.host)
        redirector.location = url.encode()
        assert asked_for(page, redirector, url) == [], spelling
        assert asked_for(page, redirector, f"http://{redirector.host}/from/") == [], spelling
