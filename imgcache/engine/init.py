"""Survey of a repository for `init`: where its articles lie, and how they name images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from yaml import Node

from imgcache.config import LimitSettings, Settings
from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles import field_names
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.entries import read_document
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.core.http.location import SitePath, locate
from imgcache.edge.articles.files import Found, discover
from imgcache.edge.articles.files import read as read_file
from imgcache.engine.run.articles import chosen
from imgcache.errors import ArticleError

# More files tell nothing new of how a site names its images.
_MOST_FILES = 5000
_MOST_FOLDERS = 8
_ROOTS = ("static", "public", "assets", "source", "src", ".")


class Fit(Struct, frozen=True):
    """What was found: `articles` are folders (none: the usual ones do), `files` have entries.

    `images` is the place of the entries; None: the usual one.
    """

    files: int
    entries: int
    articles: tuple[str, ...] = ()
    images: ImagePlace | None = None
    site_root: str | None = None


def fit(folder: Path) -> Fit:
    """Look at the articles below a folder. Raises ConfigError where it can't be read."""
    found = discover([folder], cache_dir=folder / "cache")[:_MOST_FILES]
    documents = dict(_documents(found))
    place = field_names.place(_roots(documents.values()))
    images = None if place in {None, USUAL} else place
    places = places_of(None if images is None else (images,))
    urls: dict[Path, list[str]] = {}
    for file, document in documents.items():
        named = _urls(document, places)
        if named:
            urls[file] = named
    return Fit(
        len(urls),
        sum(map(len, urls.values())),
        _folders(folder, list(urls)),
        images,
        _site_root(folder, [one for named in urls.values() for one in named]),
    )


def _documents(found: Sequence[Found]) -> Iterator[tuple[Path, Document]]:
    limits = LimitSettings()
    for one in found:
        try:
            parsed = parse(read_file(one), whole=one.whole, limits=limits, language=one.language)
        except ArticleError:
            continue  # a run reports it; here it gives no information
        if isinstance(parsed, Document):
            yield one.path, parsed


def _roots(documents: Iterable[Document]) -> Iterator[Node]:
    return (one.root for one in documents if one.root is not None)


def _urls(document: Document, places: Places) -> list[str]:
    found = read_document(document, places, LimitSettings())
    return [one.url for one in found.entries if one.url is not None]


def _folders(root: Path, files: Sequence[Path]) -> tuple[str, ...]:
    """The fewest folders that hold these files; none where the usual ones hold them all."""
    usual = [one for one in chosen([], Settings(folder=root)) if one != root]
    if not files or all(_is_in(file, usual) for file in files):
        return ()
    tops: dict[str, list[Path]] = {}
    for file in files:
        inside = file.relative_to(root)
        tops.setdefault(inside.parts[0] if len(inside.parts) > 1 else ".", []).append(inside)
    if "." in tops or len(tops) > _MOST_FOLDERS:
        return (".",) if usual else ()
    return tuple(
        Path(os.path.commonpath([one.parent for one in inside])).as_posix()
        for _, inside in sorted(tops.items())
    )


def _is_in(file: Path, folders: Iterable[Path]) -> bool:
    return any(file.is_relative_to(folder) for folder in folders)


def _site_root(root: Path, urls: Sequence[str]) -> str | None:
    """The folder in which most of the images that are named by a path are found."""
    located = (locate(url) for url in urls)
    paths = [one.path.lstrip("/") for one in located if isinstance(one, SitePath)]
    there = Counter(
        name
        for name in _ROOTS
        for path in paths
        if "\0" not in path and (root / name / path).is_file()
    )
    return there.most_common(1)[0][0] if there else None
