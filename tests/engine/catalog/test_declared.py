"""What is kept of articles while the catalog is brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.config import Settings
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
