from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.cache import manifest
from imgcache.edge.index import changes, scans
from imgcache.edge.index.index import Index
from imgcache.edge.index.schema import MIGRATIONS, migrate
from imgcache.errors import LocalError
from imgcache.facts import Earlier, HostPause, ImageFacts, RunFacts, UrlFacts, Validators
from imgcache.model import Failure, Format, Size, Verdict
from tests.support.facts import NOON, batches, image_of, pauses, response, thumbnail_of

URL = "https://cdn.example.org/a.jpg"
SPELLING = "//cdn.example.org/a.jpg#top"
IMAGE = image_of(b"picture", thumbnail_of(b"small"), thumbnail_of(b"larger", "large"))
OTHER = image_of(b"another picture", mtime_ns=5)
ANSWER = replace(response(cache_control="max-age=60"), validators=Validators('"v1"'))
KNOWN = UrlFacts(URL, NOON, IMAGE.sha256, ANSWER)
GONE = Failure(Verdict.GONE, "the server answered 404 Not Found", status=404)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite3"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with Index.open(path) as opened:
        yield opened


def names(path: Path) -> list[str]:
    return sorted(found.name for found in path.parent.iterdir())


# One index for all examples: what an earlier one left must not shine through.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches(), st.lists(pauses, max_size=3, unique_by=lambda pause: pause.host))
def test_all_facts_are_read_as_they_were_recorded(
    index: Index, batch: tuple[list[UrlFacts], list[ImageFacts]], paused: list[HostPause]
) -> None:
    urls, images = batch
    index.resume(index.pauses())
    index.record(urls, images, {facts.url: facts.url for facts in urls}, paused)
    assert index.urls(facts.url for facts in urls) == {facts.url: facts for facts in urls}
    assert index.images(image.sha256 for image in images) == {i.sha256: i for i in images}
    assert index.pauses() == {pause.host: pause for pause in paused}
    assert index.spellings(facts.url for facts in urls) == {f.url: f.url for f in urls}


def test_what_nobody_recorded_is_not_there(index: Index) -> None:
    assert (index.urls([URL]), index.images([IMAGE.sha256]), index.spellings([URL])) == ({}, {}, {})
    assert (index.pauses(), index.orphans(), index.total_bytes()) == ({}, (), 0)


def test_new_facts_replace_what_was_known(index: Index) -> None:
    index.record([KNOWN], [IMAGE], {SPELLING: "https://old.example.org/"})
    smaller = replace(IMAGE, mtime_ns=9, thumbnails=(thumbnail_of(b"remade"),))
    failed = replace(KNOWN, tried_at=NOON + 9, failure=GONE)
    index.record([failed], [smaller], {SPELLING: URL})
    assert index.urls([URL]) == {URL: failed}
    assert index.images([IMAGE.sha256]) == {IMAGE.sha256: smaller}
    assert index.spellings([SPELLING]) == {SPELLING: URL}


@pytest.mark.parametrize("told", [True, False])
def test_a_position_is_kept_and_read_back(index: Index, *, told: bool) -> None:
    image = replace(IMAGE, has_position=told)
    index.record([KNOWN], [image], {SPELLING: URL})
    assert index.images([IMAGE.sha256]) == {IMAGE.sha256: image}
    assert [row.image for row in index.manifest_rows()] == [image]


@pytest.mark.parametrize("told", [True, False])
def test_what_pixels_tell_is_kept_and_read_back(index: Index, *, told: bool) -> None:
    placeholder = "data:image/webp;base64,AAAA"
    image = replace(IMAGE, animated=told, alpha=not told, placeholder=placeholder, dhash="0f" * 8)
    index.record([KNOWN], [image], {SPELLING: URL})
    assert index.images([IMAGE.sha256]) == {IMAGE.sha256: image}
    assert [row.image for row in index.manifest_rows()] == [image]


def test_nothing_is_claimed_of_the_images_of_an_old_index(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:4])
        put = "INSERT INTO images VALUES (?, ?, 3, 2, 9, '#000000', 0, NULL)"
        connection.executemany(put, [("ab", "jpeg"), ("cd", "svg")])
    with Index.open(path) as index:
        known = ImageFacts("ab", Format.JPEG, Size(3, 2), 9, "#000000")
        assert index.images(["ab"]) == {"ab": known}
        assert scans.lacking_after(index, {}) == ["ab"]


def test_a_url_changes_when_a_copy_that_it_had_is_forgotten(index: Index) -> None:
    other = replace(KNOWN, url="https://example.org/", copy=None, response=None)
    index.record([KNOWN, other], [IMAGE, OTHER])
    index.record([replace(KNOWN, earlier=(Earlier(OTHER.sha256, "0" * 16, NOON),))])
    point = changes.last(index)
    assert point is not None
    index.forget([OTHER.sha256])
    assert list(changes.changed_since(index, point)) == [URL]


def test_any_number_of_keys_is_asked_for_at_once(index: Index) -> None:
    urls = [UrlFacts(f"https://example.org/{number}", NOON) for number in range(40_000)]
    index.record(urls)
    assert len(index.urls([*(facts.url for facts in urls), "https://example.org/new"])) == 40_000


def test_a_batch_is_recorded_whole_or_not_at_all(index: Index) -> None:
    index.record([KNOWN], [IMAGE])
    unknown = UrlFacts("https://example.org/", NOON, copy="0" * 64)
    with pytest.raises(LocalError, match=r"index\.sqlite3.*FOREIGN KEY"):
        index.record([replace(KNOWN, failure=GONE), unknown], [OTHER], {SPELLING: URL})
    assert index.urls([URL, unknown.url]) == {URL: KNOWN}
    assert index.images([OTHER.sha256]) == {}
    index.record([replace(KNOWN, failure=GONE)])
    assert index.urls([URL]) == {URL: replace(KNOWN, failure=GONE)}


def test_a_full_disk_is_a_local_error_and_loses_nothing_committed(index: Index) -> None:
    index.record([KNOWN], [IMAGE])
    pages = index._connection.execute("PRAGMA page_count").fetchone()[0]
    index._connection.execute(f"PRAGMA max_page_count = {pages}")
    many = [UrlFacts(f"https://example.org/{number}", NOON) for number in range(5000)]
    with pytest.raises(LocalError, match="disk is full; make room"):
        index.record(many)
    assert index.urls([URL, many[0].url]) == {URL: KNOWN}


WRITER = """
import os, signal, sys
from pathlib import Path
from imgcache.edge.index.index import Index
from tests.edge.index.test_index import IMAGE, KNOWN, SPELLING, URL
index = Index.open(Path(sys.argv[1]))
index.record([KNOWN], [IMAGE], {SPELLING: URL})
index._connection.execute("BEGIN")
index._connection.execute("DELETE FROM urls")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_survives_a_kill_and_what_was_not_is_as_before(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", WRITER, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Index.open_readonly(path) as reader:
        assert reader.urls([URL]) == {URL: KNOWN}
    with Index.open(path) as index:
        assert index.urls([URL]) == {URL: KNOWN}
        assert index.images([IMAGE.sha256]) == {IMAGE.sha256: IMAGE}
    assert names(path) == ["index.sqlite3"]


def test_commits_are_as_durable_as_sqlite_makes_them(index: Index) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    found = [index._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert found == ["wal", 2, 1]


def test_a_closed_index_is_one_file(path: Path) -> None:
    index = Index.open(path)
    index.record([KNOWN], [IMAGE])
    assert "index.sqlite3-wal" in names(path)
    index.close()
    assert names(path) == ["index.sqlite3"]


# The manifest's generation


def test_a_manifest_is_due_until_it_was_written(index: Index) -> None:
    first = index.manifest_due()
    assert first is not None
    index.manifest_written(first)
    assert index.manifest_due() is None


@contextmanager
def written(index: Index) -> Iterator[None]:
    index.record([KNOWN], [IMAGE], {SPELLING: URL})
    due = index.manifest_due()
    assert due is not None
    index.manifest_written(due)
    yield
    assert index.manifest_due() != due


def test_an_answer_that_confirms_the_copy_makes_no_manifest_due(index: Index) -> None:
    with written(index):
        failed = replace(KNOWN, tried_at=NOON + 9, failure=GONE)
        index.record([failed, UrlFacts("https://example.org/", NOON, failure=GONE)])
        index.record([KNOWN], [IMAGE], {SPELLING: URL}, [HostPause("a.example", NOON, GONE)])
        index.resume(["a.example"])
        assert index.manifest_due() is None


def test_a_file_that_was_touched_or_hashed_again_makes_no_manifest_due(index: Index) -> None:
    with written(index):
        hashed = replace(IMAGE, mtime_ns=9, hashed="1:2:3")
        index.record(images=[hashed])
        assert index.images([IMAGE.sha256]) == {IMAGE.sha256: hashed}
        assert index.manifest_due() is None


@pytest.mark.parametrize(
    ("urls", "images", "spellings"),
    [
        ([replace(KNOWN, copy=None)], [], {}),
        ([replace(KNOWN, copy=OTHER.sha256)], [OTHER], {}),
        ([UrlFacts("https://example.org/", NOON, IMAGE.sha256)], [], {}),
        ([], [replace(IMAGE, color="#000000")], {}),
        ([], [replace(IMAGE, thumbnails=IMAGE.thumbnails[:1])], {}),
        ([], [replace(IMAGE, thumbnails=(replace(IMAGE.thumbnails[0], width=9),))], {}),
        ([], [], {"https://cdn.example.org/a.jpg": URL}),
        ([], [], {SPELLING: "https://example.org/"}),
    ],
)
def test_what_changes_the_manifest_makes_it_due(
    index: Index, urls: list[UrlFacts], images: list[ImageFacts], spellings: dict[str, str]
) -> None:
    with written(index):
        index.record(urls, images, spellings)
        assert index.manifest_due() is not None


def test_forgetting_an_image_makes_the_manifest_due(index: Index) -> None:
    with written(index):
        index.forget([IMAGE.sha256])
        assert index.manifest_due() is not None


def test_what_changed_while_the_manifest_was_written_stays_due(index: Index) -> None:
    due = index.manifest_due()
    assert due is not None
    index.record([KNOWN], [IMAGE], {SPELLING: URL})
    index.manifest_written(due)
    assert index.manifest_due() is not None


def test_the_manifest_has_the_spellings_of_all_copies_sorted(index: Index) -> None:
    other = UrlFacts("https://example.org/", NOON, OTHER.sha256)
    gone = UrlFacts("https://example.org/gone", NOON, failure=GONE)
    spelled = {URL: URL, SPELLING: URL, "https://EXAMPLE.org": other.url, "/é": other.url}
    index.record([KNOWN, other, gone], [IMAGE, OTHER], spelled | {gone.url: gone.url})
    images = {URL: IMAGE, SPELLING: IMAGE, "https://EXAMPLE.org": OTHER, "/é": OTHER}
    expected = [manifest.Row(spelling, images[spelling]) for spelling in sorted(images)]
    assert list(index.manifest_rows()) == expected


# Room


def test_total_bytes_counts_images_and_thumbnails(index: Index) -> None:
    index.record(images=[IMAGE, OTHER])
    assert index.total_bytes() == len(b"picturesmalllargeranother picture")


def test_orphans_are_the_images_that_no_url_points_to_oldest_first(index: Index) -> None:
    old, new = replace(OTHER, mtime_ns=1), image_of(b"third", mtime_ns=2)
    index.record([KNOWN], [new, old, IMAGE])
    assert index.orphans() == (old, new)
    index.record([replace(KNOWN, copy=new.sha256)])
    assert {image.sha256 for image in index.orphans()} == {old.sha256, IMAGE.sha256}


def test_a_forgotten_image_leaves_its_urls_without_copy_and_answer(index: Index) -> None:
    index.record([replace(KNOWN, failure=GONE)], [IMAGE, OTHER])
    index.forget([IMAGE.sha256, "0" * 64])
    assert index.urls([URL]) == {URL: UrlFacts(URL, NOON, failure=GONE)}
    assert index.images([IMAGE.sha256, OTHER.sha256]) == {OTHER.sha256: OTHER}
    assert index.total_bytes() == OTHER.bytes


def test_a_host_is_asked_again_after_resume(index: Index) -> None:
    one, other = HostPause("one.example", NOON, GONE), HostPause("other.example", NOON, GONE)
    index.record(pauses=[one, other])
    index.resume(["one.example", "never.example"])
    assert index.pauses() == {"other.example": other}


# Readers


def test_a_reader_leaves_nothing_behind(path: Path) -> None:
    with Index.open(path) as index:
        index.record([KNOWN], [IMAGE])
    before = path.stat()
    with Index.open_readonly(path) as reader:
        assert reader.urls([URL]) == {URL: KNOWN}
        assert names(path) == ["index.sqlite3"]
    assert names(path) == ["index.sqlite3"]
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_reader_beside_the_writer_sees_what_is_committed(index: Index, path: Path) -> None:
    index.record([KNOWN], [IMAGE])
    with Index.open_readonly(path) as reader:
        assert reader.urls([URL]) == {URL: KNOWN}
        index.record([replace(KNOWN, failure=GONE)])
        assert reader.urls([URL]) == {URL: replace(KNOWN, failure=GONE)}


def test_a_reader_can_not_write(path: Path) -> None:
    with Index.open(path) as index:
        index.record([KNOWN], [IMAGE])
    with Index.open_readonly(path) as reader, pytest.raises(LocalError, match="readonly"):
        reader.record([KNOWN], [IMAGE])


def test_an_index_that_is_not_there_reads_as_an_empty_one(path: Path) -> None:
    with Index.open_readonly(path) as reader:
        assert reader.urls([URL]) == {}
        with pytest.raises(LocalError, match="readonly"):
            reader.record([KNOWN], [IMAGE])
    assert names(path) == []


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere; be somebody else where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_reader_needs_no_right_to_write() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Index.open(folder / "index.sqlite3") as index:
            index.record([KNOWN], [IMAGE])
        (folder / "index.sqlite3").chmod(0o444)
        folder.chmod(0o555)
        with unprivileged():
            with pytest.raises(PermissionError):
                (folder / "probe").touch()
            with Index.open_readonly(folder / "index.sqlite3") as reader:
                assert reader.urls([URL]) == {URL: KNOWN}
        folder.chmod(0o755)


# What can't be used


def execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_index_of_a_newer_version_is_left_alone(path: Path) -> None:
    execute(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    for opener in (Index.open, Index.open_readonly):
        with pytest.raises(LocalError, match="newer version 99"):
            opener(path)
    assert path.read_bytes()[100:] == before[100:]  # the header tells of WAL


def test_a_reader_asks_for_a_refresh_of_an_old_index(path: Path) -> None:
    execute(path, "CREATE TABLE something (column_ INTEGER)")
    with pytest.raises(LocalError, match="old version 0: run imgcache refresh"):
        Index.open_readonly(path)


def test_a_linked_index_is_refused_and_its_target_left_alone(path: Path) -> None:
    target = path.with_name("target")
    target.touch()
    path.symlink_to(target)
    with pytest.raises(LocalError, match="no regular file; remove it"):
        Index.open(path)
    assert target.read_bytes() == b""


def test_a_damaged_index_is_a_local_error_for_readers(path: Path) -> None:
    path.write_bytes(b"this is no database " * 1000)
    with pytest.raises(LocalError, match="not a database; run imgcache refresh"):
        Index.open_readonly(path)


def run_at(started: float) -> RunFacts:
    return RunFacts(
        started, 1.5, 9, fresh=4, revalidated=2, downloaded=1, failed=2, requests=7, bytes=8
    )


def test_the_last_hundred_runs_are_remembered_the_last_one_first(index: Index) -> None:
    for number in range(103):
        index.record_run(run_at(NOON + number))
    assert [run.started - NOON for run in index.runs()] == list(range(102, 2, -1))
    assert index.runs()[0] == run_at(NOON + 102)
    assert index.manifest_due() == 0
