"""Many articles in all styles of writing, refreshed by the whole program over TLS.

Each flag must be exactly right and no other byte may change, which the generator knows by itself;
a second run asks nothing and writes nothing.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from imgcache import RefreshOptions, Report, Settings, refresh
from tests.core.articles.strategies import Written, articles
from tests.support import pictures
from tests.support.origin import Origin

FEW, ALL = 250, 1000
HOSTS = ("a.example", "b.example", "example", "e.org")
MISSING = "a.example/1.jpg"


def generated(count: int) -> list[Written]:
    """So many articles, the same in every run."""
    found: list[Written] = []

    @settings(
        max_examples=count * 2,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(written=articles())
    def gather(written: Written) -> None:
        found.append(written)

    gather()
    return found[:count]


def as_bytes(written: Written, wanted: dict[int, bool] | None = None) -> bytes:
    """The article; no authority issues a certificate for its emoji host."""
    return written.data(wanted).replace("\U0001f600.example".encode(), b"b.example")


def wanted_flags(written: Written) -> dict[int, bool]:
    """True for what the origin has: `keep` makes a wrong size no matter here."""
    return {index: MISSING not in url for index, url in enumerate(written.urls)}


async def refreshed(folder: Path, origin: Origin) -> Report:
    settings = Settings.model_validate(
        {
            "cache": {"dir": folder / "cache"},
            "on_mismatch": "keep",
            "fetch": {
                "resolve": [f"*:443:127.0.0.1:{origin.port}"],
                "ca_file": origin.ca_file(folder),
            },
        }
    )
    return await refresh([folder / "articles"], settings, RefreshOptions(diff=True))


@pytest.mark.parametrize("count", [FEW, pytest.param(ALL, marks=pytest.mark.torture)])
async def test_every_flag_is_right_and_no_other_byte_changes(tmp_path: Path, count: int) -> None:
    written = generated(count)
    assert len(written) == count
    (tmp_path / "articles").mkdir()
    paths = []
    for number, one in enumerate(written):
        path = tmp_path / "articles" / f"{number:04}.{'yaml' if one.whole else 'md'}"
        path.write_bytes(as_bytes(one))
        paths.append(path)
    async with Origin(tls=True, hosts=HOSTS) as origin:
        for seed, target in enumerate(("/x", "/%C3%BCn%C3%AF?a=1&b=%2C", "/a-")):
            origin.route(target, body=pictures.jpeg(64, 48, seed=seed))
        origin.route("/1.jpg", status=404)
        report = await refreshed(tmp_path, origin)
        assert list(report.article_errors()) == []
        assert len(origin.requests) == 4
        diffs = {Path(one.article).name: one.diff for one in report.diffs()}
        expected = [as_bytes(one, wanted_flags(one)) for one in written]
        changed = 0
        for path, one, after in zip(paths, written, expected, strict=True):
            before = as_bytes(one)
            assert path.read_bytes() == after, path.name
            changed += after != before
            assert changed_lines(diffs.get(path.name, "")) == difference(before, after)
        assert report.summary.articles_changed == len(diffs) == changed > count // 2
        origin.route("/1.jpg", body=pictures.jpeg(64, 48, seed=9))
        await refreshed(tmp_path, origin)
        asked = len(origin.requests)
        times = mtimes(tmp_path)
        again = await refreshed(tmp_path, origin)
        assert mtimes(tmp_path) == times
        assert (len(origin.requests), again.summary.articles_changed) == (asked, 0)


def mtimes(folder: Path) -> dict[Path, int]:
    """When each article, image, thumbnail and manifest was last written."""
    own = {"index.sqlite3", "index.sqlite3-catalog", "lock", "origin-ca.pem"}
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.*") if path.name not in own}


def changed_lines(diff: str) -> list[str]:
    return [line for line in diff.split("\n")[2:] if line[:1] in {"+", "-"}]


def difference(before: bytes, after: bytes) -> list[str]:
    """As `changed_lines`; a line that gets its end changes, too."""
    old, new = (data.decode("utf-8", "surrogateescape") for data in (before, after))
    parts = re.compile(r"[^\n]*\n|[^\n]+").findall
    lines = list(difflib.unified_diff(parts(old), parts(new), n=0))[2:]
    return [line.removesuffix("\n") for line in lines if line[:1] in {"+", "-"}]
