"""Folders of a site, guessed for `init`: where articles belong, and what its URLs' paths begin at.

Both are kept general: an article of tomorrow is in the same folder, or beside it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from imgcache.config import Settings
from imgcache.core.http.location import SitePath, locate
from imgcache.engine.run.articles import chosen

_MOST_FOLDERS = 8
_MOST_PATHS = 2000
_ROOTS = ("static", "public", "assets", "source", "src", ".")
# Folders that hold articles of all kinds, and whatever else there is above them.
_OF_ARTICLES = frozenset(
    {"articles", "blog", "content", "contents", "docs", "news", "pages", "posts", "writing"}
)
# What `imgcache demo` leaves where it was tried.
DEMO = "imgcache-demo"
_NOT_THE_SITES = frozenset({"node_modules", "vendor", "bower_components"})
# Folders whose TOML and JSON say what is shown. Elsewhere such files configure tools.
_OF_DATA = frozenset({"_data", "data", *_OF_ARTICLES})
_OF_TOOLS = frozenset(
    {"composer.json", "manifest.json", "package.json", "package-lock.json", "tsconfig.json"}
    | {"config.toml", "hugo.toml", "pyproject.toml", "theme.toml"}
)


def usual(root: Path) -> list[Path]:
    """The folders that are searched where nothing is configured; the site itself is one, too."""
    return chosen([], Settings(folder=root))


def of_articles(root: Path, files: Sequence[Path], with_images: Sequence[Path]) -> tuple[str, ...]:
    """The fewest folders in which articles belong; none where the usual ones hold all images.

    Args:
        root: the folder of the configuration.
        files: all articles.
        with_images: those of them in which an image was seen.
    """
    first = [one for one in usual(root) if one != root]
    if not with_images or (first and all(_is_in(file, first) for file in with_images)):
        return ()
    everything = (".",) if first else ()
    inside = [file.relative_to(root) for file in files]
    folders = {_general(file) for file in inside if not _NOT_THE_SITES & set(file.parts)}
    # Jekyll's collections lie side by side: `_posts`, and tomorrow `_events`.
    at_the_top = any(one == "." or one.startswith("_") for one in folders)
    if at_the_top or not folders or len(folders) > _MOST_FOLDERS:
        return everything
    return tuple(sorted(folders))


def is_of_the_site(root: Path, file: Path) -> bool:
    """Whether a file belongs to the site, not to a demo that was tried in it."""
    return DEMO not in file.relative_to(root).parts


def is_meant(root: Path, folders: Sequence[str], file: Path) -> bool:
    """Whether a file is searched with these folders configured."""
    return _is_in(file, [root / one for one in folders] if folders else usual(root))


def may_be_data(root: Path, file: Path) -> bool:
    """Whether a file of TOML or JSON may hold what the site shows, by its name and folder."""
    folders = set(file.relative_to(root).parts[:-1])
    return bool(_OF_DATA & folders) and not (_NOT_THE_SITES & folders or file.name in _OF_TOOLS)


def with_data(root: Path, folders: Sequence[str], files: Iterable[Path]) -> tuple[str, ...]:
    """The same folders, and patterns for these files of TOML and JSON, which are read only so."""
    inside = {one.relative_to(root) for one in files}
    patterns = {f"{one.parent.as_posix()}/*{one.suffix}" for one in inside}
    if len(patterns) > _MOST_FOLDERS:
        patterns = {f"{one.parts[0]}/**/*{one.suffix}" for one in inside}
    if not patterns:
        return tuple(folders)
    kept = folders or [one.relative_to(root).as_posix() for one in usual(root)]
    return (*kept, *sorted(patterns))


def _general(file: Path) -> str:
    parts = file.parts[:-1]
    if not parts:
        return "."
    named = (number for number, part in enumerate(parts) if part.lower() in _OF_ARTICLES)
    return "/".join(parts[: next(named, 0) + 1])


def _is_in(file: Path, folders: Iterable[Path]) -> bool:
    return any(file.is_relative_to(folder) for folder in folders)


def of_urls(root: Path, images: Iterable[tuple[Path, str]]) -> str | None:
    """The folder under which most of the images that are named by a path are found.

    Args:
        root: the folder of the configuration.
        images: the article and the URL of each.
    """
    paths = list(dict.fromkeys(_site_paths(images)))[:_MOST_PATHS]
    if not paths:
        return None
    there = Counter(
        name for name in _candidates(root) for path in paths if _is_file(root / name, path)
    )
    return there.most_common(1)[0][0] if there else None


def _site_paths(images: Iterable[tuple[Path, str]]) -> Iterator[str]:
    """Those that are no place beside their article."""
    for article, url in images:
        place = locate(url)
        if not isinstance(place, SitePath) or "\0" in place.path:
            continue
        if place.path.startswith("/") or not _is_file(article.parent, place.path):
            yield place.path


def _is_file(folder: Path, path: str) -> bool:
    inside = path.lstrip("/")
    if ".." in PurePosixPath(inside).parts:
        return False
    try:
        return (folder / inside).is_file() or (folder / unquote(inside)).is_file()
    except OSError:  # a name that is too long
        return False


def _candidates(root: Path) -> Iterator[str]:
    yield from _ROOTS
    with os.scandir(root) as entries:
        tops = sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            and not entry.name.startswith(".")
            and entry.name not in {*_ROOTS, *_NOT_THE_SITES}
        )
    for top in tops:
        yield top
        yield from (f"{top}/{name}" for name in _ROOTS[:-1])
