"""The same pages as a folder and behind the service, and a visitor who notices what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request


@dataclass(frozen=True)
class Site:
    """Where the pages are: `pages` by what they show."""

    name: str
    home: str
    pages: dict[str, str]

    @property
    def has_form(self) -> bool:
        return self.name == "service"


@dataclass
class Visit:
    """One page of a browser, and the troubles that a visitor would not see."""

    page: Page
    own: tuple[str, str]
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        note = self.troubles.append
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda one: note(f"error: {one}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._requested)
        self.page.on("requestfailed", self._failed)

    def shift(self) -> float:
        """How much of the page has jumped so far (web.dev, Cumulative Layout Shift)."""
        shift: float = self.page.evaluate(_SHIFT)
        return shift

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "log":
            self.troubles.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request: Request) -> None:
        # Whoever goes on before all is there aborts the rest.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.failure}: {request.url}")

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if (parts.scheme, parts.netloc) != self.own:
            self.troubles.append(f"asks a stranger: {request.url}")


_SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""


@contextmanager
def visiting(chromium: Browser, site: Site, **context: Any) -> Iterator[Visit]:
    """A new visitor of a site; nothing may go wrong, seen or unseen, while they are there."""
    parts = urlsplit(site.home)
    browser = chromium.new_context(**context)
    try:
        visit = Visit(browser.new_page(), (parts.scheme, parts.netloc))
        visit.watch()
        yield visit
        assert visit.troubles == []
    finally:
        browser.close()
