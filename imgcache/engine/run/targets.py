"""Targets of a run: the URLs that articles name, each once, with what is declared of them.

Kept small per URL, because everything that is known of a URL lies in the index and is looked up
again when the articles are judged.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.http.location import DataUrl, Location, SitePath
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts.verdict import Evidence, Served
from imgcache.edge.articles.files import Found
from imgcache.engine.run.articles import FirstPass, LoadedArticle, is_excluded, load
from imgcache.engine.run.listener import Listener
from imgcache.errors import ArticleError, UnreadableError
from imgcache.model import Entry, Failure, Size, Source

NO_ARTICLE = "no article was found: name a file or folder, or set `articles`"
_PAUSE = 100
_PASSED_OVER = {
    NotAnArticle.FOREIGN: "with front matter that is not YAML",
    NotAnArticle.UNCLOSED: "with an opening --- line but no closing one",
}


@dataclass(slots=True, eq=False)
class Target:
    """One URL of a run. The last fields are what this run found out and the index does not hold.

    `held`: the cache has a sound copy. `failed`: the last try, whenever it was, went wrong.
    `failure`: how this run failed without the URL's fault. `evidence`: what `verify` found, which
    keeps nothing in the index.
    """

    url: WebUrl
    written: tuple[str, ...] = ()
    declared: tuple[Size | None, ...] = ()
    source: Source | None = None
    failure: Failure | None = None
    held: bool = False
    failed: bool = False
    placeholder: bool = False
    evidence: Evidence | None = None

    def add(self, entry: Entry) -> None:
        """One more entry names this URL."""
        if entry.url is not None and entry.url not in self.written:
            self.written = (*self.written, entry.url)
        if entry.declared.size not in self.declared:
            self.declared = (*self.declared, entry.declared.size)

    def served(self, sha256: str, size: Size) -> Served:
        """This sound image as the answer of the URL."""
        path = urlsplit(self.url.href).path
        return Served(self.url.href, self.url.host, path, sha256, size, self.declared)


@dataclass(slots=True)
class InPlaceImage:
    """An image that needs no fetch: a `data:` URL or a file below `site_root`."""

    location: DataUrl | SitePath
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(slots=True)
class Targets:
    """All URLs of a run: on the web by their normalised form, the others by a key.

    `local_fault`: an article could not be read now, and may be read well by the last pass.
    """

    web: dict[str, Target] = field(default_factory=dict)
    in_place: dict[bytes, InPlaceImage] = field(default_factory=dict)
    unusable: set[bytes] = field(default_factory=set)
    first_pass: FirstPass = field(default_factory=FirstPass)
    articles: int = 0
    local_fault: bool = False
    passed_over: dict[NotAnArticle, list[str]] = field(default_factory=dict)

    @property
    def urls(self) -> int:
        """How many different URLs the articles name."""
        return len(self.web) + len(self.in_place) + len(self.unusable)

    def counts(self) -> Counter[str]:
        """How many URLs ended with each source, and how many `failed`."""
        counts = Counter(str(target.source) for target in self.web.values() if target.source)
        counts["failed"] = (
            sum(target.failed for target in self.web.values())
            + sum(place.evidence.failure is not None for place in self.in_place.values())
            + len(self.unusable)
        )
        return counts

    def add(self, entry: Entry, location: Location, settings: Settings) -> None:
        """Note one entry's URL, unless it is excluded."""
        if is_excluded(entry, location, settings):
            return
        if isinstance(location, WebUrl):
            target = self.web.get(location.href)
            if target is None:
                target = self.web[location.href] = Target(location)
            target.add(entry)
        elif isinstance(location, Failure):
            self.unusable.add(_hash(entry.url_text.encode("utf-8", "surrogatepass")))
        else:
            self.in_place.setdefault(place_key(location), InPlaceImage(location))


def place_key(location: DataUrl | SitePath) -> bytes:
    """What identifies an image that needs no fetch; a `data:` URL may be megabytes long."""
    if isinstance(location, SitePath):
        return location.path.encode("utf-8", "surrogatepass")
    return _hash(location.media_type.encode("utf-8", "surrogatepass") + b"\0" + location.data)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


async def collect(found: Sequence[Found], settings: Settings, listener: Listener) -> Targets:
    """Read all articles once; broken ones are skipped here, the last pass reports them.

    Lets other tasks run now and then, so that Ctrl-C works.
    """
    targets = Targets()
    for number, file in enumerate(found):
        _collect_one(file, settings, targets)
        if number % _PAUSE == 0:
            await asyncio.sleep(0)
    for reason, text in _PASSED_OVER.items():
        if reason in targets.passed_over:
            listener.passed_over(text, targets.passed_over[reason])
    return targets


def _collect_one(file: Found, settings: Settings, targets: Targets) -> None:
    read: LoadedArticle | NotAnArticle | ArticleError
    try:
        read = load(file, settings)
    except ArticleError as exc:
        read = exc
        targets.local_fault |= isinstance(exc, UnreadableError)
    targets.first_pass.remember(read)
    if isinstance(read, NotAnArticle):
        if read in _PASSED_OVER:
            targets.passed_over.setdefault(read, []).append(file.shown)
        return
    targets.articles += 1
    if isinstance(read, LoadedArticle):
        for entry, location in zip(read.entries, read.locations, strict=True):
            targets.add(entry, location, settings)
