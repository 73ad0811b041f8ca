"""Targets of a run: the URLs that articles name, each once, with what is declared of them.

Everything that is known of a URL lies in the index, and is looked up again when the articles are
judged. A refresh has targets only for as long as a URL's job lasts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field

from imgcache.core.http.location import DataUrl, Location, SitePath, place_key
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts.verdict import Evidence, Served
from imgcache.model import Entry, Failure, Size, Source
from imgcache.userinfo import masked


class Target(Struct, eq=False, gc=False):
    """One URL of a run. The last fields are what this run found out and the index does not hold.

    `written`: how articles spell it; empty where they all write it as it is asked for. `declared`:
    the sizes of its entries, for `verify` alone. `held`: the cache has a sound copy. `failed`: the
    last try, whenever it was, went wrong. `failure`: how this run failed without the URL's fault.
    `evidence`: what `verify` found, which keeps nothing in the index. `id`: the URL's in the
    catalog.
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
    id: int = 0

    @property
    def spellings(self) -> tuple[str, ...]:
        """How articles write it."""
        return self.written or (self.url.href,)

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


class InPlaceImage(Struct):
    """An image that needs no fetch: a `data:` URL or a file of the site.

    `paths`: the PATHs of the run, which a relative path does not leave.
    """

    location: DataUrl | SitePath
    paths: tuple[Path, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


class Targets(Struct):
    """URLs of a run: on the web by their normalised form, the others by a key."""

    web: dict[str, Target] = field(default_factory=dict)
    in_place: dict[bytes, InPlaceImage] = field(default_factory=dict)
    unusable: set[bytes] = field(default_factory=set)
    paths: tuple[Path, ...] = ()

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

    def add(self, entry: Entry, location: Location) -> None:
        """Note one entry's URL."""
        if isinstance(location, WebUrl):
            target = self.web.get(location.href)
            if target is None:
                target = self.web[location.href] = Target(location)
            target.add(entry)
        elif isinstance(location, Failure):
            self.unusable.add(_hash(masked(entry.url_text).encode("utf-8", "surrogatepass")))
        else:
            self.in_place.setdefault(place_key(location), InPlaceImage(location, self.paths))


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
