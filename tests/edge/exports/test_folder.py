"""The folder of an export: never half of one, never somebody else's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from imgcache.edge.exports import folder as export_folder
from imgcache.edge.exports.folder import Difference, ExportFolder
from imgcache.edge.exports.source import CacheFiles
from imgcache.errors import ConfigError, LocalError

A, B = (f"images/{2 * one}/{64 * one}.jpg" for one in "ab")
SMALL = f"thumbs/small/aa/{64 * 'a'}.webp"


class KilledError(Exception):
    """Stands for the end of the process."""


def cache(tmp_path: Path, *paths: str) -> CacheFiles:
    root = tmp_path / "cache"
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return CacheFiles(root)


def update(folder: Path, source: CacheFiles, *paths: str, says: bytes = b"{}") -> Difference:
    one = ExportFolder(folder, source)
    one.sweep()
    found = one.compare(paths, [says])
    if found:
        one.replace(paths, [says])
    return found


def files(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture(params=["exchanged", "renamed"])
def swapped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to take the place of the older folder."""
    if request.param == "renamed":
        monkeypatch.setattr(export_folder, "exchange", lambda *_: False)


@pytest.mark.usefixtures("swapped")
def test_the_folder_becomes_what_is_wanted(tmp_path: Path) -> None:
    source, out = cache(tmp_path, A, B, SMALL), tmp_path / "deep" / "out"
    assert update(out, source, A, SMALL).added == (A, SMALL)
    assert files(out) == [".imgcache-export", A, "manifest.json", SMALL]
    found = update(out, source, B, says=b"[]")
    assert (found.added, found.removed, found.manifest) == ((B,), (A, SMALL), True)
    assert files(out) == [".imgcache-export", B, "manifest.json"]
    assert (out / "manifest.json").read_bytes() == b"[]"
    assert names(out.parent) == ["out"]
    assert not update(out, source, B, says=b"[]")


def test_an_empty_folder_is_taken_and_a_link_stays_one(tmp_path: Path) -> None:
    source, real = cache(tmp_path, A), tmp_path / "real"
    real.mkdir()
    (tmp_path / "out").symlink_to(real)
    update(tmp_path / "out", source, A)
    update(tmp_path / "out", source)
    assert (tmp_path / "out").is_symlink()
    assert files(real) == [".imgcache-export", "manifest.json"]


@pytest.mark.parametrize("name", ["CNAME", "images/aa/mine.jpg", "manifest.json"])
def test_a_foreign_folder_is_refused(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ConfigError, match="no export has made this folder"):
        update(tmp_path / "out", cache(tmp_path))
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("kind", ["file", "link", "linked folder"])
def test_a_foreign_file_in_an_own_folder_is_refused(tmp_path: Path, kind: str) -> None:
    source, out = cache(tmp_path, A), tmp_path / "out"
    update(out, source, A)
    if kind == "file":
        (out / "images" / "CNAME").write_text("mine")
    else:
        (out / "images" / "CNAME").symlink_to(tmp_path if kind == "linked folder" else "/etc/hosts")
    with pytest.raises(ConfigError, match=r"images/CNAME there is of no export; move it"):
        update(out, source)
    assert files(out / "images")


def test_a_changed_file_is_put_there_anew(tmp_path: Path) -> None:
    source, out = cache(tmp_path, SMALL), tmp_path / "out"
    update(out, source, SMALL)
    (tmp_path / "new").write_text("made by another recipe")
    (tmp_path / "new").replace(tmp_path / "cache" / SMALL)
    assert update(out, source, SMALL).added == (SMALL,)
    assert (out / SMALL).read_text() == "made by another recipe"


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link_to_the_same(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere.json"
    elsewhere.write_bytes(b"{}")
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("put", [_link_to_the_same, _pipe])
def test_what_is_no_file_is_no_manifest(tmp_path: Path, put: Callable[[Path], None]) -> None:
    source, out = cache(tmp_path, A), tmp_path / "out"
    update(out, source, A)
    (out / "manifest.json").unlink()
    put(out / "manifest.json")
    assert update(out, source, A).manifest
    assert not (out / "manifest.json").is_symlink()
    assert (out / "manifest.json").read_bytes() == b"{}"


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)


@pytest.mark.usefixtures("no_links")
def test_where_no_link_can_be_made_copies_are(tmp_path: Path) -> None:
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)
    assert source.copied == 1
    assert not (out / A).samefile(tmp_path / "cache" / A)
    assert (out / A).read_text() == A
    assert not update(out, source, A)
    update(out, source, A, B)
    assert files(out) == [".imgcache-export", A, B, "manifest.json"]


def stop(*_: object) -> None:
    raise KilledError


# What a kill may come before, each in turn.
MOMENTS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a file is put there": lambda patch: patch.setattr(CacheFiles, "put", stop),
    "the swap": lambda patch: patch.setattr(ExportFolder, "_swap", stop),
    "the older one goes": lambda patch: patch.setattr(shutil, "rmtree", stop),
}


@pytest.mark.usefixtures("swapped")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_leaves_a_whole_folder_and_the_next_one_sweeps(
    tmp_path: Path, moment: str
) -> None:
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)
    with pytest.MonkeyPatch.context() as patch:
        MOMENTS[moment](patch)
        # Nothing is tidied up by a process that is gone.
        patch.setattr(shutil, "rmtree", stop)
        with pytest.raises(KilledError):
            update(out, source, B)
    held = files(out)
    assert held in ([".imgcache-export", one, "manifest.json"] for one in (A, B))
    update(out, source, B)
    assert files(out) == [".imgcache-export", B, "manifest.json"]
    assert names(tmp_path) == ["cache", "out"]


def test_a_folder_that_was_put_aside_takes_its_place_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an exchange there is a moment at which a kill leaves no folder of that name."""
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)
    before = (out / A).stat().st_ino
    monkeypatch.setattr(export_folder, "exchange", lambda *_: False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "rmtree", stop)
        rename = Path.rename

        def killed(one: Path, target: Path) -> Path:
            if one.suffix == ".new":
                raise KilledError
            return rename(one, target)

        patch.setattr(Path, "rename", killed)
        with pytest.raises(KilledError):
            update(out, source, B)
    assert not out.exists()
    again = ExportFolder(out, source)
    again.sweep()
    assert (out / A).stat().st_ino == before
    assert not again.compare([A], [b"{}"])
    assert names(tmp_path) == ["cache", "out"]


@pytest.mark.usefixtures("swapped")
@pytest.mark.parametrize("name", ["CNAME", "images/CNAME", "mine/deep/a.txt"])
def test_what_somebody_puts_there_meanwhile_survives(tmp_path: Path, name: str) -> None:
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)

    def says() -> Iterator[bytes]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
        yield b"{}"

    ExportFolder(out, source).replace([B], says())
    assert (out / name).read_text() == "mine"
    assert files(out) == sorted([".imgcache-export", B, "manifest.json", name])
    assert names(tmp_path) == ["cache", "out"]
    with pytest.raises(ConfigError, match=f"{name} there is of no export; move it"):
        update(out, source, B)


@pytest.mark.usefixtures("swapped")
def test_what_finds_no_place_in_the_new_folder_is_kept_beside_it(tmp_path: Path) -> None:
    """A file that bears the name of a folder that the new one needs."""
    source, out = cache(tmp_path, A, SMALL), tmp_path / "out"
    update(out, source, A)

    def says() -> Iterator[bytes]:
        (out / "thumbs").write_text("mine")
        yield b"{}"

    with pytest.raises(LocalError, match="out: can't be written"):
        ExportFolder(out, source).replace([A, SMALL], says())
    assert files(out) == [".imgcache-export", A, "manifest.json", SMALL]
    (older,) = (one for one in tmp_path.iterdir() if one.name.startswith(".out"))
    assert (older / "thumbs").read_text() == "mine"


@pytest.mark.usefixtures("swapped")
def test_what_a_killed_run_has_swapped_away_is_put_back(tmp_path: Path) -> None:
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)

    def says() -> Iterator[bytes]:
        (out / "CNAME").write_text("mine")
        yield b"{}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExportFolder, "_drop", stop)
        with pytest.raises(KilledError):
            ExportFolder(out, source).replace([B], says())
    ExportFolder(out, source).sweep()
    assert files(out) == [".imgcache-export", "CNAME", B, "manifest.json"]
    assert names(tmp_path) == ["cache", "out"]


def test_a_failing_run_tells_where_and_leaves_nothing(tmp_path: Path) -> None:
    source, out = cache(tmp_path, A), tmp_path / "out"

    def broken() -> Iterator[bytes]:
        yield b"{"
        raise OSError(28, "No space left on device")

    one = ExportFolder(out, source)
    with pytest.raises(LocalError, match=r"out: can't be written: No space left on device"):
        one.replace([A], broken())
    assert names(tmp_path) == ["cache"]


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    """At every step of a run the folder is one of the two."""
    source, out = cache(tmp_path, A, B), tmp_path / "out"
    update(out, source, A)
    seen: list[list[str]] = []

    def watched(paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            seen.append(files(out))
            yield path
        seen.append(files(out))

    one = ExportFolder(out, source)
    one.replace(watched([B]), [b"{}"])
    assert seen == [[".imgcache-export", A, "manifest.json"]] * 2
