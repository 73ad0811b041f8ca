"""The system's Chromium, the judge of what is shown; where there is none, a visible skip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from imgcache.render.html.static_site import article_name
from tests.browser.sites import Site
from tests.support import newsroom as newsrooms

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: CI runs as root. The rest keeps the browser from talking to anybody else.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def started(playwright: Playwright) -> Browser | None:
    """The system's Chromium; None where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        return None
    return playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = started(playwright)
        if browser is None:
            pytest.skip("no Chromium is installed here (Debian: apt-get install chromium)")
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of articles whose images fare in all ways, refreshed."""
    folder = tmp_path_factory.mktemp("newsroom")
    # A process of its own: Playwright's loop runs in this one.
    subprocess.run([sys.executable, "-m", "tests.support.newsroom", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def folder(newsroom: Path) -> Site:
    """What `imgcache report` wrote, opened from disk."""
    subprocess.run(
        [sys.executable, "-m", "imgcache", "report", "--quiet"], cwd=newsroom, check=False
    )
    root = (newsroom / "imgcache-report").as_uri()
    names = {
        "gallery": "index.html",
        "gone": "gone.html",
        "articles": "articles.html",
        "hosts": "hosts.html",
        "article": article_name(newsrooms.BRIDGE),
        "hostile article": article_name(newsrooms.HOSTILE),
        "broken article": article_name(newsrooms.BROKEN),
    }
    return Site("folder", f"{root}/index.html", {key: f"{root}/{n}" for key, n in names.items()})


@pytest.fixture(scope="session")
def service(newsroom: Path) -> Iterator[Site]:
    """What `imgcache serve` shows of the same articles."""
    program = [sys.executable, "-m", "imgcache", "serve", "--port", "0"]
    with subprocess.Popen(program, cwd=newsroom, stderr=subprocess.PIPE, text=True) as process:
        root = _served_at(process)
        paths = {
            "gallery": "",
            "gone": "?verdict=gone",
            "articles": "articles",
            "hosts": "hosts",
            "article": _article(newsrooms.BRIDGE),
            "hostile article": _article(newsrooms.HOSTILE),
            "broken article": _article(newsrooms.BROKEN),
        }
        yield Site("service", root, {key: root + path for key, path in paths.items()})
        process.terminate()


@pytest.fixture(scope="session")
def editing(newsroom: Path) -> Iterator[Site]:
    """The same with an editor to open articles in."""
    program = [sys.executable, "-m", "imgcache", "serve", "--port", "0"]
    setting = {"IMGCACHE_SERVE__EDIT_URL": "vscode://file/srv/site/{path}:{line}"}
    with subprocess.Popen(
        program, cwd=newsroom, stderr=subprocess.PIPE, text=True, env={**os.environ, **setting}
    ) as process:
        yield Site("service", _served_at(process), {})
        process.terminate()


def _served_at(process: subprocess.Popen[str]) -> str:
    """The address, when the service says that it is ready."""
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        found = re.search(r"http://\S+", line)
        address = found[0] if found else address
        if "ready" in line:
            return address
    raise AssertionError("the service ended before it was ready")


def _article(name: str) -> str:
    return f"article?path={quote(name)}"


@pytest.fixture(scope="session", params=["folder", "service"])
def site(request: pytest.FixtureRequest) -> Site:
    """The pages, once from disk and once over HTTP."""
    found: Site = request.getfixturevalue(request.param)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
