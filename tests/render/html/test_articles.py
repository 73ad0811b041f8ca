from __future__ import annotations

from msgspec.structs import replace

from imgcache.core.catalog import ArticleState
from imgcache.engine.html_report import CatalogSite
from imgcache.model import Severity
from imgcache.render.html.articles import PER_PAGE, article, articles
from imgcache.render.html.cards import CARDS_PER_PAGE
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import ArticlesView
from imgcache.render.html.static_site import FolderLinks, article_name, render
from imgcache.render.html.views import Tone
from imgcache.results import ArticleProblem
from tests.render import sample
from tests.render.html.catalog import known_of, stock_of
from tests.support.listed import ListedCatalog

OK, GONE = sample.finished().entries()
KEPT = replace(GONE, article="articles/b.md", severity=Severity.WARNING)
WELL = replace(OK, article="articles/c.md")
PROBLEM = ArticleProblem("articles/d.md", 3, "the key `images` stands twice in one mapping")
LINKS = FolderLinks(())


def listed(stock: ListedCatalog, page: int = 1) -> ArticlesView:
    return articles(stock.overview(0), stock.worst_articles, page, LINKS)


def test_an_article_shows_its_entries_as_they_stand_in_it() -> None:
    stock = stock_of([OK, GONE])
    problem = ArticleProblem("articles/a.md", 3, "the key 'images' occurs twice")
    facts = replace(stock.articles[0], problems=(problem,))
    view = article(stock.overview(0), facts, known_of(stock), LINKS, Moments())
    assert [one.entry for one in view.cards] == [OK, GONE]
    assert view.counted == "2 image entries"
    assert [one.problem for one in view.troubles] == [problem]


def test_articles_to_mend_come_first() -> None:
    view = listed(stock_of([WELL, OK, GONE, KEPT], PROBLEM))
    assert view.headline == "2 articles to fix"
    assert view.counted == "4 image entries in 4 articles"
    assert [(row.article, row.tone) for row in view.rows] == [
        ("articles/a.md", Tone.ERROR),
        ("articles/d.md", Tone.ERROR),
        ("articles/b.md", Tone.WARNING),
        ("articles/c.md", Tone.OK),
    ]


def test_a_row_tells_how_the_images_fare_and_leads_to_them() -> None:
    first, second, *_ = listed(stock_of([OK, GONE, KEPT], PROBLEM)).rows
    assert dict(first.totals) == {Tone.ERROR: 1, Tone.WARNING: 0, Tone.OK: 1}
    assert (first.counted, first.href) == ("2 image entries", article_name("articles/a.md"))
    assert [one.problem for one in second.troubles] == [PROBLEM]


def test_good_news() -> None:
    assert listed(stock_of([OK])).headline == "Every article is well"


def test_a_page_that_is_not_there_is_the_last_one() -> None:
    many = [replace(OK, article=f"articles/{number:03}.md") for number in range(PER_PAGE + 1)]
    view = listed(stock_of(many), 9)
    assert [row.article for row in view.rows] == [f"articles/{PER_PAGE}.md"]
    assert (view.pager.page, view.pager.previous) == (2, "articles.html")


def test_an_article_with_many_entries_has_pages_and_each_use_leads_to_its_own() -> None:
    count = 2 * CARDS_PER_PAGE + 1
    many = [replace(OK, line=number, pointer=f"/images/{number}") for number in range(count)]
    stock = stock_of(many)
    last = article(stock.overview(0), stock.articles[0], known_of(stock)[-1:], LINKS, Moments(), 3)
    assert [one.entry for one in last.cards] == many[-1:]
    assert (last.counted, dict(last.totals)[Tone.OK]) == (f"{count} image entries", count)
    third = article_name("articles/a.md", 3)
    assert last.cards[0].article.href == f"{third}#line-{count - 1}-10"
    assert (last.pager.page, last.pager.first) == (3, article_name("articles/a.md"))
    written = dict(render(CatalogSite(stock), ()))
    assert f'id="line-{count - 1}-10"' in written[third]
    assert f'id="line-{count - 1}-10"' not in written[article_name("articles/a.md")]


def test_an_article_goes_by_its_title() -> None:
    facts = replace(stock_of([OK]).articles[0], title="A bridge", date="2026-01-02")
    stock = ListedCatalog([OK], [facts])
    (row,) = listed(stock).rows
    assert (row.title, row.date, row.article) == ("A bridge", "2026-01-02", "articles/a.md")
    view = article(stock.overview(0), facts, known_of(stock), LINKS, Moments())
    assert (view.title, view.chrome.title) == ("A bridge", "A bridge \u00b7 imgcache")


def test_an_article_without_entries_has_no_page_in_a_folder() -> None:
    empty = ArticleState("articles/empty.md", 0, 0, 0)
    stock = ListedCatalog([OK], [*stock_of([OK]).articles, empty])
    assert [row.href is None for row in listed(stock).rows] == [False, True]
    assert article_name("articles/empty.md") not in dict(render(CatalogSite(stock), ()))
