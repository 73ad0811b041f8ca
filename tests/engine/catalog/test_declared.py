"""What is kept of articles while the catalog is brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.config import Settings
from imgcache.edge.catalog import articles as rows
from imgcache.edge.catalog.database import Catalog
from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.engine.run.articles import search
from imgcache.errors import ArticleError

BROKEN = {
    "no YAML": "---\nimages:\n  - url: 'http://a.test/1.jpg'\n   bad: [\n---\n",
    "nothing within bounds": "---\nimages: " + "[" * 200 + "]" * 200 + "\n---\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_error_keeps_no_text_of_its_article(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.md").write_text(BROKEN[name])
    settings = Settings.model_validate({"cache": {"dir": tmp_path / "cache"}})
    with Catalog() as catalog:
        articles = DeclaredArticles(catalog, settings, search([tmp_path], settings).found)
        articles.update([tmp_path], 0)
    (error,) = articles.odd.values()
    assert isinstance(error, ArticleError)
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


ARTICLES = {
    "plain": "---\nimages:\n  - {url: 'http://a.test/1.jpg', width: 3, isCached: yes}\n---\n",
    "problems": "---\ntitle: x\nimages:\n  - {url: [], width: 3}\n  - {url: /r.jpg}\n---\n",
    "a password": "---\nimages:\n  - {url: 'http://me:secret@a.test/1.jpg', width: 3}\n---\n",
    "no entries": "---\ntitle: none\n---\n",
    "broken": BROKEN["no YAML"],
}


def known(catalog: Catalog, name: bytes) -> list[object]:
    row = rows.find(catalog, name)
    assert row is not None
    same = (row.shown, row.digest, row.kind, [str(one) for one in row.problems], row.notes)
    return [*same, *rows.declared(catalog, row.id)]


@pytest.mark.parametrize("name", ARTICLES)
@pytest.mark.parametrize("changed", [False, True])
def test_a_former_catalog_is_believed_of_the_same_bytes_only(
    tmp_path: Path, name: str, *, changed: bool
) -> None:
    article = tmp_path / "a.md"
    article.write_text(
        "---\nimages: [{url: 'http://b.test/2.png'}]\n---\n" if changed else ARTICLES[name]
    )
    settings = Settings.model_validate(
        {"cache": {"dir": tmp_path / "cache"}, "exclude": ["*me:secret@*"]}
    )
    with Catalog() as former, Catalog() as catalog, Catalog() as afresh:
        for one, before in ((former, None), (catalog, former), (afresh, None)):
            found = search([article], settings).found
            DeclaredArticles(one, settings, found, before).update([article], 0)
            article.write_text(ARTICLES[name])
        (place,) = former.rows("SELECT name FROM articles")[0]
        assert known(catalog, place) == known(afresh, place)
