"""Survey of a repository for `init`: where images are seen in it, and the settings that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from yaml import MappingNode, ScalarNode

from imgcache.config import LimitSettings
from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles.entries import read_document
from imgcache.core.articles.fences import Language
from imgcache.core.articles.merge_keys import ResolvedMappings
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.shapes import fitting
from imgcache.core.articles.skipped import is_skipped
from imgcache.edge.articles.files import Found, discover
from imgcache.engine import site_folders
from imgcache.engine.run.sightings import Sighted, Tally, sighted, tally

# More files tell nothing new of how a site names its images.
_MOST_FILES = 5000
_SKIPPED = {"draft": True, "published": False}
_BOOLEANS = frozenset({"true", "false"})


class Fit(Struct, frozen=True):
    """The settings that fit, as far as they are not the defaults.

    `articles`: folders. `skip`: keys of drafts, and their values.
    """

    articles: tuple[str, ...] = ()
    images: tuple[ImagePlace, ...] | None = None
    bodies: bool = False
    skip: tuple[tuple[str, bool], ...] = ()
    site_root: str | None = None


class Coverage(Struct, frozen=True):
    """How much of what was seen is read with the settings: images, and the articles they are in.

    `in_drafts` are not read: they stand in what `skip` names.
    """

    checked: int = 0
    articles: int = 0
    in_drafts: int = 0


class Outlook(Struct, frozen=True):
    """What was seen in the articles, the settings that fit, and how much they let be read.

    `is_whole`: there are no more files than were looked at.
    """

    fit: Fit
    tally: Tally
    coverage: Coverage
    is_whole: bool = True


def survey(folder: Path) -> Outlook:
    """Look at the articles below a folder. Raises ConfigError where it can't be read."""
    found = _files(folder)
    everything = list(sighted(found[:_MOST_FILES], LimitSettings()))
    folders = _folders(folder, everything)
    meant = [one for one in everything if _is_meant(one, folder, folders)]
    # A file of data is an article only where images are seen in it.
    data = [one.file.path for one in meant if one.images and _is_named(one, folder, folders)]
    seen = tally(meant)
    fit = Fit(
        site_folders.with_data(folder, folders, data),
        _images(seen),
        bool(seen.in_bodies),
        tuple(_skipped(meant)),
        site_folders.of_urls(folder, _urls(meant)),
    )
    coverage = _coverage(meant, fit)
    if coverage.in_drafts and not coverage.checked:
        # A site that has nothing but drafts yet: a check of nothing helps nobody.
        fit = replace(fit, skip=())
        coverage = _coverage(meant, fit)
    return Outlook(fit, seen, coverage, len(found) <= _MOST_FILES)


def _files(folder: Path) -> list[Found]:
    """Those that are read wherever they lie, then those of TOML and JSON, which must be named.

    The usual folders are searched even where git ignores them, as a run does.
    """
    searched = list(dict.fromkeys((folder, *site_folders.usual(folder))))
    there = discover(searched, cache_dir=folder / "cache")
    found = [one for one in there if site_folders.is_of_the_site(folder, one.path)]
    named = [folder / "**" / f"*{suffix}" for suffix in (".toml", ".json")]
    data = discover(named, cache_dir=folder / "cache", listed=named)
    may_be = site_folders.may_be_data
    return [*found, *(one for one in data if _is_named_only(one) and may_be(folder, one.path))]


def _is_meant(one: Sighted, root: Path, folders: Sequence[str]) -> bool:
    """Whether a file is searched with these folders, or is data of the site beside them."""
    path = one.file.path
    if site_folders.is_meant(root, folders, path):
        return True
    return one.file.whole and bool(one.images) and site_folders.is_data(root, path)


def _is_named(one: Sighted, root: Path, folders: Sequence[str]) -> bool:
    """Whether a file has to be named: by its language, or because it lies beside the folders."""
    return _is_named_only(one.file) or not site_folders.is_meant(root, folders, one.file.path)


def _is_named_only(file: Found) -> bool:
    """Whether a file is read only where the settings name it."""
    return file.whole and file.language is not Language.YAML


def _folders(root: Path, everything: Sequence[Sighted]) -> tuple[str, ...]:
    """Those of articles with a front matter; of files of data only where there are no others."""
    texts = [one for one in everything if not one.file.whole]
    if not any(one.images for one in texts):
        texts = [one for one in everything if one.images]
    images = [one.file.path for one in texts if one.images]
    return site_folders.of_articles(root, [one.file.path for one in texts], images)


def _images(seen: Tally) -> tuple[ImagePlace, ...] | None:
    places = fitting.places(seen.sights, seen.others)
    return None if places in {(), (USUAL,)} else places


def _skipped(articles: Sequence[Sighted]) -> Iterator[tuple[str, bool]]:
    """The keys of drafts that the site has, whatever they say in the articles of today."""
    keys = {key for one in articles if not one.file.whole for key in _boolean_keys(one)}
    return ((key, value) for key, value in _SKIPPED.items() if key in keys)


def _boolean_keys(article: Sighted) -> Iterator[str]:
    root = article.document.root
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if not (isinstance(key, ScalarNode) and isinstance(value, ScalarNode)):
            continue
        if key.value in _SKIPPED and not value.style and value.value.lower() in _BOOLEANS:
            yield key.value


def _urls(articles: Sequence[Sighted]) -> Iterator[tuple[Path, str]]:
    for one in articles:
        yield from ((one.file.path, text) for text in one.texts)
        yield from ((one.file.path, image.url) for image in one.body.images)


def _coverage(articles: Sequence[Sighted], fit: Fit) -> Coverage:
    places, limits, skip = places_of(fit.images), LimitSettings(), _named(fit.skip)
    checked = with_some = in_drafts = 0
    for one in articles:
        document = one.document
        if is_skipped(document.root, ResolvedMappings(document), skip):
            in_drafts += one.images
            continue
        read = Counter(entry.url for entry in read_document(document, places, limits).entries)
        here = (read & Counter(one.texts)).total() + len(one.body.images)
        checked += here
        with_some += bool(here)
    return Coverage(checked, with_some, in_drafts)


def _named(skip: Sequence[tuple[str, bool]]) -> dict[str, tuple[bool, ...]]:
    return {key: (value,) for key, value in skip}
