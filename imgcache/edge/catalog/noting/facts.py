"""Facts that are noted of URLs and copies; what was judged by others has to be judged again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imgcache.edge.catalog import documents
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.edge.catalog.urls import Seen, UrlRow, chosen
from imgcache.facts import ImageFacts

_STATE = "asked_at, answered_at, fresh_until, status, failure, failing_since, copy, earlier"
_GET = f"SELECT href, id, known, {_STATE} FROM urls WHERE href IN "
_PUT = """
    UPDATE urls SET known = 1, asked_at = ?, answered_at = ?, fresh_until = ?, status = ?,
           failure = ?, failing_since = ?, copy = ?, earlier = ?
    WHERE id = ?"""
# To write what is there already takes as long as to write something new.
_REJUDGE = "UPDATE entries SET judged = NULL WHERE judged IS NOT NULL AND url = ?"
_REJUDGE_COPY = """
    UPDATE entries SET judged = NULL
    WHERE judged IS NOT NULL AND url IN (SELECT id FROM urls WHERE copy = ?)"""
_PUT_COPY = """
    INSERT INTO copies (sha256, facts) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET facts = excluded.facts, looked = 0"""
_SEE = "UPDATE copies SET seen = ?, looked = 1 WHERE sha256 = ?"
_LEFT = """
    DELETE FROM {0} WHERE sha256 IN (
        SELECT sha256 FROM lost WHERE NOT EXISTS (SELECT 1 FROM urls WHERE copy = lost.sha256))"""


def update(catalog: Catalog, states: Mapping[str, UrlRow], images: Iterable[ImageFacts]) -> None:
    """Note what is known of some URLs by now, and of the copies that they have.

    What was judged by something else has to be judged again. Unknown URLs are passed over.
    """
    changed: list[Row] = []
    rejudged: list[Row] = []
    named: set[str | None] = set()
    for href, number, known, *old in chosen(catalog, _GET, list(states)):
        before, now = UrlRow(*old), states[href]
        named.add(now.copy)
        if not known or before != now:
            changed.append((*now, number))
        if not known or before.evidence != now.evidence:
            rejudged.append((number,))
    catalog.many(_PUT, changed)
    catalog.many(_REJUDGE, rejudged)
    _update_copies(catalog, {one.sha256: one for one in images if one.sha256 in named})


def _update_copies(catalog: Catalog, images: Mapping[str, ImageFacts]) -> None:
    texts = {sha256: documents.image_text(image) for sha256, image in images.items()}
    query = "SELECT sha256, facts FROM copies WHERE sha256 IN "
    known: dict[str, str] = dict(chosen(catalog, query, list(texts)))
    new = [(sha256, text) for sha256, text in texts.items() if known.get(sha256) != text]
    catalog.many(_PUT_COPY, new)


def forget_unneeded_copies(catalog: Catalog) -> None:
    """Forget the copies that no URL has."""
    if catalog.value("SELECT EXISTS (SELECT 1 FROM lost)"):
        with catalog.writing() as connection:
            for table in ("copies", "files"):
                connection.execute(_LEFT.format(table))
            connection.execute("DELETE FROM lost")


def see(catalog: Catalog, seen: Mapping[str, Seen], found: Mapping[str, Mapping[str, str]]) -> None:
    """Note which copies have sound files, and how these files are (identity by path)."""
    texts = {
        sha256: None if image is None else documents.image_text(image)
        for sha256, (image, _) in seen.items()
    }
    query = "SELECT sha256, seen FROM copies WHERE sha256 IN "
    before: dict[str, str | None] = dict(chosen(catalog, query, list(seen)))
    files = (
        (sha256, path, identity, hashed)
        for sha256, (_, hashed) in seen.items()
        for path, identity in found[sha256].items()
    )
    with catalog.together():
        others = ((sha256,) for sha256, text in before.items() if text != texts[sha256])
        catalog.many(_REJUDGE_COPY, others)
        catalog.many(_SEE, ((text, sha256) for sha256, text in texts.items()))
        catalog.many("DELETE FROM files WHERE sha256 = ?", ((sha256,) for sha256 in seen))
        catalog.many("INSERT INTO files VALUES (?, ?, ?, ?)", files)


def mark_placeholders(catalog: Catalog, ids: Iterable[int]) -> None:
    """These are the URLs that answer with a stand-in, and no others."""
    now = set(ids)
    before = {row[0] for row in catalog.rows("SELECT id FROM urls WHERE placeholder = 1")}
    for number in now ^ before:
        catalog.many("UPDATE urls SET placeholder = ? WHERE id = ?", [(number in now, number)])
        catalog.many(_REJUDGE, [(number,)])
