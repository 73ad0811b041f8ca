"""Jinja2 renderer of the views. Jinja2 is optional: import this only where it is installed.

Whatever a template prints is escaped twice: for HTML (autoescape), and so that no character
misleads the reader (control characters, overrides of the writing direction). Neither can be
forgotten in a template, because the environment does both.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from imgcache.render.html.views import WORDS, ArticlesView, ArticleView, GalleryView
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


def _shown(value: Any) -> Any:
    """What a template prints: text of strangers made harmless, markup of our own as it is."""
    if isinstance(value, Markup):
        return value
    return printable(value) if isinstance(value, str) else value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("imgcache.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"amount": amount, "count": count}
    environment.globals |= {"policy": FOLDER_POLICY, "words": WORDS}
    return environment


_PAGES = _environment()
# Compiled now: the first reader should not wait for it.
_GALLERY, _ARTICLES, _ARTICLE = (
    _PAGES.get_template(f"{name}.html") for name in ("gallery", "articles", "article")
)


def gallery(view: GalleryView) -> str:
    """A page of the gallery."""
    return _GALLERY.render(view=view)


def articles(view: ArticlesView) -> str:
    """A page of the list of articles."""
    return _ARTICLES.render(view=view)


def article(view: ArticleView) -> str:
    """The page of one article."""
    return _ARTICLE.render(view=view)


def asset(name: str) -> bytes:
    """The bytes of the stylesheet or the script; KeyError for any other name."""
    if name not in ASSETS:
        raise KeyError(name)
    return (files("imgcache.render.html") / "static" / name).read_bytes()
