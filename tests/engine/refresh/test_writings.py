from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from imgcache.edge.articles.files import Found
from imgcache.edge.articles.together import NewText
from imgcache.engine.refresh.writings import Together, Writing
from imgcache.engine.run.beside.article_work import Wanted
from imgcache.errors import ArticleError


def story(folder: Path, number: int, reads: int) -> Writing[str]:
    """Writes its file, which is read again as long as it holds something else; then its result."""
    path, old = folder / f"{number}.md", b"not this"
    for _ in range(reads):
        found = Found(str(path), path.name, named=False, root=folder)
        try:
            if (yield NewText(found, old, b"new %d" % number)):
                return f"{number} written"
        except ArticleError as exc:
            return f"{number} {exc.message}"
        old = path.read_bytes()
    return f"{number} given up"


def test_each_writing_goes_on_to_its_end(tmp_path: Path) -> None:
    for number in range(70):
        (tmp_path / f"{number}.md").write_bytes(b"%d" % number)
    (tmp_path / "2.md").chmod(0o444)
    reads = {3: 1, 4: 0}
    writings = {number: story(tmp_path, number, reads.get(number, 2)) for number in range(70)}
    results = Together(writings).run()
    odd = {
        2: "2 is read-only; make it writable",
        3: "3 given up",
        4: "4 given up",
    }
    assert results == {number: odd.get(number, f"{number} written") for number in range(70)}
    for number in {*range(70)} - set(odd):
        assert (tmp_path / f"{number}.md").read_bytes() == b"new %d" % number


def test_large_texts_do_not_wait_for_many_others(tmp_path: Path) -> None:
    """A second text is decided only when the first is written: both at once take too much."""
    began: list[int] = []

    def large(number: int) -> Writing[bool]:
        began.append(number)
        path = tmp_path / f"{number}.md"
        path.write_bytes(b"old")
        found = Found(str(path), path.name, named=False, root=tmp_path)
        done: bool = yield NewText(found, b"old", b"x" * (1 << 20))
        assert began == list(range(number + 1))
        return done

    assert Together({number: large(number) for number in range(3)}).run() == dict.fromkeys(
        range(3), True
    )


def test_edits_are_made_while_others_are_begun(tmp_path: Path) -> None:
    began: list[int] = []

    class Helping:
        """Makes each edit as soon as it is wanted."""

        def map(self, _: object, items: Iterable[Wanted]) -> Iterator[None]:
            for number, wanted in enumerate(items):
                assert wanted.found.shown == f"{number}.md"
                assert began == list(range(number + 1))
                yield None

    def writing(number: int) -> Writing[int]:
        began.append(number)
        name = f"{number}.md"
        yield Wanted(Found(name, name, named=False, root=tmp_path), b"", {})
        return number

    writings = {number: writing(number) for number in range(5)}
    assert Together(writings, cast("Any", Helping())).run() == {
        number: number for number in range(5)
    }
