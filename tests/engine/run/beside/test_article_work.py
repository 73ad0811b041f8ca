"""What helpers do of an article is what the run would do."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest

from imgcache.config import Settings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.fences import NotAnArticle
from imgcache.edge.articles.files import Found
from imgcache.engine.run.articles import LoadedArticle, load
from imgcache.engine.run.beside import article_work
from imgcache.engine.run.beside.article_work import Wanted, look, rewrite
from imgcache.errors import ArticleError

PLAIN = "---\nimages:\n  - {url: 'http://a.test/1.jpg', width: 3, isCached: false}\n---\nText.\n"
SETTINGS = Settings()
TO_TRUE = {0: Change(cached=True)}


def found(folder: Path, text: str, name: str = "a.md") -> Found:
    path = folder / name
    path.write_text(text)
    return Found(str(path), name, named=False, root=folder)


def wanted(folder: Path, text: str, name: str = "a.md") -> Wanted:
    file = found(folder, text, name)
    return Wanted(file, hashlib.sha256(text.encode()).digest(), TO_TRUE)


def test_a_look_tells_what_an_article_declares_and_can_be_passed_on(tmp_path: Path) -> None:
    file = found(tmp_path, PLAIN)
    looked = pickle.loads(pickle.dumps(look(SETTINGS, file)))  # noqa: S301  our own
    assert looked.identity == file.identity()
    assert looked.digest == hashlib.sha256(PLAIN.encode()).digest()
    whole = load(file, SETTINGS)
    assert isinstance(whole, LoadedArticle)
    assert looked.read.entries == whole.entries
    assert looked.read.locations == whole.locations
    assert looked.read.parsed is None


def test_what_is_wrong_with_an_article_can_be_passed_on(tmp_path: Path) -> None:
    broken = "---\nimages:\n  - url: 'http://me:secret@a.test/1.jpg'\n   bad: [\n---\n"
    read = look(SETTINGS, found(tmp_path, broken)).read
    assert isinstance(read, ArticleError)
    passed = pickle.loads(pickle.dumps(read))  # noqa: S301  our own
    assert type(passed) is ArticleError
    told = [(one.message, str(one), one.line, one.column, one.excerpt) for one in (read, passed)]
    assert told[0] == told[1]
    assert "secret" not in str(told)


def test_a_file_that_is_gone_has_no_digest(tmp_path: Path) -> None:
    file = found(tmp_path, PLAIN)
    file.path.unlink()
    looked = look(SETTINGS, file)
    assert (looked.identity, looked.digest) == (None, None)
    assert isinstance(looked.read, ArticleError)


def test_what_is_no_article_is_told_as_such(tmp_path: Path) -> None:
    assert look(SETTINGS, found(tmp_path, "Text.")).read is NotAnArticle.PLAIN


def test_an_article_is_rewritten_as_an_edit_makes_it(tmp_path: Path) -> None:
    made = rewrite(SETTINGS, wanted(tmp_path, PLAIN))
    assert made is not None
    assert made.data == PLAIN.encode()
    assert made.edited.data == PLAIN.replace("false", "true").encode()
    assert made.edited.entries[0].declared.cached is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "+++\nimages = [{url = 'http://a.test/1.jpg', isCached = false}]\n+++\n"),
        ("a.md", PLAIN.replace("images:", "images: &a\n  - *b\nother:")),
        ("a.md", PLAIN.replace("false}", "&no false}\nother: *no")),
        ("a.md", "no article"),
    ],
)  # fmt: skip
def test_what_is_not_as_simple_is_left_to_the_run(tmp_path: Path, name: str, text: str) -> None:
    assert rewrite(SETTINGS, wanted(tmp_path, text, name)) is None


def test_other_bytes_are_left_to_the_run(tmp_path: Path) -> None:
    order = wanted(tmp_path, PLAIN)
    order.found.path.write_text(PLAIN + "More.\n")
    assert rewrite(SETTINGS, order) is None
    order.found.path.unlink()
    assert rewrite(SETTINGS, order) is None


def test_a_long_article_is_left_to_the_run(tmp_path: Path) -> None:
    assert rewrite(SETTINGS, wanted(tmp_path, PLAIN + "x" * article_work._LONGEST)) is None
