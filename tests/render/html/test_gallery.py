from __future__ import annotations

from msgspec.structs import replace

from imgcache.model import Severity, Verdict
from imgcache.render.html.gallery import TROUBLES, gallery
from imgcache.render.html.links import Selection
from imgcache.render.html.paging import Form, Page
from imgcache.render.html.static_site import FolderLinks
from imgcache.render.html.views import DrawnCard, GalleryView, Tone
from imgcache.results import ArticleProblem
from tests.render import sample
from tests.render.html.catalog import stock_of
from tests.support.listed import ListedCatalog

OK, GONE = sample.finished().entries()
KEPT = replace(GONE, article="articles/b.md", severity=Severity.WARNING)
IGNORED = replace(GONE, article="articles/b.md", severity=Severity.IGNORE)
EVERYTHING = stock_of([OK, GONE, OK, IGNORED, KEPT])
LINKS = FolderLinks(())
ALL = Selection()


def view_of(
    stock: ListedCatalog, selection: Selection = ALL, pages: int = 1, form: Form | None = None
) -> GalleryView:
    cards = [DrawnCard(Tone.of(one.severity), "") for one in stock.entries]
    page = Page(selection, cards, len(cards), pages)
    return gallery(stock.overview(TROUBLES), page, LINKS, form)


def test_what_is_broken_comes_first_and_what_is_well_last() -> None:
    sections = view_of(EVERYTHING).sections
    assert [(one.tone, len(one.cards)) for one in sections] == [
        (Tone.ERROR, 1),
        (Tone.WARNING, 1),
        (Tone.QUIET, 1),
        (Tone.OK, 2),
    ]


def test_the_counts_are_of_everything() -> None:
    view = view_of(EVERYTHING)
    assert view.headline == "1 image to fix"
    assert view.counted == "5 image entries in 2 articles"
    assert dict(view.totals) == {Tone.ERROR: 1, Tone.WARNING: 1, Tone.QUIET: 1, Tone.OK: 2}


def test_good_news_and_no_news() -> None:
    assert view_of(stock_of([OK])).headline == "Every image is well"
    assert view_of(stock_of([])).headline == "No images yet"


def test_each_verdict_is_a_choice_the_most_frequent_first_and_ok_last() -> None:
    view = view_of(EVERYTHING, Selection(verdict=Verdict.GONE))
    assert [(one.label, one.count, one.is_current) for one in view.verdicts] == [
        ("everything", 5, False),
        ("gone", 3, True),
        ("ok", 2, False),
    ]
    assert view.verdicts[1].href == "gone.html"


def test_the_pages_lead_to_each_other() -> None:
    first, middle, last = (
        view_of(EVERYTHING, Selection(page=page), pages=3).pager for page in (1, 2, 3)
    )
    assert (first.previous, first.following, first.last) == (None, "page-2.html", "page-3.html")
    assert (middle.first, middle.previous, middle.following) == (
        "index.html",
        "index.html",
        "page-3.html",
    )
    assert (last.following, last.last) == (None, None)


def test_a_selection_is_told_in_words() -> None:
    asked = Selection(Verdict.GONE, "a.test", "gone.jpg")
    assert view_of(EVERYTHING, asked).told == (
        "5 image entries with the verdict gone of a.test that match “gone.jpg”"
    )
    assert view_of(EVERYTHING, Selection(page=2)).told == ""


def test_without_a_server_there_is_no_form() -> None:
    assert view_of(EVERYTHING).action is None
    assert view_of(EVERYTHING, form=Form("/", ["a.test"])).hosts == ["a.test"]


def test_broken_articles_are_told_of() -> None:
    problem = ArticleProblem("articles/c.md", None, "no permission to read it")
    (trouble,) = view_of(stock_of([OK], problem)).troubles
    assert (trouble.problem, trouble.href) == (problem, LINKS.article("articles/c.md"))


def test_a_few_broken_articles_are_named_and_the_others_counted() -> None:
    problems = [ArticleProblem(f"articles/{number}.md", 1, "broken") for number in range(23)]
    view = view_of(stock_of([OK], *problems))
    assert (len(view.troubles), view.more_troubles) == (20, 3)
