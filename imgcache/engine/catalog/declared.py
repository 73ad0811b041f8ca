"""What articles declare, kept in the catalog: a file that has not changed costs a `stat`.

Git's rules hold: a file is unchanged when its identity (device, inode, size, times) is the
recorded one; else its hash decides. The identity of a file that was changed about when it was
read is not recorded, because the next change might leave it as it is ("racy git").
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from imgcache.config import Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.catalog import articles as rows
from imgcache.edge.catalog.articles import ArticleRow
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.noting import articles as noting
from imgcache.edge.safe_fs import Identity, is_older, text_of
from imgcache.edge.stopping import StoppedError, steps
from imgcache.engine.catalog.readings import ARTICLE, REASONS, UNREAD, declared, loaded, told
from imgcache.engine.run.articles import LoadedArticle, Names, ReadArticle
from imgcache.engine.run.beside.article_work import Looked, look, understood
from imgcache.errors import ArticleError, UnreadableError
from imgcache.model import Notes

if TYPE_CHECKING:
    from imgcache.engine.run.beside.article_work import ArticleHelpers

# After so many files it is told how far the reading is.
_TELL = 256
# After so many it is heard whether to stop: a file of the largest takes a tenth of a second.
_HEARING = 16

# An article's number in the run, and what it declares.
Taken = Callable[[int, LoadedArticle], None]


class _CrowdedError(Exception):
    """Between two articles so many have come that there is no id for one more."""


class DeclaredArticles:
    """The articles of a run, in the order of a report; `ids` are theirs in the catalog.

    `whole`: the catalog has no other articles. `cut_short`: the reading was told to stop.
    `passed_over`: the names of files that were found and are no articles, by reason.
    `local_fault`: a file could not be read now, which may pass. `odd`: by their numbers the files
    that are no article, broken (why), or have problems (which). `new`: the ids of those that were
    taken apart in this run. `found_by`: the numbers of the places that find an image in any of
    them; `strays`: where strings stand amid mappings and are none. `former`: a catalog of the same
    settings that knows more articles than these.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        found: Sequence[Found],
        former: Catalog | None = None,
        helpers: ArticleHelpers | None = None,
    ) -> None:
        self.found = found
        self.whole = False
        self.cut_short = False
        self._catalog = catalog
        self._former = former
        self._helpers = helpers
        self._settings = settings
        self._names = Names(settings)
        self._taken: Taken | None = None
        self._begin()

    def _begin(self) -> None:
        self.ids = array("q")
        self.articles = 0
        self.local_fault = False
        self.passed_over: dict[NotAnArticle, list[str]] = {}
        self.odd: dict[int, NotAnArticle | ArticleError | tuple[ArticleError, ...]] = {}
        self.new: list[int] = []
        self.found_by: set[int] = set()
        self.strays: list[str] = []
        self.templated = 0
        self._looks: list[str | None] = []

    def update(
        self,
        roots: Sequence[Path],
        now: int,
        tell: Callable[[int, int], None] | None = None,
        taken: Taken | None = None,
    ) -> None:
        """Bring the catalog up to date with the files; `now` (ns) is the file system's clock.

        `tell` hears now and then how many files of how many are read. What lies below `roots` and
        was not found is forgotten. `taken` hears, in a thread, of each article that is taken apart.
        When it is told to stop, what was read by then is noted. Raises LocalError.
        """
        self.cut_short = False
        self._taken = taken
        with self._catalog.together():
            try:
                self._read_all(now, tell)
                self._forget_vanished(roots)
            except StoppedError:
                self.cut_short, self.whole = True, False
                return
        total = self._catalog.value("SELECT count(*) FROM articles")
        self.whole = total == len(self.ids)

    def _read_all(self, now: int, tell: Callable[[int, int], None] | None) -> None:
        try:
            self._update_all(now, tell)
        except _CrowdedError:
            self._begin()
            noting.clear(self._catalog)
            try:
                self._update_all(now, tell)
            finally:
                noting.forget_unnamed(self._catalog)

    def _update_all(self, now: int, tell: Callable[[int, int], None] | None) -> None:
        previous, known = 0, rows.Lookahead(self._catalog)
        with closing(self._looked()) as looks:
            for file, looked in steps(zip(self.found, looks, strict=False), _HEARING):
                previous = self._update_one(file, known, previous, now, looked)
                self.ids.append(previous)
                if tell is not None and len(self.ids) % _TELL == 0:
                    tell(len(self.ids), len(self.found))

    def _looked(self) -> Generator[Looked | None]:
        """Each file as a helper sees it; None without helpers, or where articles are known."""
        if self._helpers is None or self._catalog.value("SELECT EXISTS (SELECT 1 FROM articles)"):
            yield from repeat(None)
        else:
            yield from self._helpers.map(look, self.found)

    def read(self, number: int) -> ReadArticle:
        """The file of this number as it is now; read again only where it has changed."""
        file, name = self.found[number], self._name(self.found[number])
        row = rows.find(self._catalog, name)
        assert row is not None  # noqa: S101  `update` has put it there
        return self._recalled(file, row) or self._read_again(file, row)

    def put(self, number: int, read: LoadedArticle, data: bytes) -> None:
        """Note what an article declares by now, because this run has written it."""
        file = self.found[number]
        digest = hashlib.sha256(data).digest()
        known = (self.ids[number], file.shown, None, digest, ARTICLE)
        row = ArticleRow(*known, read.problems, read.notes)
        noting.put(self._catalog, row, self._name(file), declared(read))

    def _update_one(
        self, file: Found, known: rows.Lookahead, previous: int, now: int, looked: Looked | None
    ) -> int:
        """The id of a file, which the catalog knows as it is now."""
        name, there = self._name(file), looked.identity if looked else file.identity()
        self._looks.append(_text(there))
        row = known.find(name)
        trusted = _text(there) if there is not None and is_older(there, now) else None
        if row is not None and row.id > previous and self._is_usable(file, row):
            if row.shown != file.shown:
                noting.show_as(self._catalog, row.id, file.shown)
            if row.identity is not None and row.identity == _text(there):
                return self._count(file, row)
        else:
            row = None
        if looked is not None:
            return self._put(file, name, row, previous, looked.read, looked.digest, trusted)
        return self._look(file, name, row, trusted, previous)

    def _look(
        self, file: Found, name: bytes, row: ArticleRow | None, trusted: str | None, previous: int
    ) -> int:
        """Read a file, and take it apart where it does not hold what it held."""
        try:
            data = files.read(file)
        except ArticleError as exc:
            return self._put(file, name, row, previous, exc, None, None)
        digest = hashlib.sha256(data).digest()
        if row is not None and row.digest == digest:
            if row.identity != trusted:
                rows.recognize(self._catalog, row.id, trusted)
            return self._count(file, row)
        read = self._formerly(file, name, digest) or understood(file, data, self._settings)
        return self._put(file, name, row, previous, read, digest, trusted)

    def _formerly(self, file: Found, name: bytes, digest: bytes) -> LoadedArticle | None:
        """What these very bytes declare, by the former catalog: without a parser's import."""
        if self._former is None:
            return None
        row = rows.find(self._former, name)
        if row is None or (row.kind, row.digest) != (ARTICLE, digest):
            return None
        return loaded(self._former, row, self._names.folder(file))

    def _put(
        self,
        file: Found,
        name: bytes,
        row: ArticleRow | None,
        previous: int,
        read: ReadArticle,
        digest: bytes | None,
        trusted: str | None,
    ) -> int:
        """Note what was found in a file; without `digest` it could not be read."""
        fault = isinstance(read, UnreadableError)
        if digest is None:
            self.local_fault |= fault
            trusted = None
        elif file.named and not (isinstance(read, LoadedArticle) and read.entries):
            digest, trusted = b"", None  # it may be none at all where it is only found
        number = row.id if row is not None else None
        if number is None:
            number = rows.id_after(self._catalog, previous, len(self.found))
        if number is None:
            raise _CrowdedError
        kind, problems = told(read, was_read=digest is not None)
        notes = read.notes if isinstance(read, LoadedArticle) else Notes()
        new = ArticleRow(number, file.shown, trusted, digest or None, kind, problems, notes)
        entries = declared(read)
        noting.put(self._catalog, new, name, entries, local_fault=fault)
        self.new.append(number)
        if self._taken is not None and isinstance(read, LoadedArticle):
            self._taken(len(self.ids), read)
        return self._count(file, new)

    def _count(self, file: Found, row: ArticleRow) -> int:
        """The id of a file; what is odd about it is noted."""
        number, reason = len(self.ids), REASONS.get(row.kind)
        self.found_by.update(row.notes.places)
        self.strays += [f"{file.shown}:{line}" for line in row.notes.strays]
        self.templated += row.notes.templated
        if reason is None:
            self.articles += 1
            if row.problems:
                self.odd[number] = row.problems if row.kind == ARTICLE else row.problems[0]
            return row.id
        self.odd[number] = reason
        if reason is not NotAnArticle.PLAIN:
            self.passed_over.setdefault(reason, []).append(file.shown)
        return row.id

    def is_as_it_was(self, number: int) -> bool:
        """Whether a file looks as it did when `update` looked at it."""
        return _text(self.found[number].identity()) == self._looks[number]

    @staticmethod
    def _is_usable(file: Found, row: ArticleRow) -> bool:
        """Whether what is known of a file holds for one that was named, or was found, as this."""
        return row.kind == ARTICLE or not (file.named or row.kind == UNREAD)

    def _recalled(self, file: Found, row: ArticleRow) -> ReadArticle | None:
        there = file.identity()
        if row.identity is None or there is None or row.identity != _text(there):
            return None
        return self._of_row(file, row)

    def _of_row(self, file: Found, row: ArticleRow) -> ReadArticle:
        if row.kind in REASONS:
            return REASONS[row.kind]
        if row.kind == ARTICLE:
            return loaded(self._catalog, row, self._names.folder(file))
        return row.problems[0]

    def _read_again(self, file: Found, row: ArticleRow) -> ReadArticle:
        try:
            data = files.read(file)
        except ArticleError as exc:
            return exc
        if row.digest is not None and row.digest == hashlib.sha256(data).digest():
            return self._of_row(file, row)
        return understood(file, data, self._settings)

    def forget_others(self) -> None:
        """Forget all articles that are not in the run."""
        self._forget_vanished([Path("/")])
        self.whole = True

    def _forget_vanished(self, roots: Sequence[Path]) -> None:
        """Forget files below the searched folders that are there no more."""
        there = frozenset(self.ids)
        if self._catalog.value("SELECT count(*) FROM articles") == len(there):
            return
        bases = map(files.base, roots)
        folders = tuple(os.path.join(os.path.abspath(root), "") for root in bases)  # noqa: PTH100, PTH118  strings
        query = "SELECT id, name FROM articles"
        gone = [name for number, name in self._catalog.rows(query) if number not in there]
        with self._catalog.together():
            for name in gone:
                if os.path.join(self._names.site, os.fsdecode(name)).startswith(folders):  # noqa: PTH118  as above
                    noting.remove(self._catalog, name)

    def _name(self, file: Found) -> bytes:
        """The path as the catalog has it: from the site, so that a site may be moved."""
        return os.fsencode(self._names.of(file))


def _text(there: Identity | None) -> str | None:
    return None if there is None else text_of(there)
