"""Addresses of images: which texts of a front matter are taken for one, by suffix or by key.

A guess for people: it proposes places and counts what is not read. A run never asks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from imgcache.core.articles.shapes.key_words import Says, says

_NAMES = r"jpe?g|jfif|png|apng|gif|webp|avif|bmp|ico|svg|jxl|heic|tiff?"
_SUFFIX = rf"\.(?:{_NAMES})(?:[?#]\S*)?"
_SUFFIXED = re.compile(rf"[^\s?#]+{_SUFFIX}", re.IGNORECASE)
# Names of files have blanks at times; sentences end with such a name, too.
_WITH_BLANKS = re.compile(rf"[^\n?#]+{_SUFFIX}", re.IGNORECASE)
# A host alone is a home page.
_WEB = re.compile(r"(?:https?:)?//[^\s/?#]+(?:/[^\s?#]+|/?\?)\S*", re.IGNORECASE)
_OTHER_FILE = re.compile(
    r"[^?#]+\.(?:html?|pdf|mp[34]|m4[av]|webm|mov|ogg|zip|xml|json|css|js|md)(?:[?#].*)?",
    re.IGNORECASE,
)
_DATA = re.compile(r"data:image/", re.IGNORECASE)
_TEMPLATES = ("{{", "{%", "<%", "${")
_LONGEST = 4096
# At the top level these are of the article itself.
_OF_THE_ARTICLE = frozenset({"url", "uri", "href", "path"})


class Looks(Enum):
    """How a text looks like the address of an image."""

    SURE = auto()
    # A link would look the same; beside an image that is named as one it is the page behind that.
    PERHAPS = auto()


def looks(keys: Sequence[str], text: str) -> Looks | None:
    """How a text under these keys (from the top down) looks like an image; None: it does not."""
    own = says(keys[-1]) if keys else Says.NOTHING
    text = text.strip()
    if own is Says.OTHER or any(mark in text for mark in _TEMPLATES):
        return None
    if _DATA.match(text):
        return Looks.SURE
    if len(text) > _LONGEST or (len(keys) == 1 and keys[0].lower() in _OF_THE_ARTICLE):
        return None
    names_a_file = _WITH_BLANKS if own is Says.IMAGE else _SUFFIXED
    if names_a_file.fullmatch(text):
        is_sure = own is not Says.ROLE or _stands_in_an_image(keys)
        return Looks.SURE if is_sure else Looks.PERHAPS
    return _by_keys(keys, own, text)


def _by_keys(keys: Sequence[str], own: Says, text: str) -> Looks | None:
    if not _WEB.fullmatch(text) or _OTHER_FILE.fullmatch(text):
        return None
    if own is Says.IMAGE:
        return Looks.SURE
    return Looks.PERHAPS if _stands_in_an_image(keys) else None


def _stands_in_an_image(keys: Sequence[str]) -> bool:
    """`image.url`, `cover.original.src`: the next key that says something says an image."""
    for key in reversed(keys):
        said = says(key)
        if said not in {Says.ROLE, Says.VARIANT}:
            return said is Says.IMAGE
    return False
