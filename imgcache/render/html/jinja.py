"""Jinja2 renderer of the views. Jinja2 is optional: import this only where it is installed.

Whatever a template prints is escaped twice: for HTML (autoescape), and so that no character
misleads the reader (control characters, overrides of the writing direction). Neither can be
forgotten in a template, because the environment does both.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from imgcache.render.html.compiler import PlainCode
from imgcache.render.html.links import Look
from imgcache.render.html.page_views import (
    ArticlesView,
    ArticleView,
    ErrorView,
    GalleryView,
    HostsView,
    Inline,
)
from imgcache.render.html.views import WORDS, Card, DrawnCard, Tone
from imgcache.render.html.words import plain
from imgcache.render.phrases import amount, count, printable

_POLICY = (
    "default-src 'none'; img-src {own}; style-src {own}; script-src {own}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)
# A page loads from its own origin only, and runs nothing inline. From disk that
# origin is `file:`, which 'self' does not cover in every browser.
POLICY = _POLICY.format(own="'self'")

FOLDER_POLICY = _POLICY.format(own="'self' file:")
ASSETS = {
    "gallery.css": "text/css; charset=utf-8",
    "gallery.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
# Where the number of a card belongs. No text of strangers has it: it would be escaped.
_FLAG, _WHOLE = re.compile(r"(--[a-z][a-z-]*)"), Markup('<span class="whole">{}</span>')
_NUMBER = Markup("\0")


def policy(pictures: str | None) -> str:
    """The policy of a page whose pictures may also come from there (`https://host`)."""
    return POLICY.replace("img-src 'self'", f"img-src 'self' {pictures or ''}".rstrip())


def _shown(value: Any) -> str:
    """What a template prints: text of strangers made harmless, markup of our own as it is."""
    kind = type(value)
    if kind is int:  # digits are the same escaped
        return str(value)
    if kind is Markup:
        return cast("Markup", value)
    return _escaped(value) if isinstance(value, str) else escape(value)


# The same few words are on every card, and an article's path on all cards of it.
@lru_cache(maxsize=1024)
def _escaped(text: str) -> Markup:
    return escape(printable(text))


def _unbroken(text: str) -> Markup:
    """Text in which no flag of a command is broken after its hyphens."""
    if "--" not in text:
        return _escaped(text)
    parts = _FLAG.split(printable(text))
    # Each second part is what was split by.
    shown = (escape(one) if at % 2 == 0 else _WHOLE.format(one) for at, one in enumerate(parts))
    return Markup("").join(shown)


def _numbered(card: str, number: int) -> Markup:
    return Markup(card.replace(_NUMBER, str(number)))  # noqa: S704  drawn by our own template


class _Environment(Environment):
    code_generator_class = PlainCode


def _environment() -> Environment:
    environment = _Environment(
        loader=PackageLoader("imgcache.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "amount": amount,
        "count": count,
        "numbered": _numbered,
        "unbroken": _unbroken,
        "plain": plain,
    }
    environment.globals |= {"policy": FOLDER_POLICY, "words_of": WORDS}
    return environment


_PAGES = _environment()
_MARKS: Any = _PAGES.get_template("marks.html").module
_PAGES.globals |= {"icon": cache(_MARKS.icon), "badge": cache(_MARKS.badge)}
_PARTS: Any = _PAGES.get_template("parts.html").module
# Compiled now: the first reader should not wait for it.
_GALLERY, _ARTICLES, _ARTICLE, _HOSTS, _ERROR = (
    _PAGES.get_template(f"{name}.html")
    for name in ("gallery", "articles", "article", "hosts", "error")
)


def drawn(card: Card, look: Look = Look.LIST) -> DrawnCard:
    """An image of the gallery: a row, or a card, which is a tile where all is well."""
    if look is Look.LIST:
        return DrawnCard(card.tone, str(_PARTS.row(card, _NUMBER)))
    macro = _PARTS.tile if card.tone is Tone.OK else _PARTS.finding
    return DrawnCard(card.tone, str(macro(card, _NUMBER)))


def gallery(view: GalleryView) -> str:
    """A page of the gallery."""
    return _GALLERY.render(view=view)


def articles(view: ArticlesView) -> str:
    """A page of the list of articles."""
    return _ARTICLES.render(view=view)


def article(view: ArticleView) -> str:
    """The page of one article."""
    return _ARTICLE.render(view=view)


def hosts(view: HostsView) -> str:
    """A page of the list of hosts."""
    return _HOSTS.render(view=view)


def error(view: ErrorView) -> str:
    """A page that says what went wrong."""
    return _ERROR.render(view=view)


def asset(name: str) -> bytes:
    """The bytes of the stylesheet or the script; KeyError for any other name."""
    if name not in ASSETS:
        raise KeyError(name)
    return (files("imgcache.render.html") / "static" / name).read_bytes()


@cache
def inline() -> Inline:
    """Stylesheet and script as parts of a page, each allowed by its hash."""
    style, script = asset("gallery.css"), asset("gallery.js")
    own = (base64.b64encode(hashlib.sha256(one).digest()).decode() for one in (style, script))
    of_style, of_script = (f"'sha256-{one}'" for one in own)
    policy = (
        f"default-src 'none'; img-src data:; style-src {of_style}; script-src {of_script}; "
        "form-action 'none'; base-uri 'none'"
    )
    # Files of our own.
    return Inline(Markup(style.decode()), Markup(script.decode()), policy)  # noqa: S704


@cache
def version(name: str) -> str:
    """A hash of an asset's bytes; empty where there is none."""
    return hashlib.sha256(asset(name)).hexdigest()[:12] if name in ASSETS else ""


def versioned(name: str) -> str:
    """The URL of an asset in the service, from the root of its pages."""
    return f"assets/{version(name)}/{name}"
