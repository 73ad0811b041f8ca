"""Nothing of an article reaches a page as anything but text."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.engine.html_report import CatalogSite
from imgcache.model import Failure, Verdict
from imgcache.render.html import jinja
from imgcache.render.html.cards import image_card
from imgcache.render.html.gallery import TROUBLES, gallery
from imgcache.render.html.links import Look, Selection
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import ArticleView, Page
from imgcache.render.html.static_site import render
from imgcache.render.phrases import printable
from imgcache.results import ArticleProblem, EntryResult, UrlState
from tests.render import sample
from tests.render.html.catalog import stock_of
from tests.render.html.test_gallery import LINKS, SERVED
from tests.support.facts import NOON
from tests.support.listed import ListedCatalog

OK, GONE = sample.finished().entries()
HOSTILE = (
    sample.HOSTILE,
    "</title></script><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\u202egpj.exe\u2066\u200b\ufeff",
    "javascript:alert(document.domain)",
)
texts = st.text(st.characters(categories=None) | st.sampled_from("<>\"'&{}%=\u202e")) | (
    st.sampled_from(HOSTILE)
)
_FREE = {"href", "src", "id", "aria-label", "aria-labelledby", "data-words"}
_FREE |= {"value", "datetime", "title", "data-copy"}
_LINK = re.compile(
    r"https://(a\.test|git\.example)/[!-~]*|#main|#filters|#i-\w+|[\w./-]+(\?[!-~]*)?(#line-\d+-\d+)?",
    re.ASCII,
)


class Structure(HTMLParser):
    """Tags with their attributes, without what may differ; the links; the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = tuple((name, None if name in _FREE else value) for name, value in attrs)
        self.tags.append((tag, kept))
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def drawn(text: str, url: str, edit_url: str | None = None) -> list[str]:
    """All pages of one finding that has a text of strangers in each of its fields."""
    entry = replace(
        GONE,
        article=text,
        url=url,
        message=f"message {text}",
        pointer=text,
        excerpt=f"{'- url: ':>11}x{text}",
    )
    stock = stock_of([entry], ArticleProblem(f"problem {text}", 3, text))
    failure = Failure(Verdict.GONE, text)
    stock.states = {"https://a.test/gone.jpg": UrlState(url, "a.test", failure=failure)}
    in_folder = render(CatalogSite(stock), (), edit_url)
    served = [served_page(stock, text, look) for look in Look]
    return [*served, *(page for name, page in in_folder if name not in {"hosts.html", "search.js"})]


def served_page(stock: ListedCatalog, text: str, look: Look) -> str:
    asked = Selection(text=f"sought {text}", host=f"host {text}", rule=f"rule {text}", look=look)
    found = stock.images(Selection().query, 0, 9, 9)
    cards = [jinja.drawn(image_card(one, SERVED, Moments(NOON)), look) for one in found]
    page = Page(asked, cards, stock.facets(Selection().query))
    return jinja.gallery(gallery(stock.overview(TROUBLES), page, SERVED, (), "./"))


@settings(deadline=None, max_examples=50)
@given(text=texts)
def test_text_of_strangers_is_text(text: str) -> None:
    plain = drawn("plain", "ftp://plain")
    for page, expected in zip(drawn(text, f"ftp://{text}"), plain, strict=True):
        shown = Structure(page)
        assert shown.tags == Structure(expected).tags
        assert printable(text) in shown.text


@pytest.mark.parametrize("url", HOSTILE)
def test_links_lead_to_our_pages_or_to_the_web(url: str) -> None:
    for web in (url, f"https://a.test/{url}"):
        for page in drawn(url, web, "https://git.example/{path}:{line}"):
            for link in Structure(page).links:
                assert _LINK.fullmatch(link)


@settings(deadline=None, max_examples=50)
@given(text=texts)
def test_no_character_steers_the_reader(text: str) -> None:
    for page in drawn(text, text):
        steering = {c for c in page if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
        assert steering <= {"\n"}


def test_a_link_to_a_stranger_tells_them_nothing() -> None:
    page = drawn("a.md", "https://a.test/gone.jpg")[0]
    assert 'href="https://a.test/gone.jpg" rel="noreferrer noopener"' in page
    assert '<meta name="referrer" content="no-referrer">' in page


def test_a_page_has_nothing_inline_and_loads_nothing_from_elsewhere() -> None:
    for page in drawn("a.md", "https://a.test/gone.jpg"):
        shown = Structure(page)
        names = {name for _, attrs in shown.tags for name, _ in attrs}
        assert not {name for name in names if name == "style" or name.startswith("on")}
        assert "style" not in {tag for tag, _ in shown.tags}
        assert shown.tags.count(("script", (("src", None), ("defer", None)))) == 1
        assert [tag for tag, _ in shown.tags].count("script") == 1
        policy = dict(next(attrs for tag, attrs in shown.tags if tag == "meta" and len(attrs) == 2))
        assert policy["content"] == jinja.FOLDER_POLICY


def test_the_policy_names_no_stranger() -> None:
    for policy in (jinja.POLICY, jinja.FOLDER_POLICY):
        sources = re.findall(r"(?:-src|-uri|-action) ([^;]+)", policy)
        assert set(sources) <= {"'none'", "'self'", "'self' file:"}
    assert "file:" not in jinja.POLICY


def test_only_known_assets_are_handed_out() -> None:
    assert b"prefers-color-scheme: dark" in jinja.asset("gallery.css")
    with pytest.raises(KeyError):
        jinja.asset("../pages.py")


def quoted_of(entry: EntryResult) -> str:
    stock = stock_of([entry])
    return next(page for name, page in render(CatalogSite(stock), ()) if "/" in name)


def test_an_article_quotes_the_offending_value() -> None:
    excerpt = '  - {alt: "a<b", url: "https://a.test/<gone>.jpg"}'
    entry = replace(GONE, excerpt=excerpt, column=excerpt.index('"https') + 1)
    assert (
        "<code>  - {alt: &#34;a&lt;b&#34;, url: "
        "<mark>&#34;https://a.test/&lt;gone&gt;.jpg&#34;</mark>}</code>"
    ) in quoted_of(entry)


def test_a_card_gets_its_number_and_no_text_does() -> None:
    stock = stock_of([replace(GONE, message="a\0b", article="c\0d")])
    (image,) = stock.images(Selection().query, 0, 9, 9)
    drawn = jinja.drawn(image_card(image, LINKS, Moments()))
    page = Page(Selection(), [drawn, drawn], stock.facets(Selection().query))
    text = jinja.gallery(gallery(stock_of([GONE]).overview(0), page, LINKS))
    assert re.findall(r'id="image-([^"]*)"', text) == ["1", "2"]
    assert "a\\x00b" in text
    assert "\0" not in text


def test_a_template_prints_only_what_its_view_has() -> None:
    with pytest.raises(AttributeError):
        jinja.article(cast("ArticleView", object()))


def test_no_flag_is_broken_after_its_hyphens() -> None:
    told = "run imgcache refresh --fix-dimensions, or <b> --no-progress"
    shown = jinja._unbroken(told)
    assert shown == (
        'run imgcache refresh <span class="whole">--fix-dimensions</span>, '
        'or &lt;b&gt; <span class="whole">--no-progress</span>'
    )
    assert jinja._unbroken("a - b\u202e") == "a - b\\u202e"
