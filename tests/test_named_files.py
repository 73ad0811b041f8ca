"""Files that the user names: only regular ones are read, and what is wrong is told plainly."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from imgcache.config import Settings
from imgcache.edge import baseline_file
from imgcache.edge.http import trust
from imgcache.errors import ConfigError
from imgcache.units import read_named


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_only_a_regular_file_is_read(tmp_path: Path, pipe: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        for path, kind in [
            (pipe, "a pipe"),
            (tmp_path, "a folder"),
            (Path("/dev/zero"), "a device"),
            (tmp_path / "socket", "a socket"),
        ]:
            with pytest.raises(ValueError, match=f"^is {kind}; name a file$"):
                read_named(path)


def test_a_link_to_a_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").symlink_to("a")
    assert read_named(tmp_path / "b") == b"1"


def test_a_file_without_end_is_not_read_to_it(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ValueError, match="larger than 64 MiB"):
        read_named(tmp_path / "a")


def test_a_link_that_leads_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(ValueError, match="its links lead in a circle"):
        read_named(tmp_path / "a")


def test_configuration_baseline_and_certificates_are_files(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[tuple[Callable[[], object], str]] = [
        (lambda: Settings.load(pipe), f"{pipe}: "),
        (lambda: baseline_file.read(pipe), f"--baseline {pipe}: "),
        (lambda: trust.check(pipe), f"fetch.ca_file: {pipe}: "),
    ]
    for read, where in readers:
        with pytest.raises(ConfigError) as caught:
            read()
        assert str(caught.value) == f"{where}is a pipe; name a file"
    monkeypatch.setenv("SSL_CERT_FILE", str(pipe))
    with pytest.raises(ConfigError, match=r"^SSL_CERT_FILE: .*: is a pipe; name a file$"):
        trust.trust(None)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"tolerance = 1\na = 1 2\n", ": line 2, column 7: no TOML: Expected newline or end"),
        (b"tolerance = ", ": line 1: no TOML: Invalid value; fix it there"),
        (b"tolerance = 1\n# \xff\n", ": line 2: is not UTF-8; save the file as UTF-8"),
        (b"a = " + b"[" * 50_000, ": no TOML: it is nested too deeply"),
        (b"tolerance = " + b"9" * 5000, ": no TOML: a number in it is too long"),
    ],
)
def test_a_configuration_that_is_no_toml_is_told_by_its_line(
    tmp_path: Path, data: bytes, told: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        Settings.load(path)
    assert str(caught.value).startswith(f"{path}{told}")


def test_a_mark_before_the_first_line_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbftolerance = 3\n")
    assert Settings.load(tmp_path / "a.toml").tolerance == 3
