from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from imgcache.core.catalog import ImageQuery
from imgcache.engine.html_report import CatalogSite
from imgcache.model import Severity
from imgcache.render.html.cards import image_card
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import PER_PAGE
from imgcache.render.html.search_index import SearchIndex
from imgcache.render.html.static_site import (
    FolderLinks,
    article_name,
    picture_name,
    render,
    wanted_pictures,
)
from imgcache.results import EntryResult
from tests.render import sample
from tests.render.html.catalog import stock_of

OK, GONE = sample.finished().entries()
PAGES_OF_GONE = ("index.html", "gone.html")
MANY = [
    replace(OK, line=number, url=f"https://a.test/{number}.jpg")
    for number in range(1, 2 * PER_PAGE + 1)
]


def files(entries: Sequence[EntryResult]) -> dict[str, str]:
    return dict(render(CatalogSite(stock_of(entries)), set(wanted_pictures(entries))))


def links(page: str) -> Iterator[str]:
    for link in re.findall(r'(?:href|src)="([^"#]+)', page):
        if not link.startswith("https://"):
            yield link


def test_the_pages_of_a_small_run() -> None:
    assert list(files([OK, GONE])) == [
        article_name("articles/a.md"),
        "articles.html",
        "hosts.html",
        "gone.html",
        "ok.html",
        "search.js",
        "index.html",
    ]


def test_many_entries_are_paged() -> None:
    written = files([GONE, *MANY])
    assert {"index.html", "page-2.html", "page-3.html", "ok-2.html"} <= set(written)
    assert "ok-3.html" not in written
    assert list(written)[-1] == "index.html"
    assert written["index.html"].count("<article") == PER_PAGE
    assert written["page-3.html"].count("<article") == 1
    assert 'class="image error"' in written["index.html"]


def test_every_link_leads_to_a_file_of_the_folder() -> None:
    written = files([GONE, *MANY])
    there = {*written, *wanted_pictures(MANY), "gallery.css", "gallery.js", "icon.svg"}
    for name, page in written.items():
        for link in links(page):
            above, inside = link.startswith("../"), "/" in name
            assert above == inside
            assert link.removeprefix("../") in there


def test_an_article_is_found_at_its_entry() -> None:
    written = files([OK, GONE])
    target = f"{article_name('articles/a.md')}#line-14-12"
    assert f'href="{target}"' in written["index.html"]
    assert 'id="line-14-12"' in written[article_name("articles/a.md")]


def test_articles_whose_paths_are_no_utf_8_have_pages_too() -> None:
    odd = replace(GONE, article="articles/\udcff.md")
    assert article_name(odd.article) in files([odd])
    assert article_name("articles/\udcff.md") != article_name("articles/\udcfe.md")


def test_the_thumbnails_are_beside_the_pages() -> None:
    (thumbnail,) = OK.thumbnails
    name = f"thumbs/{sample.SHA}.webp"
    assert wanted_pictures([OK, GONE]) == {name: thumbnail.path}
    assert picture_name(thumbnail) == name
    assert FolderLinks({name}).thumbnail(thumbnail) == name
    assert FolderLinks(()).thumbnail(thumbnail) is None


def test_many_articles_are_paged() -> None:
    written = files([replace(OK, article=f"articles/{number}.md") for number in range(101)])
    assert written["articles.html"].count("<article") == 100
    assert written["articles-2.html"].count("<article") == 1


def test_without_any_article_the_pages_say_so() -> None:
    written = files([])
    assert list(written) == ["articles.html", "hosts.html", "search.js", "index.html"]
    assert "No images yet" in written["index.html"]
    assert "No articles yet" in written["articles.html"]


def test_an_entry_looks_the_same_on_all_gallery_pages() -> None:
    other = replace(GONE, severity=Severity.WARNING, url="https://a.test/other.jpg")
    written = files([other, GONE])
    everything, gone = (
        re.findall(r"<article.*?</article>", written[name], re.DOTALL) for name in PAGES_OF_GONE
    )
    assert everything == gone
    assert ['class="image error"' in card for card in gone] == [True, False]


def test_a_url_in_many_places_names_the_first_ones() -> None:
    shared = [replace(GONE, article=f"articles/{number:02}.md") for number in range(14)]
    page = files(shared)[article_name("articles/09.md")]
    assert page.count('<li><a href="../articles/') == 12
    assert "and 2 more places" in page


def test_the_search_finds_what_is_on_any_page() -> None:
    script = files([GONE, *MANY])["search.js"]
    found = index_of(script)
    assert (len(found["rows"]), found["leftOut"]) == (1 + len(MANY), 0)
    tone, name, host, words, title, spot, href, *_ = found["rows"][-1]
    assert (tone, name, host, words) == ("ok", f"{len(MANY)}.jpg", "a.test", "as declared")
    assert (title, spot) == ("articles/a.md", f"articles/a.md:{len(MANY)}")
    assert href.startswith(article_name("articles/a.md"))


def test_hosts_are_found_by_the_search_also_of_one_verdict() -> None:
    gone, other = (replace(GONE, url=f"https://{host}.test/x.jpg") for host in "ab")
    written = files([gone, other, OK])
    rows = index_of(written["search.js"])["rows"]
    for name, host, kind, number in (
        ("index.html", "b.test", None, 1),
        ("index.html", "a.test", None, 2),
        ("gone.html", "a.test", "no longer there", 1),
    ):
        found = "" if kind is None else f"&amp;found={kind.replace(' ', '+')}"
        assert f'href="{name}#host={host}{found}"' in written["hosts.html"]
        fitting = [row for row in rows if row[2] == host and kind in {None, *row[3].split(", ")}]
        assert len(fitting) == number
    assert 'data-scripted hidden>\n    <h2 id="facet-2">Host' in written["index.html"]
    assert 'href="gone.html#host=b.test&amp;found=no+longer+there"' in written["gone.html"]


def test_the_search_knows_every_place_that_a_page_shows() -> None:
    """However long the names of the places before it are."""
    names = [f"{'long' * 40}/{number}.md" for number in range(12)]
    entries = [replace(GONE, article=name) for name in names]
    script = files(entries)["search.js"]
    assert all(name in script for name in names)
    assert script.count(names[-1]) == 1


def test_the_search_has_nothing_that_steers_and_is_bounded() -> None:
    hostile = replace(GONE, url="https://a.test/\u202e</script>\0.jpg", article="a\u202e.md")
    assert "\\u202e" not in (script := files([hostile])["search.js"]).replace("\\\\u202e", "")
    assert script.isascii()
    index = SearchIndex()
    stock = stock_of([replace(OK, url=f"https://a.test/{'x' * 290}.jpg", article="y" * 290)])
    (image,) = stock.images(ImageQuery(), 0, 1, 1)
    for _ in range(4000):
        index.add(image_card(image, FolderLinks(()), Moments()), image.verdicts)
    assert len(index.script) < 4_500_000
    assert index_of(index.script)["leftOut"] > 0


def index_of(script: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(script.partition(" = ")[2].rstrip().removesuffix(";"))
    return found
