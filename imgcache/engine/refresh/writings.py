"""Writings of articles: the story of each is a generator, and files are written for many at once.

A writing yields what it wants: first an edit, if any, which it gets (or None); then each new text
for its file, of which it is told whether the file still held the old one; what the file refuses is
thrown into it. It ends with its result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from imgcache.edge.articles.together import NewText, Outcome, replace_all
from imgcache.engine.run.beside.article_work import Rewritten, Wanted, rewrite

if TYPE_CHECKING:
    from imgcache.engine.run.beside.article_work import ArticleHelpers

R = TypeVar("R")
Writing = Generator[NewText | Wanted, Any, R]

# So many files are written side by side, or so many bytes of them: each is kept in memory, and
# so is what it was taken apart into. Of groups with fewer bytes there are two at a time.
_MOST = 16
_MOST_BYTES = 1 << 19


class Together(Generic[R]):
    """Runs writings in their order; each group of files waits for the disk as one.

    Those that want an edit get it in their order, from helpers if there are any, while others are
    begun, and files of others are written.
    """

    def __init__(
        self, writings: Mapping[int, Writing[R]], helpers: ArticleHelpers | None = None
    ) -> None:
        self._writings = writings
        self._helpers = helpers
        self._results: dict[int, R] = {}
        self._asking: deque[int] = deque()
        self._waiting: dict[int, NewText] = {}
        self._under_way: tuple[Iterable[int], Future[list[Outcome]]] | None = None

    def run(self) -> dict[int, R]:
        """The results, by the writings' numbers."""
        with ThreadPoolExecutor(1, "imgcache-writings") as self._writer:
            for edit in self._edits():
                number = self._asking.popleft()
                self._go_on(number, partial(self._writings[number].send, edit))
                self._settle_many()
            self._settle()
        return self._results

    def _edits(self) -> Iterable[Rewritten | None]:
        if self._helpers is None:
            return (None for _ in self._wanted())
        return self._helpers.map(rewrite, self._wanted())

    def _wanted(self) -> Iterator[Wanted]:
        """Begin each writing; the edits that they want, as they come."""
        for number, writing in self._writings.items():
            wanted = self._go_on(number, writing.__next__)
            if wanted is not None:
                self._asking.append(number)
                yield wanted
            self._settle_many()

    def _settle_many(self) -> None:
        """Have files written if there are enough of them."""
        bytes_ = sum(len(text.old) + len(text.new) for text in self._waiting.values())
        if bytes_ >= _MOST_BYTES:
            self._settle()
        elif len(self._waiting) >= _MOST:
            self._write()

    def _settle(self) -> None:
        """Write all files that wait, and those that wait after that."""
        while self._waiting or self._under_way:
            self._write()

    def _write(self) -> None:
        """Begin to write the files that wait; meanwhile those go on that were written before."""
        before, self._under_way = self._under_way, None
        written = () if before is None else zip(before[0], before[1].result(), strict=True)
        if self._waiting:
            group, self._waiting = self._waiting, {}
            texts = list(group.values())
            self._under_way = group, self._writer.submit(replace_all, texts)
        for number, outcome in written:
            writing = self._writings[number]
            tell = writing.send if isinstance(outcome, bool) else writing.throw
            self._go_on(number, partial(tell, outcome))

    def _go_on(self, number: int, tell: Callable[[], NewText | Wanted]) -> Wanted | None:
        """To what a writing wants next, or to its end; returns the edit that it wants."""
        try:
            wanted = tell()
        except StopIteration as end:
            self._results[number] = end.value
            return None
        if isinstance(wanted, Wanted):
            return wanted
        self._waiting[number] = wanted
        return None
