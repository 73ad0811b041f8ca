from __future__ import annotations

import pytest
from msgspec.structs import replace

from imgcache.findings import BrokenRule
from imgcache.model import Breach, Declared, Severity, Size, Verdict
from imgcache.render.html import jinja
from imgcache.render.html.cards import card, moment, sharpest
from imgcache.render.html.static_site import FolderLinks, picture_name
from imgcache.render.html.views import Card, Tone
from imgcache.results import CachedThumbnail, EntryResult, KnownEntry, Place, UrlState
from tests.render import sample
from tests.support.facts import NOON, image_of

OK, GONE = sample.finished().entries()
LINKS = FolderLinks({picture_name(one) for one in OK.thumbnails})


def card_of(entry: EntryResult, state: UrlState | None = None, *users: EntryResult) -> Card:
    places = [Place(one.article, one.line, one.column, 0) for one in users]
    return card(KnownEntry(entry, state, 0, places[:8], len(places[8:])), LINKS)


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
    html = jinja.finding(card_of(replace(OK, broken=(SMALL,)))).html
    assert "too-small" in html
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
    shown = card(KnownEntry(OK, None, 0, (), 0), FolderLinks(())).picture
    assert shown is not None
    assert shown.src is None


def test_the_thumbnail_that_is_sharp_is_chosen() -> None:
    sizes = {"tiny": 64, "small": 320, "large": 640, "huge": 2000}
    small = tuple(
        CachedThumbnail(name, f"thumbs/{name}/a.webp", side, 20) for name, side in sizes.items()
    )
    assert sharpest(replace(OK, thumbnails=small)) in small[1:3]


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


def test_what_stands_for_a_missing_picture() -> None:
    assert card_of(GONE).status == "404"
    assert card_of(replace(GONE, verdict=Verdict.NOT_AN_IMAGE, status=200)).status == "not-an-image"
    wrong = with_size(Verdict.DIMENSIONS_SWAPPED, Size(3, 4), Size(4, 3))
    assert card_of(wrong).status == "3 \u00d7 4"
    missing = replace(wrong, verdict=Verdict.DIMENSIONS_MISSING, declared=Declared(3), status=None)
    assert card_of(missing).status == "dimensions-missing"


def test_it_tells_since_when_and_where_else() -> None:
    users = [replace(GONE, line=number) for number in range(1, 11)]
    state = UrlState(GONE.url, "a.test", NOON + 120, NOON, NOON + 60)
    shown = card_of(GONE, state, *users)
    assert shown.since == moment(NOON + 60)
    assert (shown.good, shown.asked) == (moment(NOON), moment(NOON + 120))
    assert [one.line for one in shown.uses] == list(range(1, 9))
    assert shown.more == 2


def test_a_time_is_told_in_utc() -> None:
    shown = moment(NOON)
    assert shown is not None
    assert (shown.iso, shown.told) == ("2025-11-23T12:00:00+00:00", "23 Nov 2025, 12:00 UTC")
    assert moment(None) is None
