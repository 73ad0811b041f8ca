"""Demo (`imgcache demo`): the whole program on one real article, with no network and no root.

A loopback origin speaks TLS for the sample's four hosts (`--resolve` and `--ca-file` at work) and
serves generated pictures: two as declared, one of another shape, one missing.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from rich.console import Console as RichConsole
from rich.table import Table

from imgcache.cli.console import Console
from imgcache.config import LimitSettings, Settings, working_folder
from imgcache.core.articles.entries import read as read_entries
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.articles.places.machine import places_of
from imgcache.edge import demo_pictures
from imgcache.edge.os_errors import REMEDIES
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.pipeline import refresh
from imgcache.engine.run.report import Report
from imgcache.engine.site_folders import DEMO
from imgcache.errors import ConfigError, LocalError
from imgcache.model import Size, Verdict

FOLDER = DEMO
_MARK = ".imgcache-demo"
_WRONG, _MISSING = 2, 3
_PLANNED = [
    (Verdict.OK, True),
    (Verdict.OK, True),
    (Verdict.DIMENSIONS_MISMATCH, False),
    (Verdict.GONE, False),
]
_REQUEST_END = b"\r\n\r\n"


class Shown(Struct, frozen=True):
    """What came out: text for stdout, and whether it is what was planned."""

    text: str
    as_planned: bool


async def run(
    listener: Console, config: Path | None, cache_dir: str | None, *, colour: bool
) -> Shown:
    """Make the folder, serve, refresh, and show.

    Raises ConfigError for a foreign folder, LocalError where it can't be made.
    """
    working_folder()  # a gone one is told as such
    with _write_errors():
        folder = _fresh_folder(Path(FOLDER))
    article = folder / "articles" / "article.md"
    sample = article.read_bytes()
    with as_file(files("imgcache.cli") / "demo.pem") as pem:
        async with _origin(_pictures(sample), pem) as port:
            fetch = {"resolve": [f"*:443:127.0.0.1:{port}"], "ca_file": pem}
            flags = {"cache": {"dir": cache_dir or folder / "cache"}, "fetch": fetch}
            settings = Settings.load(config or folder / "imgcache.toml", flags)
            options = RefreshOptions(diff=True)
            report = await refresh([article], settings, options, listener)
    return _show(report, folder, article, colour=colour)


@contextmanager
def _write_errors() -> Iterator[None]:
    """Translate OSError into LocalError: the folder has a fixed name, only its place is free."""
    try:
        yield
    except OSError as exc:
        remedy = REMEDIES.get(exc.errno or 0, "go to a folder that this user may write")
        raise LocalError(f"{FOLDER}/: can't be written: {exc.strerror}; {remedy}") from exc


def _fresh_folder(folder: Path) -> Path:
    """An empty demo folder; an older demo's is replaced, anything else is never touched."""
    if folder.is_symlink() or (folder.exists() and not (folder / _MARK).is_file()):
        raise ConfigError(f"{folder}/ is not a demo's folder; move it away, or go elsewhere")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    # First of all: by it the next demo knows the folder again, if this one gets no further.
    (folder / _MARK).write_text("Made by `imgcache demo`, which also replaces it.\n")
    (folder / "articles").mkdir()
    # A refresh that makes its cache folder says what to do about it in git.
    (folder / "cache").mkdir()
    (folder / "imgcache.toml").write_text('articles = ["articles"]\n')
    sample = files("imgcache.cli") / "sample.md"
    (folder / "articles" / "article.md").write_bytes(sample.read_bytes())
    return folder


def _pictures(sample: bytes) -> dict[tuple[str, str], bytes]:
    """By host and request target: a picture for each entry but the missing one."""
    article = read_entries(sample, whole=False, places=places_of(None), limits=LimitSettings())
    if isinstance(article, NotAnArticle):
        raise ConfigError("the sample article that came with imgcache is damaged; install it again")
    pictures = {}
    for number, entry in enumerate(article.entries):
        size = entry.declared.size or Size(1, 1)
        if number == _WRONG:
            size = Size(size.width, size.height * 3 // 4)
        if number != _MISSING and entry.url is not None:
            url = urlsplit(entry.url)
            pictures[url.netloc, url.path] = demo_pictures.landscape(size, f"{url.netloc}  {size}")
    return pictures


@asynccontextmanager
async def _origin(pictures: Mapping[tuple[str, str], bytes], pem: Path) -> AsyncIterator[int]:
    """Serve on a free loopback port; yields its number."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = (await reader.readuntil(_REQUEST_END)).decode("latin-1")
                writer.write(_answer(request, pictures))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has closed the connection
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _answer(request: str, pictures: Mapping[tuple[str, str], bytes]) -> bytes:
    line, *headers = request.split("\r\n")
    target = line.split(" ")[1]
    hosts = [one.partition(":")[2].strip() for one in headers if one.lower().startswith("host:")]
    body = pictures.get((hosts[0] if hosts else "", target))
    if body is None:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _show(report: Report, folder: Path, article: Path, *, colour: bool) -> Shown:
    entries = list(report.entries())
    planned = [(one.verdict, one.cached) for one in entries] == _PLANNED
    table = Table(title=f"{article}: {len(entries)} images", title_justify="left")
    for heading in ("line", "image", "declared", "actual", "verdict", "isCached"):
        table.add_column(heading)
    for one in entries:
        table.add_row(
            str(one.line),
            urlsplit(one.url).netloc,
            str(one.declared.size or "-"),
            str(one.actual or "-"),
            str(one.verdict),
            str(one.cached).lower(),
        )
    console = RichConsole(force_terminal=colour, no_color=not colour, width=110, highlight=False)
    with console.capture() as capture:
        console.print(table)
        console.print("What changed in the article:\n", markup=False)
        for shown in report.diffs():
            console.print(shown.diff, markup=False, soft_wrap=True)
        console.print(_where_to_look(folder, planned), markup=False, soft_wrap=True)
    report.close()
    return Shown(capture.get(), planned)


def _where_to_look(folder: Path, planned: bool) -> str:  # noqa: FBT001  one sentence depends on it
    ending = "All came out as planned." if planned else "This is NOT what was planned: see above."
    program = _program(folder)
    return (
        f"Where to look:\n"
        f"  {folder}/articles/article.md   the article; two flags were changed, no other byte\n"
        f"  {folder}/cache/images/         the original bytes, named by their SHA-256\n"
        f"  {folder}/cache/thumbs/small/   the thumbnails\n"
        f"  {folder}/cache/manifest.json   for site generators: URL to file, size and colour\n"
        f"\nAnd as pages, what is broken first:\n"
        f"  cd {folder} && {program} serve    then open http://127.0.0.1:8460/\n"
        f"  cd {folder} && {program} report   then open imgcache-report/index.html\n"
        f"\nDelete {folder}/ when you have seen it.\n"
        f"\n{ending}"
    )


def _program(folder: Path) -> str:
    """How imgcache is started from there: by its name only where the shell would find it."""
    here = Path(sys.executable).with_name("imgcache")
    found = shutil.which("imgcache")
    if found is not None and Path(found).resolve() == here.resolve():
        return "imgcache"
    return shlex.quote(os.path.relpath(here, folder))
