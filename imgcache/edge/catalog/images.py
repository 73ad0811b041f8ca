"""Images in the catalog: a row for each picture that entries name, made of those entries.

Only pages ask for them (image_queries.py). They are kept with the rest, so that no page waits for
them: who keeps a catalog or draws pages makes those anew whose entries or URL have changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from imgcache.edge.catalog.articles import POSITIONS
from imgcache.edge.catalog.database import Catalog
from imgcache.model import Verdict

_WELL = f"(severity = 2 AND verdict = '{Verdict.OK.value}')"
# 0 error, 1 warning, 2 ignored, 3 well.
_HEALTH = f"severity + {_WELL}"
_MAKE = f"""
    INSERT INTO images
    SELECT image,
           (SELECT id FROM entries w INDEXED BY entries_by_image WHERE w.image = e.image
            ORDER BY severity, verdict = '{Verdict.OK.value}', id LIMIT 1),
           min({_HEALTH}),
           coalesce(group_concat(DISTINCT CASE WHEN NOT {_WELL} THEN verdict END),
                    '{Verdict.OK.value}'),
           NULL, min(host), 0, count(*), count(DISTINCT id / {POSITIONS}), NULL
    FROM entries e INDEXED BY entries_by_image WHERE image IS NOT NULL {{0}} GROUP BY image"""
_TELL_RULES = """
    UPDATE images SET rules = (
        SELECT json_group_array(DISTINCT json_extract(rule.value, '$[0]'))
        FROM entries e, json_each(e.judged, '$[9]') rule
        WHERE e.image = images.id AND e.broken IS NOT NULL)
    WHERE id IN (SELECT image FROM entries INDEXED BY entries_broken
                 WHERE broken IS NOT NULL) {0}"""
_TELL_URLS = """
    UPDATE images SET since = u.failing_since, copy = c.seen IS NOT NULL
    FROM urls u LEFT JOIN copies c ON c.sha256 = u.copy
    WHERE images.id = 2 * u.id AND images.id >= 0 {0}"""
_MADE = "images"
_IS_WATCHED = "SELECT EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE name = 'due_images')"
_IS_JUDGED = """
    SELECT NOT EXISTS (SELECT 1 FROM entries WHERE judged IS NULL AND excluded = 0)"""
_DUE = "CREATE TEMP TABLE due_images (image INTEGER PRIMARY KEY)"
# Not INSERT OR IGNORE: see said.py.
_TRIGGER = """
    CREATE TEMP TRIGGER image_{name}_{event} AFTER {event} ON {name}
    WHEN {image} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM due_images WHERE image = {image})
    BEGIN INSERT INTO due_images VALUES ({image}); END"""


def watch(catalog: Catalog) -> None:
    """Begin to note which images are due, where there are rows; without any, all are."""
    if catalog.about(_MADE):
        for statement in (_DUE, *_triggers()):
            catalog.temporary(statement)


def _triggers() -> Iterator[str]:
    for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")):
        yield _TRIGGER.format(name="entries", event=event, image=f"{row}.image")
    for event in ("INSERT", "UPDATE"):
        yield _TRIGGER.format(name="urls", event=event, image="new.id * 2")


def renew(catalog: Catalog) -> None:
    """Make the rows anew that are due since `watch` began or this was last called."""
    if not catalog.value(_IS_WATCHED):
        make(catalog)
        watch(catalog)
        return
    if not catalog.value("SELECT EXISTS (SELECT 1 FROM due_images)"):
        return
    due = "IN (SELECT image FROM due_images)"
    with catalog.writing() as connection:
        connection.execute(f"DELETE FROM images WHERE id {due}")
        connection.execute(_MAKE.format(f"AND image {due}"))
        for statement in (_TELL_RULES, _TELL_URLS):
            connection.execute(statement.format(f"AND images.id {due}"))
    catalog.temporary("DELETE FROM due_images")


def prepare(catalog: Catalog) -> None:
    """Before a catalog is kept: its rows are right, or known to be none.

    They can't be made while an entry is not judged.
    """
    if catalog.value(_IS_JUDGED):
        renew(catalog)
    else:
        catalog.note(**{_MADE: 0})


def make(catalog: Catalog) -> None:
    """Make all rows, of the entries, all of which are judged."""
    with catalog.writing() as connection:
        connection.execute("DELETE FROM images")
        for statement in (_MAKE, _TELL_RULES, _TELL_URLS):
            connection.execute(statement.format(""))
    catalog.note(**{_MADE: 1})
