from __future__ import annotations

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.catalog import Sorting
from imgcache.findings import Health
from imgcache.model import Severity, Verdict
from imgcache.render.html.gallery import TROUBLES, gallery
from imgcache.render.html.links import Links, Look, Selection
from imgcache.render.html.page_views import PER_PAGE, GalleryView, Page
from imgcache.render.html.static_site import FolderLinks
from imgcache.render.html.views import DrawnCard, Tone
from imgcache.results import ArticleProblem, Run, UrlState
from imgcache.service.routes.pages import ServiceLinks
from tests.render import sample
from tests.render.html.catalog import stock_of
from tests.support.facts import NOON
from tests.support.listed import ListedCatalog

OK, GONE = sample.finished().entries()
KEPT = replace(
    GONE, article="articles/b.md", url="https://a.test/kept.jpg", severity=Severity.WARNING
)
IGNORED = replace(
    GONE, article="articles/b.md", url="https://b.test/odd.jpg", severity=Severity.IGNORE
)
EVERYTHING = stock_of([OK, GONE, OK, IGNORED, KEPT])
LINKS = FolderLinks(())
SERVED = ServiceLinks(Settings())
ALL = Selection()


def view_of(
    stock: ListedCatalog,
    selection: Selection = ALL,
    action: str | None = None,
    links: Links = LINKS,
) -> GalleryView:
    found = stock.images(selection.query, 0, PER_PAGE, 8)
    cards = [DrawnCard(Tone.of(one.known.entry.worst), "") for one in found]
    page = Page(selection, cards, stock.facets(selection.query))
    return gallery(stock.overview(TROUBLES), page, links, stock.host_states(0, 3), action)


def test_what_is_broken_comes_first_and_what_is_well_last() -> None:
    sections = view_of(EVERYTHING).sections
    assert [(one.tone, len(one.cards)) for one in sections] == [
        (Tone.ERROR, 1),
        (Tone.WARNING, 1),
        (Tone.QUIET, 1),
        (Tone.OK, 1),
    ]


def test_the_counts_are_of_pictures_however_many_places_name_them() -> None:
    view = view_of(EVERYTHING, links=SERVED)
    assert view.headline == "1 image to fix"
    assert view.counted == "4 images in 2 articles, 5 image entries"
    assert dict(view.totals) == {Tone.ERROR: 1, Tone.WARNING: 1, Tone.QUIET: 1, Tone.OK: 1}
    first, *_ = view.healths
    assert (first.count, first.href) == (1, "./?severity=error")


def test_good_news_and_no_news() -> None:
    assert view_of(stock_of([OK])).headline == "Every image is well"
    assert view_of(stock_of([])).headline == "No images yet"


def choices_of(view: GalleryView) -> dict[str, dict[str, int]]:
    return {one.title: {c.label: c.count for c in one.choices} for one in view.facets}


def test_the_counts_of_filters_follow_each_other() -> None:
    assert choices_of(view_of(EVERYTHING, links=SERVED)) == {
        "How it fares": {"to fix": 1, "to look at": 1, "ignored": 1, "well": 1},
        "What is wrong": {"no longer there": 3, "as declared": 1},
        "Host": {"a.test": 2, "b.test": 1},
    }
    narrowed = view_of(EVERYTHING, Selection(host="b.test", shared=False), links=SERVED)
    assert choices_of(narrowed) == {
        "Host": {"a.test": 2, "b.test": 1},
        "Used": {"in one article": 1},
    }


def test_a_filter_that_is_on_leads_to_where_it_is_off() -> None:
    view = view_of(EVERYTHING, Selection(verdict=Verdict.GONE, look=Look.CARDS), links=SERVED)
    (found,) = (one for one in view.facets if one.title == "What is wrong")
    assert [(one.is_current, one.href) for one in found.choices] == [
        (True, "./?view=cards"),
        (False, "./?verdict=ok&view=cards"),
    ]


def test_a_folder_has_a_page_for_each_verdict_and_a_script_finds_hosts() -> None:
    found, hosts = view_of(EVERYTHING).facets
    assert (found.scripted, hosts.scripted) == (False, True)
    assert all(one.href == f"index.html#host={one.label}" for one in hosts.choices)
    assert [(one.label, one.name, one.href) for one in found.choices] == [
        ("no longer there", "gone", "gone.html"),
        ("as declared", "ok", "ok.html"),
    ]
    assert view_of(EVERYTHING).sortings == ()
    assert view_of(EVERYTHING).forms == []


def test_the_pages_lead_to_each_other() -> None:
    many = [replace(OK, url=f"https://a.test/{number}.jpg") for number in range(2 * PER_PAGE + 1)]
    first, middle, last = (
        view_of(stock_of(many), Selection(page=page)).pager for page in (1, 2, 3)
    )
    assert (first.previous, first.following, first.last) == (None, "page-2.html", "page-3.html")
    assert (middle.first, middle.previous, middle.following) == (
        "index.html",
        "index.html",
        "page-3.html",
    )
    assert (last.following, last.last) == (None, None)


def test_a_selection_is_told_in_words() -> None:
    asked = Selection(verdict=Verdict.GONE, host="a.test", text="kept.jpg")
    assert view_of(EVERYTHING, asked).told == "1 image for “kept.jpg”"
    assert view_of(EVERYTHING, Selection(health=Health.WELL)).told == "1 image with this filter"
    assert view_of(EVERYTHING, Selection(page=2)).told == ""


def test_in_another_order_there_is_one_section() -> None:
    (section,) = view_of(EVERYTHING, Selection(sorting=Sorting.USES)).sections
    assert (section.tone, section.heading, len(section.cards)) == (None, "Most used", 4)


def test_the_form_keeps_the_filters_and_not_the_page() -> None:
    asked = Selection(rule="hero", copy=False, text="x", sorting=Sorting.HOST, page=3)
    assert view_of(EVERYTHING, asked, "./").kept == [
        ("rule", "hero"),
        ("copy", "no"),
        ("sort", "host"),
    ]
    assert view_of(EVERYTHING).action is None


def test_each_page_is_there_for_programs() -> None:
    asked = Selection(health=Health.ERROR, text="a&b", look=Look.CARDS, page=1)
    query = "per_page=48&severity=error&text=a%26b"
    assert view_of(EVERYTHING, asked, links=SERVED).forms == [
        ("JSON", f"api/images?{query}"),
        ("CSV", f"api/images.csv?{query}"),
    ]


def test_what_mends_many_at_once_is_told() -> None:
    wrong = [
        replace(
            OK,
            url=f"https://a.test/{number}.jpg",
            verdict=Verdict.DIMENSIONS_SWAPPED,
            severity=Severity.ERROR,
        )
        for number in range(6)
    ]
    lost = [replace(GONE, url=f"https://b.test/{number}.jpg") for number in range(5)]
    stock = stock_of([*wrong, *lost])
    stock.states = {one.url: UrlState(one.url, "b.test", failing_since=NOON) for one in lost}
    first, second = view_of(stock, links=SERVED).hints
    assert (first.text, first.command) == (
        "6 sizes to correct, one command:",
        "imgcache refresh --fix-dimensions",
    )
    assert (second.text, second.href) == ("5 images failing, one host:", "./?host=b.test")
    assert view_of(stock, Selection(text="a"), links=SERVED).hints == ()
    assert view_of(EVERYTHING, links=SERVED).hints == []


def test_broken_articles_are_told_of() -> None:
    problem = ArticleProblem("articles/c.md", None, "no permission to read it")
    (trouble,) = view_of(stock_of([OK], problem)).troubles
    assert (trouble.problem, trouble.href) == (problem, LINKS.article("articles/c.md"))


def test_a_few_broken_articles_are_named_and_the_others_counted() -> None:
    problems = [ArticleProblem(f"articles/{number}.md", 1, "broken") for number in range(23)]
    view = view_of(stock_of([OK], *problems))
    assert (len(view.troubles), view.more_troubles) == (20, 3)


def test_the_last_refreshes_are_a_line() -> None:
    overview = EVERYTHING.overview(0)
    page = Page(ALL, [], EVERYTHING.facets(ALL.query))
    runs = [Run(NOON + day, 10, failed) for day, failed in enumerate([4, 0, 2])]
    trend = gallery(replace(overview, runs=runs), page, LINKS).trend
    assert trend is not None
    assert trend.points == "0.0,1.0 50.0,19.0 100.0,10.0"
    assert trend.told == "2 URLs failed in the last of 3 refreshes, 4 at most"
    for few in (runs[:2], [replace_failed(one) for one in runs]):
        assert gallery(replace(overview, runs=few), page, LINKS).trend is None


def replace_failed(run: Run) -> Run:
    return run._replace(failed=0)
