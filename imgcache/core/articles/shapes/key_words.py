"""Words of keys: what a key's name says of the value behind it (`ogImage`, `author_url`)."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IMAGES = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "pic", "pics", "photo", "photos",
    "cover", "covers", "thumbnail", "thumbnails", "thumb", "thumbs", "teaser", "hero",
    "banner", "avatar", "avatars", "logo", "logos", "icon", "icons", "favicon", "poster",
    "screenshot", "screenshots", "gallery", "background", "bg", "backdrop", "figure",
    "portrait", "headshot", "illustration", "splash",
})  # fmt: skip
# What one word is made of where a key is written without a mark between them: `coverimage`.
_RUN_TOGETHER = re.compile(r".+(?:images?|img|photos?|picture|thumbnail|avatar|banner)")
_ROLE_AT_END = re.compile(r"(.+?)(?:url|uri|src|path|file)")
# They say how an image is named. Those that are links as often stand for it only by themselves.
_ROLES = frozenset({"url", "uri", "src", "path", "file"})
_LOOSE_ROLES = _ROLES | {"href", "source"}
_VARIANTS = frozenset({
    "original", "large", "medium", "small", "full", "desktop", "mobile", "default", "light",
    "dark", "xl", "lg", "md", "sm",
})  # fmt: skip
_OTHERS = frozenset({
    "link", "links", "permalink", "canonical", "alias", "aliases", "redirect", "slug", "alt",
    "caption", "title", "description", "summary", "excerpt", "name", "label", "credit",
    "credits", "attribution", "license", "author", "homepage", "website", "page", "tag",
    "tags", "category", "categories", "layout", "cta", "lqip", "placeholder", "blur",
    "blurhash",
})  # fmt: skip
_SIDE = frozenset({"width", "height", "w", "h"})


class Says(Enum):
    """What a key's name says: an image, how something is named, which one of several it is.

    `OTHER`: no image, whatever its value looks like. `NOTHING`: only its value can tell.
    """

    IMAGE = auto()
    ROLE = auto()
    VARIANT = auto()
    OTHER = auto()
    NOTHING = auto()


def words(key: str) -> list[str]:
    """The words of a key in small letters; digits and marks part them."""
    return [word.lower() for word in _WORD.findall(key)]


@lru_cache(maxsize=4096)
def says(key: str) -> Says:
    """What the name of a key says."""
    all_words = words(key)
    if not all_words:
        return Says.NOTHING
    if set(all_words) <= _LOOSE_ROLES:
        return Says.ROLE
    if set(all_words) <= _VARIANTS:
        return Says.VARIANT
    return _of_last(_without(_without(all_words, _ROLES), _VARIANTS))


def subject(key: str) -> tuple[str, ...]:
    """Which image a key is about: `og` for `og_image` and `ogWidth`, nothing for `image`."""
    dull = _LOOSE_ROLES | _SIDE | {"image", "img"}
    return tuple(word for word in words(key) if word not in dull)


def _without(found: list[str], dropped: frozenset[str]) -> list[str]:
    while len(found) > 1 and found[-1] in dropped:
        found = found[:-1]
    return found


def _of_last(found: list[str]) -> Says:
    last = found[-1]
    role = _ROLE_AT_END.fullmatch(last)
    for one in (last, role[1]) if role else (last,):
        if one in _IMAGES or _RUN_TOGETHER.fullmatch(one):
            return Says.IMAGE
    return Says.OTHER if _OTHERS & set(found) else Says.NOTHING
