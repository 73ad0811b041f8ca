"""Cards of the pages: one for a judged entry, with what is known of its URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from msgspec.structs import replace

from imgcache.core.http.url import WebUrl, parse_web
from imgcache.model import Size, Verdict
from imgcache.render.excerpt import marked
from imgcache.render.html.links import Links
from imgcache.render.html.moments import Moments
from imgcache.render.html.views import Card, Cell, Fixed, Picture, Quote, Tone, Use
from imgcache.render.html.words import plain
from imgcache.render.phrases import amount
from imgcache.results import (
    CachedThumbnail,
    EntryResult,
    KnownEntry,
    KnownImage,
    Place,
    UrlState,
)

# An article may have thousands of entries.
CARDS_PER_PAGE = 100
# The room that a picture and the shape beside it have, in CSS pixels.
_ROOM = Size(240, 180)
_SMALL = Size(52, 38)
_THINNEST = 4
_UNKNOWN = Size(4, 3)
_UNKNOWN_URL = UrlState("", "")
# How many places of a URL are named.
PLACES = 12
_NO_COLOR = "#888888"
# A thumbnail of about this side is sharp in that room on a dense screen.
_SHARP = 480
_LONGEST_NAME, _LONGEST_ADDRESS = 80, 400
_DASH, _TIMES = "\u2013", "\u00d7"


def card(known: KnownEntry, links: Links, moments: Moments) -> Card:
    """The card of one entry."""
    entry, state, position, places, more, title, date = known
    link, name, host = _link_name_host(entry, state)
    state = state or _UNKNOWN_URL
    own = Place(entry.article, entry.line, entry.column, position, title, date)
    expected, shown = _to_scale(entry)
    return Card(
        entry=entry,
        tone=Tone.of(entry.worst),
        found=[(Tone.of(one.severity), one) for one in entry.findings],
        name=name,
        address=_shortened(entry.url, _LONGEST_ADDRESS),
        link=link,
        article=_use(own, links),
        expected=expected,
        picture=_picture(entry, state, shown, links, name),
        original=links.original(entry) if entry.sha256 else None,
        copied=_copied(entry),
        actual=tuple(_actual(entry)),
        status=_status(entry),
        # A message has the answer in it.
        answer=state.failure.detail if state.failure and not entry.message else None,
        asked=moments.at(state.asked_at),
        since=moments.at(state.failing_since),
        good=moments.at(state.succeeded_at),
        uses=[_use(one, links, entry.verdict) for one in places],
        more=more,
        quote=_quote(entry),
        anchor=_anchor(own),
        host=host,
        fixed=tuple(_fixed(entry)),
        before=_before(entry, links, name),
    )


def image_card(image: KnownImage, links: Links, moments: Moments) -> Card:
    """The card of one picture: of the worst entry that names it, with the places of all."""
    shown = card(image.known, links, moments)
    return replace(shown, places=image.uses, articles=image.articles)


def _use(place: Place, links: Links, verdict: Verdict | None = None) -> Use:
    page = place.position // CARDS_PER_PAGE + 1
    above = links.article(place.article, page)
    href = f"{above}#{_anchor(place)}" if above else ""
    differs = place.verdict not in (None, verdict) and verdict is not None
    found = None
    if differs and place.verdict is not None and place.health is not None:
        found = (Tone.of_health(place.health), plain(place.verdict))
    edit = links.edit(place.article, place.line)
    return Use(place.article, place.line, href, place.title, place.date, edit, found)


def _anchor(place: Place) -> str:
    """The id of an entry on its article's page."""
    return f"line-{place.line}-{place.column}"


def _fixed(entry: EntryResult) -> Iterator[Fixed]:
    """The lines of a wrong size, as they should be; in a body they are attributes."""
    if not entry.verdict.is_about_size or entry.actual is None:
        return
    form = "{}: {}" if entry.pointer is not None else '{}="{}"'
    strange, declared = dict(entry.declared.strange), entry.declared
    for key, says, true in zip(
        ("width", "height"), (declared.width, declared.height), entry.actual, strict=True
    ):
        wrong = strange.get(key) if says is None else str(says)
        if says != true and key not in declared.unnamed:
            right = form.format(key, true)
            yield Fixed(None if wrong is None else form.format(key, wrong), right)


def _link_name_host(entry: EntryResult, state: UrlState | None) -> tuple[str | None, str, str]:
    """Where the URL leads, if that is the web, its short name, and where it lies."""
    if state is not None:
        return state.url, _name(state.url, state.host), state.host
    url = parse_web(entry.url)
    if isinstance(url, WebUrl):
        return url.href, _name(url.href, url.host), url.host
    return None, _shortened(entry.url, _LONGEST_NAME), ""


def _name(href: str, host: str) -> str:
    path = href.partition("?")[0].partition("://")[2].partition("/")[2]
    last = path.rstrip("/").rpartition("/")[2]
    return _shortened(unquote(last), _LONGEST_NAME) or host


def _shortened(text: str, longest: int) -> str:
    """A `data:` URL may be as long as a front matter."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


def _status(entry: EntryResult) -> str:
    """The text in place of a missing picture: a status, or the verdict."""
    if entry.verdict.is_about_size and entry.declared.size is not None:
        return f"{entry.declared.width} {_TIMES} {entry.declared.height}"
    return f"{entry.status}" if entry.status and entry.status != 200 else plain(entry.verdict)  # noqa: PLR2004  RFC 9110 section 15.3.1


def _copied(entry: EntryResult) -> str | None:
    """The cached copy in words."""
    if entry.sha256 is None:
        return None
    length = None if entry.bytes is None else amount(entry.bytes)
    name = entry.format.label.upper() if entry.format else None
    return ", ".join(part for part in (name, length) if part) or "there"


def _actual(entry: EntryResult) -> Iterator[Cell]:
    """The cells to compare with the declared width, height and flag."""
    declared, is_well = entry.declared, entry.verdict is Verdict.OK
    for says, true in zip(
        (declared.width, declared.height), entry.actual or (None, None), strict=True
    ):
        # Where all is well a difference is within the tolerance.
        yield Cell(str(true or _DASH), not (is_well or true in (None, says)))
    held = _DASH if entry.cached is None else "yes" if entry.cached else "no"
    # A copy that is held for an entry that says `false` is no mistake: its size may be wrong.
    yield Cell(held, declared.cached is True and entry.cached is False)


def _to_scale(entry: EntryResult) -> tuple[Size, Size]:
    """The declared shape and the true one, both to one scale, as they fit into the room."""
    declared = entry.declared.size or entry.actual or _UNKNOWN
    actual = entry.actual if entry.actual and min(entry.actual) > 0 else declared
    scale = min(
        _ROOM.width / max(declared.width, actual.width),
        _ROOM.height / max(declared.height, actual.height),
    )
    return _scaled(declared, scale), _scaled(actual, scale)


def _scaled(size: Size, scale: float) -> Size:
    return Size(
        max(_THINNEST, round(size.width * scale)), max(_THINNEST, round(size.height * scale))
    )


def _picture(
    entry: EntryResult, state: UrlState, shown: Size, links: Links, name: str
) -> Picture | None:
    if entry.sha256 is None:
        return None
    best = sharpest(entry.thumbnails)
    source = links.original(entry) if best is None else links.thumbnail(best)
    color = state.copy.color if state.copy else _NO_COLOR
    small = _small(entry.actual or shown)
    return Picture(source, shown, small, color, f"Cached copy of {name}")


def _before(entry: EntryResult, links: Links, name: str) -> Picture | None:
    """The picture that stood there before, as large as it fits into the room."""
    best = sharpest(entry.before)
    if best is None or entry.verdict is not Verdict.REPLACED:
        return None
    size = Size(best.width, best.height)
    shown = _scaled(size, min(_ROOM.width / size.width, _ROOM.height / size.height))
    alt = f"Earlier copy of {name}"
    return Picture(links.thumbnail(best), shown, _small(size), _NO_COLOR, alt)


def _small(size: Size) -> tuple[float, float]:
    """The size in a list: exact, because a pixel is much of it."""
    width, height = (max(1, side) for side in size)
    scale = min(_SMALL.width / width, _SMALL.height / height)
    return max(1.0, round(scale * width, 2)), max(1.0, round(scale * height, 2))


def sharpest(thumbnails: Iterable[CachedThumbnail]) -> CachedThumbnail | None:
    """The thumbnail that pages show of a copy; None where it has none."""
    return min(thumbnails, key=_off_sharp, default=None)


def _off_sharp(thumbnail: CachedThumbnail) -> int:
    return abs(max(thumbnail.width, thumbnail.height) - _SHARP)


def _quote(entry: EntryResult) -> Quote | None:
    found = marked(entry)
    return Quote(*found) if found else None
