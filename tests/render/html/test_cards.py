from __future__ import annotations

import pytest
from msgspec.structs import replace

from imgcache.findings import BrokenRule, Health
from imgcache.model import Breach, Declared, Severity, Size, Verdict
from imgcache.render.html import jinja
from imgcache.render.html.cards import card, image_card, sharpest
from imgcache.render.html.links import Look, edit_link
from imgcache.render.html.moments import Moments, ago, moment
from imgcache.render.html.static_site import FolderLinks, picture_name, wanted_pictures
from imgcache.render.html.views import Card, Tone
from imgcache.results import CachedThumbnail, EntryResult, KnownEntry, KnownImage, Place, UrlState
from tests.render import sample
from tests.support.facts import NOON, image_of

OK, GONE = sample.finished().entries()
MOMENTS = Moments(NOON + 120)
LINKS = FolderLinks({picture_name(one) for one in OK.thumbnails})


def card_of(entry: EntryResult, state: UrlState | None = None, *users: EntryResult) -> Card:
    places = [Place(one.article, one.line, one.column, 0) for one in users]
    return card(KnownEntry(entry, state, 0, places[:8], len(places[8:])), LINKS, MOMENTS)


def with_size(verdict: Verdict, declared: Size, actual: Size) -> EntryResult:
    return replace(OK, verdict=verdict, declared=Declared(*declared), actual=actual)


@pytest.mark.parametrize(
    ("severity", "tone"),
    [
        (None, Tone.OK),
        (Severity.ERROR, Tone.ERROR),
        (Severity.WARNING, Tone.WARNING),
        (Severity.IGNORE, Tone.QUIET),
    ],
)
def test_the_tone_follows_the_severity(severity: Severity | None, tone: Tone) -> None:
    assert card_of(replace(GONE, severity=severity)).tone is tone


HEAVY = BrokenRule("hero", Breach.TOO_HEAVY, Severity.ERROR, "it has 412,345 bytes; <compress>")
SMALL = BrokenRule("a <rule>", Breach.TOO_SMALL, Severity.WARNING, "it is 3 x 2; use a larger")


def test_broken_rules_stand_beside_the_verdict_and_the_worst_gives_the_tone() -> None:
    shown = card_of(replace(GONE, severity=Severity.WARNING, broken=(SMALL, HEAVY)))
    assert shown.tone is Tone.ERROR
    assert [(tone, one.name) for tone, one in shown.found] == [
        (Tone.WARNING, Verdict.GONE),
        (Tone.WARNING, Breach.TOO_SMALL),
        (Tone.ERROR, Breach.TOO_HEAVY),
    ]


def test_an_image_that_breaks_a_rule_alone_is_drawn_with_the_rule() -> None:
    html = jinja.drawn(card_of(replace(OK, broken=(SMALL,))), Look.CARDS).html
    assert "too small" in html
    assert "IMG502" in html
    assert "rule <bdi>a &lt;rule&gt;</bdi>" in html
    assert "The answer" not in html


def test_the_declared_and_the_true_shape_are_drawn_to_one_scale() -> None:
    shown = card_of(with_size(Verdict.DIMENSIONS_MISMATCH, Size(1200, 1200), Size(1200, 600)))
    assert shown.expected == (180, 180)
    assert shown.picture is not None
    assert shown.picture.size == (180, 90)


def test_a_sliver_stays_visible() -> None:
    shown = card_of(with_size(Verdict.DIMENSIONS_MISMATCH, Size(999_999_999, 1), Size(16, 16)))
    assert (shown.expected, shown.picture and shown.picture.size) == ((240, 4), (4, 4))


def test_a_copy_without_a_thumbnail_keeps_its_shape_and_colour() -> None:
    state = UrlState(OK.url, "a.test", copy=image_of(b"x"))
    shown = card_of(replace(OK, thumbnails=()), state).picture
    assert shown is not None
    assert (shown.src, shown.color) == (None, "#336699")


def test_a_thumbnail_that_was_not_copied_is_not_shown() -> None:
    shown = card(KnownEntry(OK, None, 0, (), 0), FolderLinks(()), MOMENTS).picture
    assert shown is not None
    assert shown.src is None


def test_the_thumbnail_that_is_sharp_is_chosen() -> None:
    sizes = {"tiny": 64, "small": 320, "large": 640, "huge": 2000}
    small = tuple(
        CachedThumbnail(name, f"thumbs/{name}/a.webp", side, 20) for name, side in sizes.items()
    )
    assert sharpest(small) in small[1:3]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "ftp://a.test/", "http://u:p@a.test/", "/a.jpg"],
)
def test_only_web_addresses_are_links(url: str) -> None:
    shown = card_of(replace(GONE, url=url))
    assert (shown.link, shown.address) == (None, url)


def test_a_link_is_the_normalised_address() -> None:
    assert (
        card_of(replace(GONE, url="HTTP://A.test/'\">.jpg#x")).link == "http://a.test/'%22%3E.jpg"
    )


def test_a_name_is_the_last_part_of_the_path() -> None:
    named = {
        "https://a.test/b/c%20d.jpg?e": "c d.jpg",
        "https://a.test/b/": "b",
        "https://a.test": "a.test",
        "ftp://a.test/b": "ftp://a.test/b",
    }
    assert {url: card_of(replace(OK, url=url)).name for url in named} == named


def test_a_long_data_url_is_cut() -> None:
    shown = card_of(replace(OK, url="data:image/png;base64," + "A" * 100_000))
    assert len(shown.name) == 80
    assert len(shown.address) == 400


def test_what_differs_is_marked() -> None:
    wrong = replace(
        with_size(Verdict.DIMENSIONS_MISMATCH, Size(1200, 800), Size(1200, 600)),
        declared=Declared(1200, 800, cached=True),
        cached=False,
    )
    assert [(one.text, one.differs) for one in card_of(wrong).actual] == [
        ("1200", False),
        ("600", True),
        ("no", True),
    ]


def test_a_copy_held_for_a_false_flag_is_no_difference() -> None:
    entry = replace(OK, declared=Declared(1600, 1035, cached=False), cached=True)
    assert not any(one.differs for one in card_of(entry).actual)


def test_a_difference_within_the_tolerance_is_none() -> None:
    entry = with_size(Verdict.OK, Size(1601, 1035), Size(1600, 1035))
    assert not any(one.differs for one in card_of(entry).actual)


def test_a_replaced_picture_stands_beside_the_one_before() -> None:
    before = CachedThumbnail("small", "thumbs/small/ab/ab12.webp", 320, 160)
    entry = replace(OK, verdict=Verdict.REPLACED, severity=Severity.WARNING, message="another")
    entry = replace(entry, before=(before,))
    links = FolderLinks({picture_name(one) for one in (*OK.thumbnails, before)})
    shown = card(KnownEntry(entry, None, 0, (), 0), links, MOMENTS)
    assert shown.before is not None
    assert (shown.before.src, shown.before.size) == (picture_name(before), (240, 120))
    html = jinja.drawn(shown, Look.CARDS).html
    assert html.count("<figure>") == 2
    assert html.index(picture_name(before)) < html.index("Before") < html.index("Now")
    assert wanted_pictures([entry])[picture_name(before)] == before.path
    assert card_of(replace(entry, verdict=Verdict.GONE)).before is None


def test_what_stands_for_a_missing_picture() -> None:
    assert card_of(GONE).status == "404"
    assert card_of(replace(GONE, verdict=Verdict.NOT_AN_IMAGE, status=200)).status == "not an image"
    wrong = with_size(Verdict.DIMENSIONS_SWAPPED, Size(3, 4), Size(4, 3))
    assert card_of(wrong).status == "3 \u00d7 4"
    missing = replace(wrong, verdict=Verdict.DIMENSIONS_MISSING, declared=Declared(3), status=None)
    assert card_of(missing).status == "no size declared"


def test_it_tells_since_when_and_where_else() -> None:
    users = [replace(GONE, line=number) for number in range(1, 11)]
    state = UrlState(GONE.url, "a.test", NOON + 120, NOON, NOON + 60)
    shown = card_of(GONE, state, *users)
    told = [one and (one.told, one.title) for one in (shown.since, shown.good, shown.asked)]
    assert told == [
        ("1 minute ago", "23 Nov 2025, 12:01 UTC"),
        ("2 minutes ago", "23 Nov 2025, 12:00 UTC"),
        ("just now", "23 Nov 2025, 12:02 UTC"),
    ]
    assert [one.line for one in shown.uses] == list(range(1, 9))
    assert shown.more == 2


def test_a_time_is_told_in_utc() -> None:
    shown = moment(NOON)
    assert (shown.iso, shown.told) == ("2025-11-23T12:00:00+00:00", "23 Nov 2025, 12:00 UTC")


def test_a_file_tells_days_because_nobody_knows_when_it_is_read() -> None:
    shown = Moments().at(NOON)
    assert shown is not None
    assert (shown.told, shown.title) == ("23 Nov 2025", "23 Nov 2025, 12:00 UTC")
    assert Moments().at(None) is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (86_399, "23 hours ago"),
        (13 * 86_400, "13 days ago"),
        (15 * 86_400, "2 weeks ago"),
        (100 * 86_400, "3 months ago"),
        (364 * 2 * 86_400, "24 months ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_how_long_ago_is_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert ago(seconds) == told


def test_the_right_lines_stand_beside_the_wrong_ones() -> None:
    wrong = with_size(Verdict.DIMENSIONS_SWAPPED, Size(3, 4), Size(4, 3))
    told = [(one.wrong, one.right) for one in card_of(wrong).fixed]
    assert told == [("width: 3", "width: 4"), ("height: 4", "height: 3")]
    half = replace(wrong, declared=Declared(4, None, strange=(("height", "tall"),)))
    assert [(one.wrong, one.right) for one in card_of(half).fixed] == [
        ("height: tall", "height: 3")
    ]
    in_body = replace(wrong, pointer=None, declared=Declared(4, unnamed=("height",)))
    assert card_of(in_body).fixed == ()
    tag = replace(wrong, pointer=None)
    assert [one.right for one in card_of(tag).fixed] == ['width="4"', 'height="3"']
    assert card_of(GONE).fixed == ()


def test_each_place_says_what_is_wrong_there_where_that_differs() -> None:
    places = [
        Place("a.md", 3, 5, 0, "A story", "2026-01-02", Verdict.GONE, Health.ERROR),
        Place("b.md", 3, 5, 0, None, None, Verdict.DIMENSIONS_MISSING, Health.WARNING),
    ]
    known = KnownEntry(GONE, None, 0, places, 7, "A story", "2026-01-02")
    shown = image_card(KnownImage(known, 9, 8, (Verdict.GONE,)), LINKS, MOMENTS)
    assert [one.found for one in shown.uses] == [None, (Tone.WARNING, "no size declared")]
    assert (shown.article.title, shown.uses[0].date) == ("A story", "2026-01-02")
    html = jinja.drawn(shown).html
    assert "and 8 more places in 8 articles" in html
    assert "and 7 more places" in html


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/c#d?.md", "https://git.example/edit/a%20b/c%23d%3F.md#L7"),
        ("\u00fc.md", "https://git.example/edit/%C3%BC.md#L7"),
        ("\udcff.md", "https://git.example/edit/%FF.md#L7"),
        ("../up.md", None),
    ],
)
def test_an_article_is_edited_at_its_line(path: str, expected: str | None) -> None:
    template = "https://git.example/edit/{path}#L{line}"
    assert edit_link(template, path, 7) == expected
    assert edit_link(None, path, 7) is None
