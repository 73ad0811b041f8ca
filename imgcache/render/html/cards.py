"""Cards of the pages: one for a judged entry, with what is known of its URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from imgcache.core.catalog import Catalog
from imgcache.core.http.url import WebUrl, parse_web
from imgcache.model import Size, Verdict
from imgcache.render.excerpt import marked
from imgcache.render.html.links import Links
from imgcache.render.html.views import Card, Cell, Moment, Picture, Quote, Tone, Use
from imgcache.render.phrases import amount
from imgcache.results import CachedThumbnail, EntryResult, UrlState

# An article may have thousands of entries.
CARDS_PER_PAGE = 100
# The room that a picture and the shape beside it have, in CSS pixels.
_ROOM = Size(240, 180)
_THINNEST = 4
_UNKNOWN = Size(4, 3)
_UNKNOWN_URL = UrlState("", "")
_USES = 8
_NO_COLOR = "#888888"
# A thumbnail of about this side is sharp in that room on a dense screen.
_SHARP = 480
_LONGEST_NAME, _LONGEST_ADDRESS = 80, 400
_DASH, _TIMES = "\u2013", "\u00d7"


def card_of(entry: EntryResult, catalog: Catalog, links: Links) -> Card:
    """The card of one entry, with what is known of its URL and which entries name it."""
    return card(entry, catalog.state(entry.url), catalog.users(entry.url), links, catalog.position)


def card(
    entry: EntryResult,
    state: UrlState | None,
    users: Sequence[EntryResult],
    links: Links,
    position: Callable[[EntryResult], int] = lambda _: 0,
) -> Card:
    """The card of one entry; `users` are all entries that name its URL.

    `position`: how many entries of its article precede an entry; it tells the entry's page.
    """
    state = state or _UNKNOWN_URL

    def use(one: EntryResult) -> Use:
        page = position(one) // CARDS_PER_PAGE + 1
        return Use(one.article, one.line, f"{links.article(one.article, page)}#{anchor(one)}")

    url = parse_web(entry.url)
    web = url if isinstance(url, WebUrl) else None
    name = _name(entry, web)
    expected, shown = _to_scale(entry)
    return Card(
        entry=entry,
        tone=Tone.of(entry),
        name=name,
        address=_shortened(entry.url, _LONGEST_ADDRESS),
        link=web.href if web else None,
        article=use(entry),
        expected=expected,
        picture=_picture(entry, state, shown, links, name),
        original=links.original(entry) if entry.sha256 else None,
        copied=_copied(entry),
        actual=tuple(_actual(entry)),
        status=_status(entry),
        # A message has the answer in it.
        answer=state.failure.detail if state.failure and not entry.message else None,
        asked=moment(state.asked_at),
        since=moment(state.failing_since),
        good=moment(state.succeeded_at),
        uses=[use(one) for one in users[:_USES]],
        more=max(0, len(users) - _USES),
        quote=_quote(entry),
        anchor=anchor(entry),
    )


def moment(seconds: float | None) -> Moment | None:
    """A time in UTC, because the readers of a published page may be anywhere."""
    if seconds is None:
        return None
    when = datetime.fromtimestamp(int(seconds), UTC)
    return Moment(when.isoformat(), f"{when.day} {when:%b %Y, %H:%M} UTC")


def anchor(entry: EntryResult) -> str:
    """The id of an entry on its article's page."""
    return f"line-{entry.line}-{entry.column}"


def _name(entry: EntryResult, web: WebUrl | None) -> str:
    """A short name of the image: the last part of its path."""
    if web is None:
        return _shortened(entry.url, _LONGEST_NAME)
    last = urlsplit(web.href).path.rstrip("/").rpartition("/")[2]
    return _shortened(unquote(last), _LONGEST_NAME) or web.host


def _shortened(text: str, longest: int) -> str:
    """A `data:` URL may be as long as a front matter."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


def _status(entry: EntryResult) -> str:
    """The text in place of a missing picture: a status, or the verdict."""
    if entry.verdict.is_about_size and entry.declared.size is not None:
        return f"{entry.declared.width} {_TIMES} {entry.declared.height}"
    return f"{entry.status}" if entry.status and entry.status != 200 else entry.verdict.value  # noqa: PLR2004  RFC 9110 section 15.3.1


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
    width, height = (max(_THINNEST, round(side * scale)) for side in size)
    return Size(width, height)


def _picture(
    entry: EntryResult, state: UrlState, shown: Size, links: Links, name: str
) -> Picture | None:
    if entry.sha256 is None:
        return None
    best = sharpest(entry)
    source = links.original(entry) if best is None else links.thumbnail(best)
    color = state.copy.color if state.copy else _NO_COLOR
    return Picture(source, shown, color, f"Cached copy of {name}")


def sharpest(entry: EntryResult) -> CachedThumbnail | None:
    """The thumbnail that pages show of an entry's copy; None where it has none."""
    return min(entry.thumbnails, key=_off_sharp, default=None)


def _off_sharp(thumbnail: CachedThumbnail) -> int:
    return abs(max(thumbnail.width, thumbnail.height) - _SHARP)


def _quote(entry: EntryResult) -> Quote | None:
    found = marked(entry)
    return Quote(*found) if found else None
