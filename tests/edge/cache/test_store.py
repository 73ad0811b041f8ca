from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.core.cache.layout import temp_path
from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import identity_of, mark_of, temp_name
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts
from tests.support.facts import image_of, thumbnail_of
from tests.support.publishing import publish_one, temporary_files
from tests.support.tampering import spoil

BODY = b"\xff\xd8 a picture" * 1000
SMALL = b"RIFF a thumbnail"
IMAGE = image_of(BODY, thumbnail_of(SMALL))
THUMBNAIL = IMAGE.thumbnails[0]
SHARD = IMAGE.sha256[:2]
IMAGE_PATH = f"images/{SHARD}/{IMAGE.sha256}.jpg"
THUMBNAIL_PATH = f"thumbs/small/{SHARD}/{IMAGE.sha256}.webp"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    made.prepare()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def settled(store: Store) -> Path:
    path = store.root / temp_path(temp_name())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(BODY)
    return path


def publish(store: Store) -> int:
    return publish_one(store, BODY, IMAGE, {"small": SMALL}).mtime_ns


def test_prepare_makes_the_folders_and_no_gitignore(store: Store) -> None:
    assert sorted(path.name for path in store.root.iterdir()) == ["images", "thumbs", "tmp"]


def test_a_gitignore_names_what_is_of_no_use_in_git(store: Store) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=store.root.parent, check=True)
    publish(store)
    for name in ("index.sqlite3", "index.sqlite3-wal", "lock", "tmp/x.part", "manifest.json"):
        (store.root / name).write_text("x")
    store.ignore_own_files()
    listing = ["git", "ls-files", "--others", "--exclude-standard", "cache"]
    kept = subprocess.run(
        listing, cwd=store.root.parent, check=True, capture_output=True, text=True
    ).stdout.split()
    expected = {".gitignore", "manifest.json", IMAGE_PATH, THUMBNAIL_PATH}
    assert {Path(one).relative_to("cache").as_posix() for one in kept} == expected


def test_a_gitignore_that_is_there_is_not_touched(store: Store, outside: Path) -> None:
    path = store.root / ".gitignore"
    path.write_text("*\n")
    store.ignore_own_files()
    assert path.read_text() == "*\n"
    path.unlink()
    path.symlink_to(outside / "stranger")
    store.ignore_own_files()
    assert not (outside / "stranger").exists()


def test_prepare_clears_what_a_crash_left_and_nothing_else(store: Store) -> None:
    ours, sqlite, foreign = temp_name(), f"{temp_name()}-wal", "notes.part"
    (store.root / ".gitignore").write_text("*\n")
    for place in ("tmp", "tmp/0", "tmp/f", "tmp/more"):
        (store.root / place).mkdir(exist_ok=True)
        for name in (ours, sqlite, foreign):
            (store.root / place / name).write_bytes(b"half")
    store.prepare()
    others = [f"tmp/more/{name}" for name in sorted((ours, sqlite, foreign))]
    kept = [".gitignore", "tmp/0/notes.part", "tmp/f/notes.part", *others, "tmp/notes.part"]
    assert files(store.root) == kept


@pytest.mark.skipif(sys.platform != "linux", reason="flags of Linux")
@pytest.mark.skipif(shutil.which("chattr") is None, reason="needs chattr and lsattr")
def test_folders_in_tmp_are_put_far_from_each_other(store: Store) -> None:
    def flags(folder: Path) -> str:
        listing = ["lsattr", "-d", str(folder)]
        shown = subprocess.run(listing, check=False, capture_output=True, text=True)
        return shown.stdout.partition(" ")[0]

    subprocess.run(["chattr", "+T", str(store.root)], check=False, capture_output=True)
    if "T" not in flags(store.root):
        pytest.skip("this file system has no such flag")
    subprocess.run(["chattr", "-T", "+A", str(store.root / "tmp")], check=True)
    store.prepare()
    assert {"T", "A"} <= set(flags(store.root / "tmp"))  # what else was set stays


def test_temporary_files_lie_in_several_folders() -> None:
    folders = {Path(temp_path(temp_name())).parent for _ in range(500)}
    assert len(folders) == 16
    assert {folder.parent.name for folder in folders} == {"tmp"}


def test_publish_puts_the_files_where_the_contract_says(store: Store) -> None:
    mtime_ns = publish(store)
    assert files(store.root) == [IMAGE_PATH, THUMBNAIL_PATH]
    assert (store.root / IMAGE_PATH).read_bytes() == BODY
    assert (store.root / THUMBNAIL_PATH).read_bytes() == SMALL
    assert (store.root / IMAGE_PATH).stat().st_mtime_ns == mtime_ns


def test_a_settled_file_is_moved(store: Store) -> None:
    temp = settled(store)
    publish_one(store, temp, IMAGE, {"small": SMALL})
    assert files(store.root) == [IMAGE_PATH, THUMBNAIL_PATH]


def test_only_new_thumbnails_are_written(store: Store) -> None:
    publish_one(store, BODY, IMAGE, {})
    assert files(store.root) == [IMAGE_PATH]
    publish_one(store, None, IMAGE, {"small": SMALL})
    assert files(store.root) == [IMAGE_PATH, THUMBNAIL_PATH]
    publish_one(store, None, IMAGE, {"small": b"by another recipe"})
    assert (store.root / THUMBNAIL_PATH).read_bytes() == b"by another recipe"


def test_what_is_published_has_the_mode_that_the_umask_leaves(store: Store) -> None:
    before = os.umask(0o027)
    try:
        publish(store)
    finally:
        os.umask(before)
    assert stat.S_IMODE((store.root / IMAGE_PATH).stat().st_mode) == 0o640


def test_a_sound_file_is_kept(store: Store) -> None:
    first = publish(store)
    inode = (store.root / IMAGE_PATH).stat().st_ino
    temp = settled(store)
    assert publish_one(store, temp, IMAGE, {"small": SMALL}).mtime_ns == first
    assert (store.root / IMAGE_PATH).stat().st_ino == inode


def test_a_damaged_file_of_the_same_size_is_replaced(store: Store) -> None:
    publish(store)
    (store.root / IMAGE_PATH).write_bytes(b"x" * len(BODY))
    publish(store)
    assert (store.root / IMAGE_PATH).read_bytes() == BODY


def test_names_appear_when_their_bytes_are_durable_and_folders_come_last(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    steps: list[tuple[str, bool]] = []

    def fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append((kind, (root / IMAGE_PATH).exists()))
        os.fsync(descriptor)

    store = Store(root, fsync=fsync)
    store.prepare()
    publish(store)
    assert steps == [("file", False)] * 2 + [("folder", True)] * 2
    steps.clear()
    publish(store)  # a kept file may not be durable yet
    assert steps == [("file", True)] * 2 + [("folder", True)] * 2


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_failing_fsync_fails_the_image_once_and_for_all(
    tmp_path: Path, code: int, failing: int
) -> None:
    calls = 0

    def fsync(_descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(code, os.strerror(code))

    store = Store(tmp_path / "cache", fsync=fsync)
    store.prepare()
    with pytest.raises(LocalError, match=rf"(images|thumbs)/.*{os.strerror(code)}; "):
        publish(store)
    assert calls == failing
    assert store.failed_to_publish
    assert temporary_files(store.root) == []
    assert (store.root / IMAGE_PATH).exists() == (failing > 2)


@pytest.mark.skipif(sys.platform != "linux", reason="only there it begins to write")
def test_all_files_are_on_their_way_to_the_disk_before_one_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def advise(*_: int) -> None:
        steps.append("begin")
        raise OSError(errno.EINVAL, "it takes no advice")

    monkeypatch.setattr(os, "posix_fadvise", advise)
    store = Store(tmp_path / "cache", fsync=lambda _: steps.append("wait"))
    store.prepare()
    publish(store)
    assert steps[:4] == ["begin", "begin", "wait", "wait"]


LIMITED = """
import resource, sys
from pathlib import Path
from imgcache.core.cache.layout import temp_path
from imgcache.edge.cache.store import Store
from imgcache.errors import LocalError
from tests.edge.cache.test_store import BODY, IMAGE, SMALL
from tests.support.publishing import publish_one, temporary_files
store = Store(Path(sys.argv[1]))
resource.setrlimit(getattr(resource, sys.argv[2]), (int(sys.argv[3]),) * 2)
try:
    publish_one(store, BODY, IMAGE, {"small": SMALL})
except LocalError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("limit", "value", "remedy"),
    [("RLIMIT_FSIZE", 4096, "ulimit -f"), ("RLIMIT_NOFILE", 5, "ulimit -n")],
)
def test_what_the_machine_refuses_is_a_local_error_and_leaves_nothing(
    store: Store, limit: str, value: int, remedy: str
) -> None:
    command = [sys.executable, "-c", LIMITED, str(store.root), limit, str(value)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert remedy in ended.stdout
    assert files(store.root) == []


@pytest.mark.parametrize("planted", ["images", f"images/{SHARD}", "tmp", "thumbs/small"])
def test_a_linked_folder_leads_nowhere(store: Store, outside: Path, planted: str) -> None:
    link = store.root / planted
    if link.is_dir():
        link.rmdir()
    link.symlink_to(outside)
    with pytest.raises(LocalError, match="remove it"):
        publish(store)
    assert files(outside) == []
    assert not (store.root / IMAGE_PATH).exists()


def test_what_stands_where_a_folder_of_tmp_belongs_is_named_and_left_alone(
    store: Store, outside: Path
) -> None:
    stray = outside / temp_name()
    stray.write_bytes(b"precious")
    (store.root / "tmp/a").symlink_to(outside)
    with pytest.raises(LocalError, match=r"^tmp/a in the cache folder: .*remove it"):
        store.prepare()
    assert stray.read_bytes() == b"precious"


def test_a_linked_file_is_replaced_and_its_target_left_alone(store: Store, outside: Path) -> None:
    target = outside / "target"
    target.write_bytes(b"precious")
    for path in (IMAGE_PATH, THUMBNAIL_PATH):
        (store.root / path).parent.mkdir(parents=True)
        (store.root / path).symlink_to(target)
    publish(store)
    assert target.read_bytes() == b"precious"
    assert not (store.root / IMAGE_PATH).is_symlink()
    assert not (store.root / THUMBNAIL_PATH).is_symlink()


def test_a_pipe_where_a_file_belongs_holds_nobody_up(store: Store) -> None:
    (store.root / IMAGE_PATH).parent.mkdir()
    os.mkfifo(store.root / IMAGE_PATH)
    assert store.sound_image(IMAGE) is None
    assert store.hashed_image(IMAGE) is None
    publish(store)
    assert (store.root / IMAGE_PATH).read_bytes() == BODY


def test_a_folder_where_a_file_belongs_is_told(store: Store) -> None:
    (store.root / IMAGE_PATH).mkdir(parents=True)
    with pytest.raises(LocalError, match=f"{IMAGE_PATH}.*a folder stands"):
        publish(store)
    assert files(store.root) == []


def test_the_cache_folder_itself_may_be_a_link(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "cache").symlink_to(outside)
    store = Store(tmp_path / "cache")
    store.prepare()
    publish(store)
    assert files(outside) == [IMAGE_PATH, THUMBNAIL_PATH]


def mark(store: Store) -> str:
    return mark_of(identity_of((store.root / IMAGE_PATH).stat()))


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_is_published_is_recorded_with_the_identity_that_it_has_in_its_place(
    store: Store, is_settled: bool
) -> None:
    """The rename has changed its ctime."""
    temp = settled(store)
    image = publish_one(store, temp if is_settled else BODY, IMAGE, {"small": SMALL})
    assert image.hashed == mark(store)


def test_a_kept_file_is_recorded_as_it_was_hashed(store: Store) -> None:
    publish(store)
    (store.root / IMAGE_PATH).chmod(0o600)
    assert publish_one(store, BODY, IMAGE, {"small": SMALL}).hashed == mark(store)


def test_an_unchanged_file_is_sound(store: Store) -> None:
    image = published(store)
    assert store.sound_image(image) is image
    assert store.hashed_image(image) == image


def test_a_touched_file_is_sound_under_its_new_mtime_and_identity(store: Store) -> None:
    image = published(store)
    os.utime(store.root / IMAGE_PATH, ns=(7, 7))
    assert store.sound_image(image) == replace(image, mtime_ns=7, hashed=mark(store))


@pytest.mark.parametrize("hashed", [None, "1:2:3"])
def test_a_file_that_is_not_read_is_not_said_to_be_hashed(store: Store, hashed: str | None) -> None:
    image = replace(published(store), hashed=hashed)
    assert store.sound_image(image) is image
    assert store.hashed_image(image) == replace(image, hashed=mark(store))


def test_bytes_changed_at_equal_length_and_mtime_are_seen_by_who_reads_them(store: Store) -> None:
    image = published(store)
    spoil(store.root / IMAGE_PATH)
    assert store.sound_image(image) is image
    assert store.hashed_image(image) is None


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"!", b"x" * len(BODY)])
def test_a_changed_file_is_not_sound(store: Store, body: bytes) -> None:
    image = published(store)
    (store.root / IMAGE_PATH).write_bytes(body)
    os.utime(store.root / IMAGE_PATH, ns=(7, 7))
    assert store.sound_image(image) is None


def test_another_size_is_not_sound_whatever_the_mtime(store: Store) -> None:
    image = published(store)
    (store.root / IMAGE_PATH).write_bytes(BODY[:-1])
    os.utime(store.root / IMAGE_PATH, ns=(image.mtime_ns, image.mtime_ns))
    assert store.sound_image(image) is None


def test_what_is_missing_or_no_file_is_not_sound(store: Store, outside: Path) -> None:
    assert store.sound_image(IMAGE) is None
    assert store.thumbnail_bytes(IMAGE.sha256, THUMBNAIL) is None
    (outside / "image").write_bytes(BODY)
    (store.root / IMAGE_PATH).parent.mkdir()
    (store.root / IMAGE_PATH).symlink_to(outside / "image")
    assert store.sound_image(IMAGE) is None
    (store.root / "images" / SHARD / f"{IMAGE.sha256}.jpg").unlink()
    (store.root / "images" / SHARD).rmdir()
    (store.root / "images" / SHARD).write_bytes(b"")
    assert store.sound_image(IMAGE) is None


def test_a_thumbnail_tells_its_length(store: Store) -> None:
    publish(store)
    assert store.thumbnail_bytes(IMAGE.sha256, THUMBNAIL) == len(SMALL)


def published(store: Store) -> ImageFacts:
    return publish_one(store, BODY, IMAGE, {"small": SMALL})


def test_what_is_published_is_recorded_with_digest_and_mtime(store: Store) -> None:
    (thumbnail,) = published(store).thumbnails
    mtime_ns = (store.root / THUMBNAIL_PATH).stat().st_mtime_ns
    digest = hashlib.sha256(SMALL).hexdigest()
    assert thumbnail == replace(THUMBNAIL, digest=digest, mtime_ns=mtime_ns)
    assert publish_one(store, None, IMAGE, {"small": SMALL}).thumbnails == (thumbnail,)
    known = replace(IMAGE, thumbnails=(thumbnail,))
    assert publish_one(store, BODY, known, {}).thumbnails == (thumbnail,)


def test_an_unchanged_or_touched_thumbnail_is_sound(store: Store) -> None:
    image = published(store)
    assert store.sound_thumbnails(image) == image.thumbnails
    os.utime(store.root / THUMBNAIL_PATH, ns=(7, 7))
    assert store.sound_thumbnails(image) == (replace(image.thumbnails[0], mtime_ns=7),)


@pytest.mark.parametrize("data", [b"", SMALL[:-1], b"x" * len(SMALL)])
def test_a_changed_thumbnail_is_not_sound(store: Store, data: bytes) -> None:
    image = published(store)
    (store.root / THUMBNAIL_PATH).write_bytes(data)
    os.utime(store.root / THUMBNAIL_PATH, ns=(7, 7))
    assert store.sound_thumbnails(image) == ()


def test_a_thumbnail_of_unknown_digest_is_not_sound(store: Store) -> None:
    published(store)
    assert store.sound_thumbnails(IMAGE) == ()


def test_remove_takes_an_image_with_its_thumbnails_and_may_come_twice(store: Store) -> None:
    publish(store)
    store.remove(IMAGE)
    assert files(store.root) == []
    store.remove(IMAGE)


def test_remove_does_not_follow_a_linked_folder(store: Store, outside: Path) -> None:
    (outside / f"{IMAGE.sha256}.jpg").write_bytes(b"precious")
    (store.root / "images" / SHARD).symlink_to(outside)
    with pytest.raises(LocalError, match="remove it"):
        store.remove(IMAGE)
    assert files(outside) == [f"{IMAGE.sha256}.jpg"]


def test_the_manifest_is_written_only_when_it_changes(store: Store) -> None:
    assert not store.has("manifest.json")
    assert store.read_manifest() == b""
    assert store.write_manifest(["{", "}\n"])
    written = (store.root / "manifest.json").stat()
    assert not store.write_manifest(["{}", "\n"])
    after = (store.root / "manifest.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert store.has("manifest.json")
    assert store.write_manifest(["{ }\n"])
    assert store.read_manifest() == b"{ }\n"
    assert files(store.root) == ["manifest.json"]


@pytest.mark.parametrize("differs_at", [0, (1 << 20) + 5, (3 << 20) - 1])
def test_a_large_manifest_is_compared_to_its_last_byte(store: Store, differs_at: int) -> None:
    lines = ["x" * 1024] * (3 << 10)
    assert store.write_manifest(lines)
    assert not store.write_manifest(lines)
    changed = "".join(lines)
    changed = f"{changed[:differs_at]}y{changed[differs_at + 1 :]}"
    assert store.write_manifest([changed])
    assert store.read_manifest() == changed.encode()


def test_a_manifest_whose_fsync_fails_leaves_the_old_one(store: Store) -> None:
    store.write_manifest(["old"])

    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(LocalError, match=r"manifest\.json in the cache folder: Input/output"):
        Store(store.root, fsync=fsync).write_manifest(["new"])
    assert store.read_manifest() == b"old"
    assert files(store.root) == ["manifest.json"]


def test_a_linked_manifest_is_replaced_and_its_target_left_alone(
    store: Store, outside: Path
) -> None:
    (outside / "target").write_bytes(b"precious")
    (store.root / "manifest.json").symlink_to(outside / "target")
    assert not store.has("manifest.json")
    assert store.write_manifest(["{}"])
    assert (outside / "target").read_bytes() == b"precious"
    assert store.read_manifest() == b"{}"


def test_no_descriptor_stays_open(store: Store) -> None:
    before = open_descriptors()
    (store.root / IMAGE_PATH).mkdir(parents=True)
    with pytest.raises(LocalError):
        publish(store)
    (store.root / IMAGE_PATH).rmdir()
    publish(store)
    publish(store)
    store.write_manifest(["{}"])
    store.write_manifest(["{}"])
    store.remove(IMAGE)
    assert open_descriptors() == before
