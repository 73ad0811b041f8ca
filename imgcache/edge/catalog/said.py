"""What a catalog says to its readers, and whether that has changed since it was last asked.

Triggers note what each changed row said before. So a file that was only touched, or an entry that
is judged again with the same result, makes no new edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgcache.edge.catalog.database import Catalog

_IS_SHOWN = "{0}.kind IN ('article', 'broken', 'unread')"


class _Table(NamedTuple):
    """A table: its key, and what its rows say, each in terms of a row named {0}."""

    name: str
    key: str
    said: str


_TABLES = (
    _Table("entries", "{0}.id", "{0}.judged"),
    _Table(
        "articles",
        "{0}.id",
        f"CASE WHEN {_IS_SHOWN} THEN json_array({{0}}.shown, {{0}}.problems, {{0}}.notes) END",
    ),
    _Table(
        "urls",
        "{0}.href",
        "json_array({0}.asked_at, {0}.answered_at, {0}.failing_since, {0}.failure,"
        " {0}.status, {0}.copy)",
    ),
    _Table("copies", "{0}.sha256", "{0}.seen"),
)
_BEFORE = "CREATE TEMP TABLE before (source, key, said, PRIMARY KEY (source, key)) WITHOUT ROWID"
# Not INSERT OR IGNORE: the OR of the statement that fires a trigger would hold for it, too.
_TRIGGER = """
    CREATE TEMP TRIGGER {name}_{event} AFTER {event} ON {name}
    WHEN NOT EXISTS (SELECT 1 FROM before WHERE source = '{name}' AND key = {key})
    BEGIN INSERT INTO before VALUES ('{name}', {key}, {said}); END"""
_DIFFERS = """
    SELECT EXISTS (SELECT 1 FROM before LEFT JOIN {name} now ON {key} = before.key
                   WHERE source = '{name}' AND before.said IS NOT {said})"""


def watch(catalog: Catalog) -> None:
    """Begin to note what changes."""
    catalog.temporary(_BEFORE)
    for statement in _triggers():
        catalog.temporary(statement)


def _triggers() -> Iterator[str]:
    for table in _TABLES:
        key, said = table.key.format("old"), table.said.format("old")
        for event in ("UPDATE", "DELETE"):
            yield _TRIGGER.format(name=table.name, event=event, key=key, said=said)
        key = table.key.format("new")
        yield _TRIGGER.format(name=table.name, event="INSERT", key=key, said="NULL")


def has_changed(catalog: Catalog) -> bool:
    """Whether the catalog says anything else than when this was last asked, or `watch` began."""
    found = any(
        catalog.value(
            _DIFFERS.format(name=one.name, key=one.key.format("now"), said=one.said.format("now"))
        )
        for one in _TABLES
    )
    catalog.temporary("DELETE FROM before")
    return found
